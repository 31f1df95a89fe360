import type { Json, TaskForm, Tool } from "../../core/index.ts";
import { arrangerFor, schemaOfExamples, schemaOfTools, type GrammarSource } from "../../engine/index.ts";
import type { Listing } from "./copying.ts";
import type { AnswerForm } from "./words.ts";

/**
 * What the grammar of a task is made of: the schemas its requests state where all examples keep to them (judged by `fits`), else those that
 * the examples show. Null for free text, and where no grammar fits.
 */
export async function grammarSourceOf(
  values: readonly Json[],
  answerForm: AnswerForm,
  known: Known,
  fits: (source: GrammarSource, values: readonly Json[]) => Promise<boolean>,
): Promise<GrammarSource | null> {
  if (answerForm === "text") return null;
  const sources =
    answerForm === "json" ? schemaSources(values, known) : toolSources(values, answerForm, known);
  for (const source of sources) if (await fits(source, values)) return source;
  return null;
}

/** Puts the keys of a value into the order in which its grammar writes them. */
export function arrangerOf(source: GrammarSource | null): (value: Json) => Json {
  if (source === null) return (value) => value;
  if ("schema" in source) return arrangerFor(source.schema);
  return arrangerFor(schemaOfTools(source.tools, source.form === "calls" ? "calls" : "call"));
}

/** What is known of a task's answers beside the answers: what requests say of their form, and the paths of values copied from inputs. */
export type Known = { readonly stated: TaskForm | null; readonly copied: readonly string[] };

function schemaSources(values: readonly Json[], { stated, copied }: Known): GrammarSource[] {
  const chosen = schemaByChoice(values);
  return [
    // A schema that names no properties leaves the model to invent them.
    ...(namesProperties(stated?.schema ?? null) ? [{ schema: stated?.schema ?? null }] : []),
    ...(chosen === null ? [] : [{ schema: opened(chosen, copied) }]),
    { schema: opened(schemaOfExamples(values), copied) },
  ];
}

const namesProperties = (schema: Json): boolean => isObject(schema) && isObject(schema.properties ?? null);

type JsonObject = { readonly [key: string]: Json };

const isObject = (value: Json): value is JsonObject =>
  value !== null && typeof value === "object" && !Array.isArray(value);

/** More kinds of answers than this are not kinds. */
const MAX_KINDS = 40;
/** Fewer examples of a kind do not show all that it can hold. */
const MIN_PER_KIND = 20;

/**
 * Where one key says which kind of answer it is (an intent, an action), each kind has its own keys: a schema per kind, so that no answer
 * mixes two. That key is written first. Null where no key tells kinds apart, or some kinds are rare.
 */
