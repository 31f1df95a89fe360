import { HouseError, parseJson } from "../../../core/index.ts";
import type { Counts, StepReader } from "../../protocol.ts";
import { countOf, fieldsOf, isFields, nonEmpty, objects, stringOf, type Fields } from "../fields.ts";
import { noCounts } from "../fold-steps.ts";
import { callIdFrom } from "../ids.ts";
import { argumentsText } from "../parts.ts";
import { fail, plainReader } from "../reading.ts";
import { stepQueue, type StepQueue } from "../step-queue.ts";
import { createFrameParser, type Frame } from "./frames.ts";
import { CONVERSE_PROOFS } from "./request.ts";

/** Steps of an answer of Bedrock's Converse or ConverseStream. */
export function converseReader(status: number, isStream: boolean): StepReader {
  return isStream ? streamReader() : plainReader(status, readBody);
}

function readBody(body: unknown, steps: StepQueue): void {
  const answer = fieldsOf(body);
  const { message } = fieldsOf(answer["output"]);
  if (!isFields(message)) {
    fail(steps, "answer has no output.message");
    return;
  }
  steps.start(null, null);
  for (const [index, block] of objects(message["content"]).entries()) readBlock(index, block, steps);
  steps.finish(reasonOf(answer["stopReason"]), countsInConverse(answer["usage"]));
}

function readBlock(index: number, block: Fields, steps: StepQueue): void {
  if (typeof block["text"] === "string") steps.text(block["text"]);
  else if (isFields(block["toolUse"])) {
    startCall(index, block["toolUse"], steps);
    steps.callDelta(index, argumentsText(block["toolUse"]["input"]));
    steps.callEnd(index);
  } else if (isFields(block["reasoningContent"])) {
    const { reasoningText, redactedContent } = block["reasoningContent"];
    const { text, signature } = fieldsOf(reasoningText);
    steps.reasoning(stringOf(text));
    proof(nonEmpty(signature), nonEmpty(redactedContent), steps);
  } else steps.other({ type: "other", protocol: "converse", content: block });
}

function startCall(index: number, use: Fields, steps: StepQueue): void {
  steps.callStart(index, { id: callIdFrom(stringOf(use["toolUseId"])), name: stringOf(use["name"]) });
}

function proof(signature: string | undefined, data: string | undefined, steps: StepQueue): void {
  if (data !== undefined) steps.proof({ format: CONVERSE_PROOFS, data });
  else if (signature !== undefined) steps.proof({ format: CONVERSE_PROOFS, signature });
}

function streamReader(): StepReader {
  const parser = createFrameParser();
  const steps = stepQueue();
  const taker = frameTaker(steps);
  return {
    push(bytes) {
      if (steps.isOver()) return [];
      try {
        for (const frame of parser.push(bytes)) taker.frame(frame);
      } catch (error) {
        // The codec throws plain errors for a wrong checksum.
        if (!(error instanceof HouseError) && !(error instanceof Error)) throw error;
        fail(steps, error.message);
      }
      return steps.take();
    },
    end() {
      taker.end();
      if (!steps.isOver()) fail(steps, "stream ended before the answer did");
      return steps.take();
    },
  };
}

type BlockState = { isCall: boolean; hasInput: boolean; signature: string; data: string };

function frameTaker(steps: StepQueue): { frame(frame: Frame): void; end(): void } {
  const blocks = new Map<number, BlockState>();
  let reason: unknown = null;
  let counts = noCounts;

  const blockAt = (index: number): BlockState => {
    const block = blocks.get(index) ?? { isCall: false, hasInput: false, signature: "", data: "" };
    blocks.set(index, block);
    return block;
  };
  const takeDelta = (index: number, delta: Fields): void => {
    const block = blockAt(index);
    steps.text(stringOf(delta["text"]));
    const input = stringOf(fieldsOf(delta["toolUse"])["input"]);
    block.hasInput ||= input !== "";
    steps.callDelta(index, input);
    const reasoning = fieldsOf(delta["reasoningContent"]);
    steps.reasoning(stringOf(reasoning["text"]));
    block.signature += stringOf(reasoning["signature"]);
    block.data += stringOf(reasoning["redactedContent"]);
    if (delta["citation"] !== undefined) steps.other({ type: "other", protocol: "converse", content: delta });
  };
  const endBlock = (index: number): void => {
    const block = blockAt(index);
    if (block.isCall && !block.hasInput) steps.callDelta(index, "{}");
    if (block.isCall) steps.callEnd(index);
    proof(nonEmpty(block.signature), nonEmpty(block.data), steps);
  };
  return {
    frame({ headers, text }) {
      const payload = fieldsOf(parseJson(text));
      const index = countOf(payload["contentBlockIndex"]) ?? 0;
      if (headers[":message-type"] !== "event") {
        const type = headers[":exception-type"] ?? headers[":error-code"] ?? "internalServerException";
        const message = nonEmpty(payload["message"]) ?? headers[":error-message"] ?? type;
        steps.fail(STATUSES.get(type) ?? 502, { type, message });
        return;
      }
      switch (headers[":event-type"]) {
        case "messageStart":
          steps.start(null, null);
          return;
        case "contentBlockStart": {
          const { toolUse } = fieldsOf(payload["start"]);
          if (!isFields(toolUse)) return;
          blockAt(index).isCall = true;
          startCall(index, toolUse, steps);
          return;
        }
        case "contentBlockDelta":
          takeDelta(index, fieldsOf(payload["delta"]));
          return;
        case "contentBlockStop":
          endBlock(index);
          return;
        case "messageStop":
          reason = payload["stopReason"];
          return;
        // The counts come last.
        case "metadata":
          counts = countsInConverse(payload["usage"]);
          if (reason !== null) steps.finish(reasonOf(reason), counts);
      }
    },
    end() {
      if (reason !== null) steps.finish(reasonOf(reason), counts);
    },
  };
}

/** Amazon Bedrock API, ConverseStream, Errors. */
const STATUSES: ReadonlyMap<string, number> = new Map([
  ["validationException", 400],
  ["throttlingException", 429],
  ["serviceUnavailableException", 503],
  ["internalServerException", 500],
  ["modelStreamErrorException", 424],
]);

/** As with Anthropic, what the prompt cache reads and writes is counted apart from the rest of the input. */
export function countsInConverse(value: unknown): Counts {
  const usage = fieldsOf(value);
  const input = countOf(usage["inputTokens"]);
  const read = countOf(usage["cacheReadInputTokens"]);
  const written = countOf(usage["cacheWriteInputTokens"]);
  return {
    inputTokens: input === null ? null : input + (read ?? 0) + (written ?? 0),
    outputTokens: countOf(usage["outputTokens"]),
    ...(read === null ? {} : { cachedInputTokens: read }),
    ...(written === null ? {} : { cacheWriteInputTokens: written }),
  };
}

const REASONS: ReadonlyMap<unknown, string> = new Map([
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["tool_use", "tool_calls"],
  ["content_filtered", "content_filter"],
  ["guardrail_intervened", "content_filter"],
]);

function reasonOf(reason: unknown): string | null {
  return REASONS.get(reason) ?? nonEmpty(reason) ?? null;
}
