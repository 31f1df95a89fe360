import { canonicalJson, type Json, type TaskForm } from "../../core/index.ts";
import { slotKey, type AgentView } from "./agent-view.ts";
import type { PassageSpan } from "./agent-passages.ts";
import { RULES } from "./span-rules.ts";

/** One argument of a tool, as examples and schema show it. Plain data. */
export type Slot = {
  readonly name: string;
  readonly types: readonly ValueType[];
  /** True when no call left it out. */
  readonly isRequired: boolean;
  /** Values given in at least two runs, or named by the schema, with the number of runs. */
  readonly known: readonly (readonly [Json, number])[];
  /** How the text of a span became the value, by rule. */
  readonly rules: readonly string[];
  /** Looks of spans that became values. */
  readonly looks: readonly number[];
  /** Keys of the objects in its lists. */
  readonly keysets: readonly (readonly string[])[];
};

export type ToolSlots = { readonly [tool: string]: readonly Slot[] };

export type ValueType = "string" | "number" | "boolean" | "list" | "object" | "null";

export function typeOf(value: Json): ValueType {
  if (value === null) return "null";
  if (Array.isArray(value)) return "list";
  switch (typeof value) {
    case "string":
      return "string";
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    default:
      return "object";
  }
}

/** One call of an example. Runs: examples that start alike are one run, and one run is one witness. */
export type SeenCall = {
  readonly tool: string;
  readonly args: { readonly [name: string]: Json };
  readonly run: number;
};

/** In how many runs a value was given to a slot, and in which. Not part of the artifact. */
export type Witnesses = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<number>>>;

export function witnessesOf(calls: readonly SeenCall[]): Witnesses {
  const all = new Map<string, Map<string, Set<number>>>();
  for (const { tool, args, run } of calls) {
    for (const [name, value] of Object.entries(args)) {
      const values = all.get(slotKey(tool, name)) ?? new Map<string, Set<number>>();
      all.set(slotKey(tool, name), values);
      const key = canonicalJson(value);
      values.set(key, (values.get(key) ?? new Set<number>()).add(run));
    }
  }
  return all;
}

// A slot with more known values than this is no choice among values.
const MAX_KNOWN = 80;
const MAX_LOOKS = 80;
const MIN_RUNS = 2;
/** Longer known values are prose that happened twice. */
const MAX_KNOWN_LENGTH = 200;

/** The slots of every tool called, and of those only offered as far as their schema tells. */
export function slotsOf(
  calls: readonly SeenCall[],
  {
    witnesses,
    explained,
    form,
  }: Omit<Ground, "tool" | "own" | "schema"> & { readonly form: TaskForm | null },
): ToolSlots {
  const byTool = new Map<string, SeenCall[]>();
  for (const call of calls) byTool.set(call.tool, [...(byTool.get(call.tool) ?? []), call]);
  const tools = new Set([...byTool.keys(), ...(form?.tools ?? []).map(({ name }) => name)]);
  return Object.fromEntries(
    [...tools].sort().map((tool) => {
      const own = byTool.get(tool) ?? [];
      const schema = schemaOf(tool, form);
      const names = new Set([
        ...own.flatMap(({ args }) => Object.keys(args)),
        ...(own.length === 0 ? schema.required : []),
      ]);
      names.delete("__proto__");
      return [
        tool,
        [...names].sort().map((name) => slotOf(name, { tool, own, witnesses, explained, schema })),
      ];
    }),
  );
}

type Schema = {
  readonly properties: { readonly [name: string]: Json };
  readonly required: readonly string[];
};

function schemaOf(tool: string, form: TaskForm | null): Schema {
  const parameters = form?.tools.find(({ name }) => name === tool)?.parameters;
  if (typeof parameters !== "object" || parameters === null || Array.isArray(parameters))
    return { properties: {}, required: [] };
  const { properties, required } = parameters as { readonly [key: string]: Json };
  return {
    properties: isObject(properties) ? properties : {},
    required: Array.isArray(required)
      ? (required as readonly Json[]).filter((name): name is string => typeof name === "string")
      : [],
  };
}

const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

type Ground = {
  readonly tool: string;
  readonly own: readonly SeenCall[];
  readonly witnesses: Witnesses;
  readonly explained: Explained;
  readonly schema: Schema;
};

