import type { Json } from "./json.ts";

/** The form of a task's answers, guessed from what the model answered. */
export type TaskKind = "label" | "json" | "tool-call" | "sql" | "code" | "text";

/**
 * The fixed parts of one prompt template, by role. A line that is fixed as a whole is in `lines`;
 * a line whose words vary in places is in `patterns`, its words with `null` where they vary.
 */
export type Template = {
  readonly role: "system" | "user";
  readonly lines: readonly string[];
  readonly patterns: readonly (readonly (string | null)[])[];
  /** Most lines beside the fixed ones that any call had; a request with more is novel. Null when it is not limited (user text). */
  readonly maxExtraLines: number | null;
};

/** One way a task is asked: a prompt version with its tools and output form. */
export type Variant = {
  readonly id: string;
  /** Hash of the tools' names and parameters; null without tools. */
  readonly toolsHash: string | null;
  /** Hash of response_format, where it names a schema; else its type; null without. */
  readonly formatHash: string | null;
  readonly templates: readonly Template[];
  /** Models that were asked this way: another model is another teacher. */
  readonly models: readonly string[];
  readonly calls: number;
  /** First and last time seen, ISO 8601; null when the log has no times. */
  readonly firstAt: string | null;
  readonly lastAt: string | null;
};

/** A recurring kind of call. */
export type Task = {
  /** Stable: made from the first variant's fixed parts, kept when the task is found again. */
  readonly id: string;
  readonly name: string;
  readonly kind: TaskKind;
  readonly variants: readonly Variant[];
  readonly calls: number;
  readonly sessions: number;
};

/** One message's variable text, the template's fixed text removed. */
export type InputPart = {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly text: string;
};

/** What varies from call to call of a task: all that a specialist sees. */
export type TaskInput = {
  readonly parts: readonly InputPart[];
  /** Names of the tools offered, sorted. */
  readonly tools: readonly string[];
};

/** A tool as requests offer it. */
export type ToolForm = {
  readonly name: string;
  /** Null when none is given; so are the parameters, a JSON Schema. */
  readonly description: string | null;
  readonly parameters: Json;
};

/** What the requests of a task say about the form of its answers. */
export type TaskForm = {
  /** The JSON Schema of `response_format`; null without. */
  readonly schema: Json;
  /** Sorted by name. */
  readonly tools: readonly ToolForm[];
};

/** What the assignment of a request to a task yields; null for a novel request. */
export type Assignment = {
  readonly taskId: string;
  readonly variantId: string;
  readonly input: TaskInput;
};

/** How the answers of a task are written down, so that a specialist's answer looks like the model's. */
export type AnswerStyle = { readonly json: "compact" | "spaced" | "indented"; readonly fenced: boolean };

export const plainStyle: AnswerStyle = { json: "compact", fenced: false };

/** JSON text in the style of a task. `spaced` is Python's json.dumps: a space after comma and colon. */
export function writeJson(value: Json, style: AnswerStyle): string {
  const text =
    style.json === "indented"
      ? JSON.stringify(value, null, 2)
      : style.json === "spaced"
        ? spaced(value)
        : JSON.stringify(value);
  return style.fenced ? `\`\`\`json\n${text}\n\`\`\`` : text;
}

function spaced(value: Json): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item: Json) => spaced(item)).join(", ")}]`;
  const entries = Object.entries(value as { [key: string]: Json });
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}: ${spaced(inner)}`).join(", ")}}`;
}
