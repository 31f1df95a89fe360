import type { ChatRequest, Message, Random } from "../../src/core/index.ts";
import { chance, pick } from "./grammar.ts";

/** What befell a call on purpose; null for a plain one. */
export type Noise =
  | "duplicate"
  | "error-429"
  | "error-500"
  | "error-503"
  | "retry"
  | "truncated"
  | "wrong-label"
  | "fenced";

export type Failure = {
  readonly status: number;
  readonly error: { readonly [field: string]: string | null };
};

/** A call before it has a time, an id and its costs. */
export type Draft = {
  readonly task: string;
  /** Which version of the task's prompt was in use. */
  readonly version: number;
  readonly request: ChatRequest;
  readonly answer: Message;
  /** The right label, where the answer is one. */
  readonly truth?: string;
  readonly noise: Noise | null;
  /** Set on an attempt that failed before the provider answered. */
  readonly failure?: Failure;
  /** Milliseconds between the end of the previous call of the session and this one. */
  readonly waitMs: number;
};

/** One kind of session: how many there are, when they happen, and what they are made of. */
export type Plan = {
  readonly name: string;
  readonly sessions: number;
  readonly rhythm: Rhythm;
  readonly make: (at: Date, random: Random) => Draft[];
};

export type Rhythm = "office" | "consumer" | "night" | "flat";

// A real model errs; about one label in a hundred is wrong.
const WRONG_LABEL_SHARE = 0.01;
// Labels stand in the list beside their neighbours, and a slip goes to one of the next few.
const SLIP_REACH = 3;

export const MINI = "gpt-4o-mini-2024-07-18";
export const LARGE = "gpt-4o-2024-08-06";
export const LARGE_MAY = "gpt-4o-2024-05-13";
export const FOUR = "gpt-4-0613";

/** The label the model gives: the right one, or now and then a neighbour in the list. */
export function slip(
  label: string,
  labels: readonly string[],
  random: Random,
): { label: string; noise: Noise | null } {
  if (!chance(WRONG_LABEL_SHARE, random)) return { label, noise: null };
  const step = (1 + random.below(Math.min(SLIP_REACH, labels.length - 1))) * pick([-1, 1], random);
  const index = (labels.indexOf(label) + step + labels.length) % labels.length;
  return { label: labels[index], noise: "wrong-label" };
}

/** JSON as models write it: spaced, and with probability `share` inside a code fence. */
export function jsonText(
  value: unknown,
  share: number,
  random: Random,
): { content: string; noise: Noise | null } {
  const plain = spaced(value);
  if (!chance(share, random)) return { content: plain, noise: null };
  return { content: `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\``, noise: "fenced" };
}

/** One-line JSON with a space after colons and commas. */
export function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(", ")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}: ${spaced(inner)}`);
  return `{${entries.join(", ")}}`;
}

export const says = (content: string): Message => ({ role: "assistant", content });

/** An assistant message that calls one tool. */
export function callsTool(name: string, args: unknown, random: Random): Message {
  const id = `call_${hex(12, random)}`;
  const call = { id, type: "function", function: { name, arguments: JSON.stringify(args) } };
  return { role: "assistant", content: null, tool_calls: [call] };
}

/** A function tool whose parameters are described by `[name, type, description, required]`. */
export function tool(
  name: string,
  description: string,
  parameters: readonly (readonly [string, string, string, boolean])[],
) {
  const properties = Object.fromEntries(
    parameters.map(([key, type, text]) => [key, { type, description: text }]),
  );
  const required = parameters.filter(([, , , needed]) => needed).map(([key]) => key);
  const schema = { type: "object", properties, required, additionalProperties: false };
  return { type: "function", function: { name, description, parameters: schema } };
}

export function hex(digits: number, random: Random): string {
  return Array.from({ length: digits }, () => random.below(16).toString(16)).join("");
}

const DAY_NAMES = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** Such as "Tuesday, 10 March 2026"; the whole log lies in March. */
export const longDate = (at: Date): string => `${DAY_NAMES[at.getUTCDay()]}, ${at.getUTCDate()} March 2026`;

/** True from the given day of March on. */
export const since = (day: number, at: Date): boolean => at.getUTCDate() >= day;
