import type { Json, TaskForm, Tool } from "../../core/index.ts";
import { arrangerFor, schemaOfExamples, schemaOfTools, type GrammarSource } from "../../engine/index.ts";
import type { AnswerForm } from "./words.ts";

/**
 * What the grammar of a task is made of: the schemas its requests state where all examples keep to them (judged by `fits`), else those that
 * the examples show. Null for free text, and where no grammar fits.
 */
export async function grammarSourceOf(
  values: readonly Json[],
  answerForm: AnswerForm,
  stated: TaskForm | null,
  fits: (source: GrammarSource, values: readonly Json[]) => Promise<boolean>,
): Promise<GrammarSource | null> {
  if (answerForm === "text") return null;
  const sources =
    answerForm === "json" ? schemaSources(values, stated) : toolSources(values, answerForm, stated);
  for (const source of sources) if (await fits(source, values)) return source;
  return null;
}

/** Puts the keys of a value into the order in which its grammar writes them. */
export function arrangerOf(source: GrammarSource | null): (value: Json) => Json {
  if (source === null) return (value) => value;
  if ("schema" in source) return arrangerFor(source.schema);
  return arrangerFor(schemaOfTools(source.tools, source.form === "calls" ? "calls" : "call"));
}

function schemaSources(values: readonly Json[], stated: TaskForm | null): GrammarSource[] {
  const chosen = schemaByChoice(values);
  return [
    // A schema that names no properties leaves the model to invent them.
    ...(namesProperties(stated?.schema ?? null) ? [{ schema: stated?.schema ?? null }] : []),
    ...(chosen === null ? [] : [{ schema: chosen }]),
    { schema: schemaOfExamples(values) },
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

function toolSources(values: readonly Json[], form: CallForm, stated: TaskForm | null): GrammarSource[] {
  // Written by answerText: objects with name and arguments, or lists of them.
  const calls = (form === "calls" ? values.flat() : values) as unknown as readonly Call[];
  const byName = Map.groupBy(calls, ({ name }) => name);
  const shown = [...byName].map(([name, members]) =>
    toolOf(name, schemaOfExamples(members.map((call) => call.arguments))),
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
