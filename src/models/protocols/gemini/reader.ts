import { parseJson } from "../../../core/index.ts";
import type { Counts, StepReader } from "../../protocol.ts";
import { countOf, fieldsOf, isFields, nonEmpty, objects, stringOf, type Fields } from "../fields.ts";
import { noCounts } from "../fold-steps.ts";
import { callIdFrom } from "../ids.ts";
import { laidOver, plainReader, sseReader, type SseTaker } from "../reading.ts";
import type { StepQueue } from "../step-queue.ts";
import { camelFields, GEMINI_FORMAT } from "./request.ts";

/** Steps of an answer of Gemini: of its first candidate. */
export function geminiReader(status: number, isStream: boolean): StepReader {
  return isStream ? sseReader(chunksTaker) : plainReader(status, readBody);
}

// A plain answer is a stream of one piece; without `alt=sse` a stream is a list of pieces.
function readBody(body: unknown, steps: StepQueue): void {
  const taker = chunkTaker(steps);
  for (const chunk of Array.isArray(body) ? objects(body) : [fieldsOf(body)]) taker.chunk(chunk);
  taker.end();
}

function chunksTaker(steps: StepQueue): SseTaker {
  const taker = chunkTaker(steps);
  return {
    event(data) {
      const chunk = parseJson(data);
      if (isFields(chunk)) taker.chunk(chunk);
    },
    end: () => taker.end(),
  };
}

function chunkTaker(steps: StepQueue): { chunk(chunk: Fields): void; end(): void } {
  let counts = noCounts;
  let reason: string | null = null;
  let responseId = "";
  let calls = 0;

  const takeCall = (call: Fields, signature: string | undefined): void => {
    // The API gives ids only since late; one that is made must differ from turn to turn.
    const id = callIdFrom(
      nonEmpty(call["id"]) ?? `call_${responseId.replaceAll(/[^\w-]/g, "").slice(0, 24)}_${calls}`,
    );
    const opening = { id, name: stringOf(call["name"]) };
    steps.callStart(calls, signature === undefined ? opening : { ...opening, signature });
    steps.callDelta(calls, JSON.stringify(call["args"] ?? {}));
    steps.callEnd(calls);
    calls += 1;
  };
  const takePart = (part: Fields): void => {
    const signature = nonEmpty(part["thoughtSignature"]);
    if (isFields(part["functionCall"])) {
      takeCall(part["functionCall"], signature);
      return;
    }
    if (part["thought"] === true) steps.reasoning(stringOf(part["text"]));
    else if (typeof part["text"] === "string") steps.text(part["text"]);
    else steps.other({ type: "other", protocol: "gemini", content: part });
    if (signature !== undefined) steps.proof({ format: GEMINI_FORMAT, signature });
  };
  return {
    chunk(chunk) {
      if (isFields(chunk["error"])) {
        steps.fail(countOf(chunk["error"]["code"]) ?? 502, chunk["error"]);
        return;
      }
      responseId = nonEmpty(chunk["responseId"]) ?? responseId;
      counts = laidOver(counts, countsInGemini(chunk["usageMetadata"]));
      const candidate = objects(chunk["candidates"]).find(({ index }) => (index ?? 0) === 0);
      const blocked = nonEmpty(fieldsOf(chunk["promptFeedback"])["blockReason"]);
      if (candidate !== undefined || blocked !== undefined)
        steps.start(nonEmpty(responseId) ?? null, nonEmpty(chunk["modelVersion"]) ?? null);
      for (const part of objects(fieldsOf(candidate?.["content"])["parts"])) takePart(camelFields(part));
      reason = nonEmpty(candidate?.["finishReason"]) ?? blocked ?? reason;
    },
    end() {
      if (reason !== null)
        steps.finish(calls > 0 && reason === "STOP" ? "tool_calls" : reasonOf(reason), counts);
    },
  };
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ["STOP", "stop"],
  ["MAX_TOKENS", "length"],
  ["SAFETY", "content_filter"],
  ["RECITATION", "content_filter"],
  ["LANGUAGE", "content_filter"],
  ["BLOCKLIST", "content_filter"],
  ["PROHIBITED_CONTENT", "content_filter"],
  ["SPII", "content_filter"],
  ["IMAGE_SAFETY", "content_filter"],
  ["OTHER", "content_filter"],
]);

function reasonOf(reason: string): string {
  return REASONS.get(reason) ?? reason.toLowerCase();
}

/** Thoughts are counted apart from the answer, and the results of Google's own tools apart from the prompt. */
export function countsInGemini(value: unknown): Counts {
  const usage = fieldsOf(value);
  const prompt = countOf(usage["promptTokenCount"]);
  const answer = countOf(usage["candidatesTokenCount"]);
  const thoughts = countOf(usage["thoughtsTokenCount"]);
  const cached = countOf(usage["cachedContentTokenCount"]);
  const isSilent = answer === null && thoughts === null;
  return {
    inputTokens: prompt === null ? null : prompt + (countOf(usage["toolUsePromptTokenCount"]) ?? 0),
    outputTokens: isSilent ? null : (answer ?? 0) + (thoughts ?? 0),
    ...(cached === null ? {} : { cachedInputTokens: cached }),
    ...(thoughts === null ? {} : { reasoningTokens: thoughts }),
  };
}