function slotOf(name: string, { tool, own, witnesses, explained, schema }: Ground): Slot {
  const given = own.filter(({ args }) => Object.hasOwn(args, name));
  const values = given.map(({ args }) => args[name]);
  const stated = statedBy(schema.properties[name]);
  const runs = witnesses.get(slotKey(tool, name)) ?? new Map<string, ReadonlySet<number>>();
  const often = [...runs]
    .filter(([key, seen]) => seen.size >= MIN_RUNS && key.length <= MAX_KNOWN_LENGTH)
    .sort(([a, m], [b, n]) => n.size - m.size || (a < b ? -1 : 1))
    .slice(0, MAX_KNOWN)
    // Keys are canonical JSON.
    .map(([key, seen]): [Json, number] => [JSON.parse(key) as Json, seen.size]);
  const named = stated.values
    .filter((value) => !often.some(([known]) => canonicalJson(known) === canonicalJson(value)))
    .slice(0, MAX_KNOWN)
    .map((value): [Json, number] => [value, runs.get(canonicalJson(value))?.size ?? 0]);
  return {
    name,
    types: [...new Set([...values.map(typeOf), ...(values.length === 0 ? stated.types : [])])].sort(),
    isRequired: own.length > 0 ? given.length === own.length : schema.required.includes(name),
    known: [...often, ...named],
    ...copiedBy(explained.get(slotKey(tool, name)), given.length),
    keysets: keysetsOf(values),
  };
}

/** Values and types a schema names: enum, const, default, both booleans. */
function statedBy(property: Json | undefined): { values: Json[]; types: ValueType[] } {
  if (!isObject(property)) return { values: [], types: ["string"] };
  const named = Array.isArray(property["enum"]) ? [...(property["enum"] as readonly Json[])] : [];
  for (const key of ["const", "default"]) if (Object.hasOwn(property, key)) named.push(property[key]);
  const type = property["type"];
  if (type === "boolean") named.push(true, false);
  const types: ValueType[] =
    type === "integer" || type === "number"
      ? ["number"]
      : type === "boolean"
        ? ["boolean"]
        : type === "array"
          ? ["list"]
          : ["string"];
  return { values: named, types };
}

const LETTER_RULES = ["verbatim", "lower", "upper", "title", "capital"];

/** By slot: how often each rule made a value of a span, and each look was that of such a span. */
export type Explained = Map<
  string,
  { readonly rules: Map<string, number>; readonly looks: Map<number, number> }
>;

/** Counts by which rules spans of the messages became the arguments of a call, and the looks of these spans. */
export function explainCall(explained: Explained, view: AgentView, call: Omit<SeenCall, "run">): void {
  const count = <K>(map: Map<K, number>, key: K): void => void map.set(key, (map.get(key) ?? 0) + 1);
  for (const [name, value] of Object.entries(call.args)) {
    const key = slotKey(call.tool, name);
    const { rules, looks } = explained.get(key) ?? { rules: new Map(), looks: new Map() };
    explained.set(key, { rules, looks });
    for (const scalar of scalarsIn(value)) {
      const found = explanations(view, scalar);
      // What is copied as it stands needs no other rule.
      const isPlain = found.some(({ rule }) => rule === "verbatim");
      for (const rule of new Set(found.map((one) => one.rule)))
        if (!isPlain || rule === "verbatim" || !LETTER_RULES.includes(rule)) count(rules, rule);
      for (const { rule, look } of found) if (LETTER_RULES.includes(rule)) count(looks, look);
    }
  }
}

const FEW = 20;

function copiedBy(
  explained: ReturnType<Explained["get"]>,
  given: number,
): { rules: string[]; looks: number[] } {
  const least = given >= FEW ? MIN_RUNS : 1;
  const often = <K>(map: Map<K, number> | undefined): K[] =>
    [...(map ?? [])]
      .filter(([, times]) => times >= least)
      .sort(([, a], [, b]) => b - a)
      .map(([key]) => key);
  return {
    rules: often(explained?.rules).sort(),
    looks: often(explained?.looks)
      .slice(0, MAX_LOOKS)
      .sort((a, b) => a - b),
  };
}

/** The value, or the values of a list. */
function scalarsIn(value: Json): (string | number)[] {
  const all = Array.isArray(value) ? (value as readonly Json[]) : [value];
  return all.filter((one): one is string | number => typeof one === "string" || typeof one === "number");
}

function explanations(view: AgentView, value: string | number): { rule: string; look: number }[] {
  const wanted = String(value).toLowerCase();
  const out: { rule: string; look: number }[] = [];
  const letters = ({ text, look }: PassageSpan): void => {
    if (typeof value !== "string" || text.length !== value.length || text.toLowerCase() !== wanted) return;
    for (const rule of LETTER_RULES) if (RULES.get(rule)?.(text) === value) out.push({ rule, look });
  };
  for (const { spans, normals } of view.passages) {
    spans.forEach(letters);
    for (const normal of normals)
      if (normal.value === value) out.push({ rule: normal.rule, look: normal.look });
  }
  return out;
}

const MAX_KEYSETS = 6;

/** Sets of keys of the objects in the lists given, commonest first. */
function keysetsOf(values: readonly Json[]): string[][] {
  const counts = new Map<string, number>();
  for (const value of values) {
    if (!Array.isArray(value) || value.length === 0) continue;
    const keysets = new Set(
      (value as readonly Json[]).map((item) =>
        isObject(item) ? JSON.stringify(Object.keys(item).sort()) : "",
      ),
    );
    if (keysets.size !== 1 || keysets.has("")) continue;
    for (const key of keysets) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, MAX_KEYSETS)
    .map(([key]) => JSON.parse(key) as string[]);
}
