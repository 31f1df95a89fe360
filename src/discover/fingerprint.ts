import {
  answerOf,
  canonicalAnswer,
  contentHash,
  hash32,
  textOf,
  type Answer,
  type Call,
  type ChatRequest,
} from "../core/index.ts";
import { firstUserLines, maskLine, systemLines, tokensOf } from "./lines.ts";

/** Fewer calls do not make a task: methods say at least 30 members for a new cluster. */
export const MIN_TASK_CALLS = 30;
/** Buckets of the word profile of a group's inputs; collisions do not matter at this size. */
export const PROFILE_BUCKETS = 1024;
/** Words of the newest user message that enter a profile. */
const PROFILE_WORDS = 60;

/** What discovery keeps of a call: numbers and short hashes, not its text. */
export type Fingerprint = {
  readonly callId: string;
  readonly session: string;
  /** Milliseconds since 1970; null when the log does not say. */
  readonly atMs: number | null;
  readonly toolsHash: string | null;
  readonly model: string;
  readonly toolNames: readonly string[];
  readonly formatHash: string | null;
  readonly hasSystem: boolean;
  /** Ids of masked lines: of the system text, or of the first user message where there is none. */
  readonly lines: Int32Array;
  /** Ids of the raw lines, in the same order. */
  readonly rawLines: Int32Array;
  /** Ids of masked lines of the first user message, also with a system text. */
  readonly userLines: Int32Array;
  /** Null for a call without an answer. */
  readonly form: AnswerForm | null;
  readonly profile: Uint16Array;
};

/** The outside of an answer: its type, its fields or tools, and a hash of it. */
export type AnswerForm = {
  readonly type: Answer["type"];
  readonly keys: string;
  readonly hash: number;
  /** `word`: a text of a few words at most, as labels are. */
  readonly look: "sql" | "code" | "prose" | "word" | "data";
};

/** Numbers for texts, given in order of appearance. */
export class Interner {
  readonly #ids = new Map<string, number>();
  readonly #texts: string[] = [];

  id(text: string): number {
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    this.#ids.set(text, this.#texts.length);
    this.#texts.push(text);
    return this.#texts.length - 1;
  }

  text(id: number): string {
    return this.#texts[id];
  }

  get size(): number {
    return this.#texts.length;
  }
}

export type Interners = { readonly masked: Interner; readonly raw: Interner };

/** Hash of the tools offered, by name and parameters, in any order; null without tools. Descriptions may change: they are words to the model. */
export function toolsHashOf({ tools = [] }: ChatRequest): string | null {
  if (tools.length === 0) return null;
  const forms = tools.map((tool) => [tool.function.name, contentHash(tool.function.parameters ?? null)]);
  return contentHash(
    forms.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
    12,
  );
}

export function toolNamesOf(request: ChatRequest): string[] {
  return (request.tools ?? []).map((tool) => tool.function.name).sort();
}

/** Hash of the output schema where response_format has one, else its type; null without. */
export function formatHashOf(request: ChatRequest): string | null {
  const format = request.response_format;
  if (format === undefined || format === null || typeof format !== "object") return null;
  const { type } = format as { type?: unknown };
  return type === "json_schema" ? contentHash(format, 12) : String(type);
}

export function fingerprintOf(call: Call, { masked, raw }: Interners): Fingerprint {
  const toolNames = toolNamesOf(call.request);
  const system = systemLines(call.request);
  const user = firstUserLines(call.request);
  const hasSystem = system.length > 0;
  const lines = hasSystem ? system : user;
  return {
    callId: call.id,
    session: call.session,
    atMs: call.at === null ? null : Date.parse(call.at),
    toolsHash: toolsHashOf(call.request),
    model: call.request.model,
    toolNames,
    formatHash: formatHashOf(call.request),
    hasSystem,
    lines: Int32Array.from(lines, (line) => masked.id(maskLine(line))),
    rawLines: Int32Array.from(lines, (line) => raw.id(line)),
    userLines: Int32Array.from(user, (line) => masked.id(maskLine(line))),
    form: call.response === null || call.status >= 400 ? null : formOf(answerOf(call.response.message)),
    profile: profileOf(call.request),
  };
}

function formOf(answer: Answer): AnswerForm {
  const canonical = canonicalAnswer(answer);
  return { type: answer.type, keys: keysOf(answer), hash: hash32(canonical), look: lookOf(answer) };
}

const MAX_LABEL_WORDS = 5;
const SQL = /^\s*(?:```sql\s*)?(?:select|with|insert into|update|delete from|create table)\b/i;
const CODE =
  /^\s*```|^\s*(?:#include|import |from \w+ import|def |class |function |const |let |var |public |package |<\?php|<!doctype|<html)/im;

function lookOf(answer: Answer): AnswerForm["look"] {
  if (answer.type !== "text") return "data";
  if (SQL.test(answer.text)) return "sql";
  if (CODE.test(answer.text)) return "code";
  return tokensOf(answer.text).length <= MAX_LABEL_WORDS ? "word" : "prose";
}

function keysOf(answer: Answer): string {
  switch (answer.type) {
    case "text":
      return "";
    case "json":
      return answer.value !== null && typeof answer.value === "object" && !Array.isArray(answer.value)
        ? Object.keys(answer.value).sort().join(",")
        : "[]";
    case "tool-calls":
      return answer.calls.map(({ name }) => name).join(",");
  }
}

function profileOf(request: ChatRequest): Uint16Array {
  const message = request.messages.findLast(({ role }) => role === "user");
  const text = message === undefined ? "" : textOf(message).slice(0, 2000).toLowerCase();
  const words = tokensOf(text.replace(/[^\p{L}\p{N}]+/gu, " ")).slice(0, PROFILE_WORDS);
  return Uint16Array.from(words, (word) => hash32(word) % PROFILE_BUCKETS);
}
