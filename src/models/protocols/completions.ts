import { parseJson, type ContentPart } from "../../core/index.ts";
import type { ParsedRequest, SaidInPath, StepReader } from "../protocol.ts";
import { isFields, nonEmpty, objects, readObject, stringOf, without, wrong, type Fields } from "./fields.ts";
import { foldOf, noCounts } from "./fold-steps.ts";
import { contentOf } from "./parts.ts";
import { fail, laidOver, plainReader, sseReader, usageAtEnd, type SseTaker } from "./reading.ts";
import type { RecordedForm } from "./recorded-form.ts";
import { countsInChat, usageIn } from "./response-steps.ts";
import type { StepQueue } from "./step-queue.ts";

/** OpenAI's legacy Completions, of which recorded exchanges are read: the prompt is what a user says, the text what the model says. */
export const completions: RecordedForm = {
  name: "completions",
  parse: parseCompletionRequest,
  fold: (status, isStream) => foldOf(completionsReader(status, isStream)),
  usageOf: (pieces, isStream) => usageAtEnd(pieces, isStream, "usage", countsInChat),
};

function parseCompletionRequest(body: Uint8Array, path: SaidInPath = {}): ParsedRequest {
  const read = readObject(body);
  if (!read.ok) return read;
  const { prompt } = read.value;
  const model = nonEmpty(read.value["model"]) ?? path.model;
  if (model === undefined) return wrong("model", read.value["model"], "a model name");
  const content = typeof prompt === "string" ? prompt : contentOf(partsOf(prompt));
  const rest = without(read.value, new Set(["prompt"]));
  return { ok: true, request: { ...rest, model, messages: [{ role: "user", content: content ?? "" }] } };
}

// Several prompts, or one in tokens, which stay as they are.
function partsOf(prompt: unknown): readonly ContentPart[] {
  if (!Array.isArray(prompt)) return [];
  const texts = prompt.filter((one) => typeof one === "string");
  return texts.length === prompt.length
    ? texts.map((text) => ({ type: "text", text }))
    : [{ type: "tokens", tokens: prompt }];
}

function completionsReader(status: number, isStream: boolean): StepReader {
  return isStream ? sseReader(chunksTaker) : plainReader(status, readBody);
}

function readBody(body: unknown, steps: StepQueue): void {
  const taker = chunkTaker(steps);
  if (isFields(body)) taker.chunk(body);
  if (!taker.end()) fail(steps, "answer has no choices[0].text");
}

function chunksTaker(steps: StepQueue): SseTaker {
  const taker = chunkTaker(steps);
  // What comes at this path without choices is of another form.
  return {
    event(data) {
      const chunk = parseJson(data);
      if (isFields(chunk)) taker.chunk(chunk);
    },
    end() {
      if (!taker.end()) fail(steps, "answer has no choices[0].text");
    },
  };
}

function chunkTaker(steps: StepQueue): { chunk(chunk: Fields): void; end(): boolean } {
  let counts = noCounts;
  let reason: string | null = null;
  let hasText = false;
  return {
    chunk(chunk) {
      if (isFields(chunk["error"])) steps.fail(502, chunk["error"]);
      counts = laidOver(counts, countsInChat(usageIn(chunk)));
      const choice = objects(chunk["choices"]).find(({ index }) => (index ?? 0) === 0);
      if (choice === undefined) return;
      steps.start(nonEmpty(chunk["id"]) ?? null, nonEmpty(chunk["model"]) ?? null);
      hasText ||= typeof choice["text"] === "string";
      steps.text(stringOf(choice["text"]));
      reason = nonEmpty(choice["finish_reason"]) ?? reason;
    },
    end() {
      // Some servers say no reason.
      if (hasText) steps.finish(reason, counts);
      return hasText;
    },
  };
}
