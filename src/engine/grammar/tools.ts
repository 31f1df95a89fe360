import type { Json, Tool } from "../../core/index.ts";

/**
 * What an answer with tools may be, as one JSON text per answer: `call`: `{"name":…,"arguments":{…}}`; `calls`: a list of one or more
 * of them; `call-or-text`: one of them, or a text that begins neither with a space nor with `{` or `[`, by which a call is known.
 */
export type ToolForm = "call" | "calls" | "call-or-text";

/** A schema for one call of one of the tools. Each tool's references stay its own: its parameters are moved under `$defs`. */
export function schemaOfTools(tools: readonly Tool[], form: ToolForm): Json {
  const definitions: Record<string, Json> = {};
  const options = tools.map((tool, index): Json => {
    const { name, parameters } = tool.function;
    definitions[String(index)] = moved(parametersOf(parameters), `#/$defs/${index}`);
    return {
      type: "object",
      properties: { name: { const: name }, arguments: { $ref: `#/$defs/${index}` } },
      required: ["name", "arguments"],
    };
  });
  const call: Json = options.length === 1 ? options[0] : { anyOf: options };
  return form === "calls"
    ? { type: "array", items: call, minItems: 1, $defs: definitions }
    : { allOf: [call], $defs: definitions };
}

/** Tools without parameters take an empty object. The value came out of JSON, so it is Json. */
function parametersOf(parameters: unknown): Json {
  const isEmpty = parameters === undefined || parameters === null || Object.keys(parameters).length === 0;
  return isEmpty ? { type: "object", properties: {} } : (parameters as Json);
}

/** The schema with its local references led to where it now stands. Values under enum, const and default are left alone. */
function moved(schema: Json, place: string): Json {
  if (Array.isArray(schema)) return schema.map((item: Json) => moved(item, place));
  if (schema === null || typeof schema !== "object") return schema;
  const entries = Object.entries(schema as { [key: string]: Json }).map(([key, value]): [string, Json] => {
    if (key === "$ref" && typeof value === "string" && value.startsWith("#"))
      return [key, `${place}${value.slice(1)}`];
    return VALUES.has(key) ? [key, value] : [key, moved(value, place)];
  });
  return Object.fromEntries(entries);
}

const VALUES = new Set(["enum", "const", "default", "examples", "example"]);