function schemaByChoice(values: readonly Json[]): Json | null {
  const objects = values.filter(isObject);
  if (objects.length < values.length || objects.length === 0) return null;
  for (const key of Object.keys(objects[0])) {
    const kinds = Map.groupBy(objects, (object) => object[key]);
    const isChoice = [...kinds.keys()].every((kind) => typeof kind === "string") && kinds.size > 1;
    const isKnown = [...kinds.values()].every((members) => members.length >= MIN_PER_KIND);
    if (!isChoice || kinds.size > MAX_KINDS || !isKnown) continue;
    const options = [...kinds].map(([kind, members]) => {
      const { [key]: _, ...properties } = propertiesOf(members);
      const schema = schemaOfExamples(members) as JsonObject;
      return { ...schema, properties: { [key]: { const: kind }, ...properties } };
    });
    const shapes = new Set(
      options.map(({ properties }) => JSON.stringify(properties).replace(/"const":"[^"]*"/, "")),
    );
    if (shapes.size > 1) return { anyOf: options };
  }
  return null;
}

// schemaOfExamples gives an object schema for objects with a common form; any other has no properties.
const propertiesOf = (members: readonly JsonObject[]): JsonObject =>
  ((schemaOfExamples(members) as JsonObject).properties ?? {}) as JsonObject;

type CallForm = Exclude<AnswerForm, "text" | "json">;
type Call = { readonly name: string; readonly arguments: Json };

function toolSources(values: readonly Json[], form: CallForm, { stated, copied }: Known): GrammarSource[] {
  const prefix = form === "calls" ? "[].arguments" : ".arguments";
  // Written by answerText: objects with name and arguments, or lists of them.
  const calls = (form === "calls" ? values.flat() : values) as unknown as readonly Call[];
  const byName = Map.groupBy(calls, ({ name }) => name);
  const shown = [...byName].map(([name, members]) =>
    toolOf(name, opened(schemaOfExamples(members.map((call) => call.arguments)), copied, prefix)),
  );
  const used = (stated?.tools ?? []).filter(({ name }) => byName.has(name));
  const asked = used.map(({ name, parameters }) => toolOf(name, parameters));
  return [
    ...(asked.length === byName.size && asked.length > 0 ? [{ tools: asked, form }] : []),
    { tools: shown, form },
  ];
}

const toolOf = (name: string, parameters: Json): Tool => ({
  type: "function",
  function: { name, parameters },
});

/**
 * A schema made of examples, opened where values are copied: its closed sets, since an input may hold a value that no example had; and the
 * order of its keys where all of an object's values are copied (a listing), since the input gives a better one.
 */
function opened(schema: Json, copied: readonly string[], path: string = ""): Json {
  if (!isObject(schema)) return schema;
  if (Array.isArray(schema.enum) && copied.includes(path)) return { type: "string" };
  const { properties } = schema;
  if (properties !== undefined && isObject(properties) && isListing(Object.keys(properties), copied, path)) {
    return {
      type: "object",
      propertyNames: { enum: Object.keys(properties) },
      additionalProperties: { type: "string" },
    };
  }
  const entries = Object.entries(schema).map(([keyword, inner]): [string, Json] => {
    if (keyword === "anyOf" && Array.isArray(inner)) {
      return [keyword, inner.map((option: Json) => opened(option, copied, path))];
    }
    if (keyword === "items") return [keyword, opened(inner, copied, `${path}[]`)];
    if (keyword !== "properties" || !isObject(inner)) return [keyword, inner];
    const written = Object.entries(inner).map(([key, value]) => [
      key,
      opened(value, copied, `${path}.${key}`),
    ]);
    return [keyword, Object.fromEntries(written) as Json];
  });
  return Object.fromEntries(entries);
}

const isListing = (keys: readonly string[], copied: readonly string[], path: string): boolean =>
  keys.length > 1 && keys.every((key) => copied.includes(`${path}.${key}`));

/** The listings of a grammar, by their paths; kinds of one place are joined. */
export function listingsOf(source: GrammarSource | null): Listing[] {
  const keys = new Map<string, Set<string>>();
  const walk = (schema: Json, path: string): void => {
    if (!isObject(schema)) return;
    const { anyOf, items, properties, propertyNames } = schema;
    if (propertyNames !== undefined && isObject(propertyNames) && Array.isArray(propertyNames.enum)) {
      const known = keys.get(path) ?? new Set();
      // Made by `opened`: an enum of names.
      for (const name of propertyNames.enum as readonly string[]) known.add(name);
      keys.set(path, known);
    }
    if (Array.isArray(anyOf)) for (const option of anyOf as readonly Json[]) walk(option, path);
    if (items !== undefined) walk(items, `${path}[]`);
    for (const [key, inner] of Object.entries(
      isObject(properties ?? null) ? (properties as JsonObject) : {},
    )) {
      walk(inner, `${path}.${key}`);
    }
  };
  if (source !== null && "schema" in source) walk(source.schema, "");
  if (source !== null && "tools" in source) {
    const prefix = source.form === "calls" ? "[].arguments" : ".arguments";
    for (const tool of source.tools) walk((tool.function.parameters ?? null) as Json, prefix);
  }
  return [...keys].map(([path, names]) => ({ path, keys: [...names] }));
}
