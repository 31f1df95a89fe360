import {
  answerOf,
  seededRandom,
  textOf,
  type Answer,
  type ChatRequest,
  type Message,
  type TaskInput,
  type TrainingExample,
} from "../src/core/index.ts";
import { contentAt, SEED, userInput, type Line, type Split } from "./measure.ts";

// How the lines of the public data sets become examples, and how they are split.

export type Read = (row: Line) => TrainingExample;

/** What varies in these calls is the last message alone. */
export const lastUser: Read = (row) => ({
  input: userInput(contentAt(row.request, -1)),
  answer: answerIn(row),
});

/** The tools offered stand in the system text. */
export const listedTools: Read = (row) => {
  const { input, answer } = lastUser(row);
  const system = contentAt(row.request, 0)
    .split("\n")
    .filter((line) => line.startsWith("- "));
  return {
    input: { ...input, parts: [{ role: "system", text: system.join("\n") }, ...input.parts] },
    answer,
  };
};

/** All turns but the system text, calls written out. */
export const conversation: Read = (row) => ({
  ...conversationOf(row.request, answerIn(row)),
  ...(row.meta?.trace_id === undefined ? {} : { session: row.meta.trace_id }),
});

export function conversationOf(request: ChatRequest | undefined, answer: Answer): TrainingExample {
  const messages = (request?.messages ?? []).filter(({ role }) => role !== "system");
  const parts = messages.map((message) => ({
    // The data has these roles only.
    role: message.role as "user",
    text: [
      textOf(message),
      ...(message.tool_calls ?? []).map((call) => `${call.function.name}(${call.function.arguments})`),
    ]
      .filter((text) => text !== "")
      .join("\n"),
  }));
  const kept: TaskInput["parts"] = parts.filter(({ text }) => text.trim() !== "");
  const tools = (request?.tools ?? []).map((tool) => tool.function.name).sort();
  return { input: { parts: kept, tools }, answer };
}

/** A text with a yes-or-no label. */
export const flagged: Read = ({ text = "", label }) => ({
  input: userInput(text),
  answer: { type: "json", value: { injection: label === 1 } },
});

/** A text, and the text with every personal detail replaced by its type. */
export const redacted: Read = ({ text = "", spans = [] }) => {
  let out = "";
  let at = 0;
  for (const { start, end, type } of [...spans].sort((a, b) => a.start - b.start)) {
    if (start < at) continue;
    out += `${text.slice(at, start)}[${type}]`;
    at = end;
  }
  return { input: userInput(text), answer: { type: "text", text: (out + text.slice(at)).trim() } };
};

/** Every call in a trace: what was said so far, and what the model answered. */
export function callsIn({ request, response }: Line): { request: ChatRequest; message: Message }[] {
  if (request === undefined || response === undefined) return [];
  const messages = [...request.messages, response.message];
  return messages.flatMap((message, at) =>
    message.role === "assistant"
      ? [{ request: { ...request, messages: messages.slice(0, at) }, message }]
      : [],
  );
}

function answerIn(row: Line): Answer {
  return answerOf(row.response?.message ?? { role: "assistant", content: "" });
}

export const isCall = ({ answer }: TrainingExample): boolean => answer.type === "tool-calls";

/** A seeded order; the first so many train, those from `testFrom` on test. */
export function randomSplit(
  examples: number,
  testFrom: number,
  read: Read,
): (rows: readonly Line[]) => Split {
  return (rows) => {
    const shuffled = seededRandom(SEED).shuffle(rows).map(read);
    return { train: shuffled.slice(0, examples), test: shuffled.slice(testFrom) };
  };
}

/** Whole groups (sessions, dialogues, templates) go to one part. */
export function groupSplit<T>(
  items: readonly T[],
  groupOf: (item: T) => string,
  trainShare: number,
): { readonly train: T[]; readonly test: T[] } {
  const groups = seededRandom(SEED).shuffle([...new Set(items.map(groupOf))]);
  const inTrain = new Set(groups.slice(0, Math.floor(groups.length * trainShare)));
  return {
    train: items.filter((item) => inTrain.has(groupOf(item))),
    test: items.filter((item) => !inTrain.has(groupOf(item))),
  };
}
