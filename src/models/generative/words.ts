import { HouseError, type Answer, type AnswerCall, type Json, type TaskInput } from "../../core/index.ts";
import type { Tokenizer } from "../../engine/index.ts";

/** The tokens that part a sequence of a base: `begin` prompt `separator` answer `end`. */
export type Marks = {
  readonly begin: readonly number[];
  readonly separator: readonly number[];
  readonly end: number;
  /** Stand before a part of a request that has several; empty where a base has no such tokens. */
  readonly roles: Readonly<Record<"system" | "user" | "assistant" | "tool", readonly number[]>>;
};

/** The marks of a base made here, or of any other with an end token. Throws HouseError `bad-input` where there is none. */
export function marksOf(tokenizer: Tokenizer): Marks {
  const end = tokenizer.eosTokenId;
  if (end === null) {
    throw new HouseError(
      "bad-input",
      "Cannot use this base: its tokenizer_config.json names no end token (eos_token)",
    );
  }
  const own = (name: string, otherwise: string): readonly number[] => {
    const id = tokenizer.idOf(name);
    return id === undefined ? tokenizer.encode(otherwise) : [id];
  };
  return {
    begin:
      tokenizer.leadingIds.length > 0
        ? tokenizer.leadingIds
        : tokenizer.bosTokenId === null
          ? []
          : [tokenizer.bosTokenId],
    separator: own("<sep>", "\n=> "),
    end,
    roles: {
      system: own("<x0>", "\nSystem: "),
      user: own("<x1>", "\nUser: "),
      assistant: own("<x2>", "\nAssistant: "),
      tool: own("<x3>", "\nTool: "),
    },
  };
}

/**
 * The prompt of an input: only what varies is fed, the task's fixed text was learnt. A prompt over the limit keeps its end,
 * where the question of a conversation stands.
 */
export function promptTokens(
  input: TaskInput,
  tokenizer: Tokenizer,
  marks: Marks,
  maxTokens: number,
): number[] {
  const room = maxTokens - marks.begin.length - marks.separator.length;
  const parts = input.parts
    .map(({ role, text }) => ({ role, text: text.trim().slice(-room * MAX_TOKEN_CHARACTERS) }))
    .filter(({ text }) => text !== "");
  const body =
    parts.length === 1
      ? tokenizer.encode(parts[0].text)
      : parts.flatMap(({ role, text }) => [...marks.roles[role], ...tokenizer.encode(text)]);
  return [...marks.begin, ...body.slice(Math.max(0, body.length - room)), ...marks.separator];
}

/** Hardly any token is longer: what lies before this many characters per token would be cut anyway. */
const MAX_TOKEN_CHARACTERS = 16;

/** How the answers of a task are written for the model. */
export type AnswerForm = "text" | "json" | "call" | "calls" | "call-or-text";

/** The form that all answers fit: undefined when they are too unlike. */
export function answerFormOf(answers: readonly Answer[]): AnswerForm | undefined {
  const types = new Set(answers.map(({ type }) => type));
  if (types.size === 1 && types.has("json")) return "json";
  if (types.size === 1 && types.has("text")) return "text";
  const calls = answers.flatMap((answer) => (answer.type === "tool-calls" ? [answer] : []));
  const isSingle = calls.every((answer) => answer.calls.length === 1);
  if (types.size === 1) return isSingle ? "call" : "calls";
  const isPlain = answers.every((answer) => answer.type !== "text" || /^[^\s{[]/.test(answer.text));
  return !types.has("json") && isSingle && isPlain ? "call-or-text" : undefined;
}

/** The text a model is to write for an answer. */
export function answerText(answer: Answer, form: AnswerForm, arrange: (value: Json) => Json): string {
  switch (answer.type) {
    case "text":
      return answer.text;
    case "json":
      return JSON.stringify(arrange(answer.value));
    case "tool-calls": {
      const calls = answer.calls.map(({ name, arguments: values }) => ({ name, arguments: values }));
      return JSON.stringify(arrange(form === "calls" ? calls : calls[0]));
    }
  }
}

/** An answer as JSON: a text, a value, a call or a list of calls. */
export function valueOf(answer: Answer): Json {
  if (answer.type === "text") return answer.text;
  if (answer.type === "json") return answer.value;
  const calls = answer.calls.map(({ name, arguments: values }) => ({ name, arguments: values }));
  return calls.length === 1 ? calls[0] : calls;
}

/** The answer in a text that a model wrote; undefined where it is not one of this form. */
export function answerFrom(text: string, form: AnswerForm): Answer | undefined {
  if (form === "text" || (form === "call-or-text" && !text.startsWith("{"))) return { type: "text", text };
  const value = parsed(text);
  if (value === undefined) return undefined;
  if (form === "json") return { type: "json", value };
  // A grammar wrote it: objects with a name and arguments.
  const calls = (form === "calls" ? value : [value]) as readonly AnswerCall[];
  const areCalls = Array.isArray(calls) && calls.every((call) => typeof call?.name === "string");
  return areCalls
    ? {
        type: "tool-calls",
        calls: calls.map(({ name, arguments: values }) => ({ name, arguments: values })),
        text: "",
      }
    : undefined;
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    // A text cut at its limit is no answer.
    return undefined;
  }
}
