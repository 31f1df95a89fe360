import { parseJson } from "../../../core/index.ts";
import type { Counts, StepReader } from "../../protocol.ts";
import { countOf, fieldsOf, isFields, nonEmpty, objects, stringOf, type Fields } from "../fields.ts";
import { noCounts } from "../fold-steps.ts";
import { callIdFrom } from "../ids.ts";
import { argumentsText } from "../parts.ts";
import { fail, plainReader, sseReader, type SseTaker } from "../reading.ts";
import type { StepQueue } from "../step-queue.ts";
import { CLAUDE_FORMAT } from "./request.ts";

/** Steps of an answer of Anthropic Messages. */
export function messagesReader(status: number, isStream: boolean): StepReader {
  return isStream ? sseReader(eventsTaker) : plainReader(status, readBody);
}

function readBody(body: unknown, steps: StepQueue): void {
  const message = fieldsOf(body);
  if (message["type"] === "error") {
    steps.fail(502, message["error"]);
    return;
  }
  if (!Array.isArray(message["content"])) {
    fail(steps, "answer has no content");
    return;
  }
  steps.start(nonEmpty(message["id"]) ?? null, nonEmpty(message["model"]) ?? null);
  // A plain answer is read as a stream of one event for each block.
  for (const [index, content_block] of message["content"].entries()) {
    const taker = isFields(content_block) ? blockTaker(index, content_block, steps) : null;
    taker?.end();
  }
  steps.finish(reasonOf(message["stop_reason"]), countsInMessages(message["usage"]));
}

function eventsTaker(steps: StepQueue): SseTaker {
  const blocks = new Map<unknown, BlockTaker>();
  let usage: Fields = {};
  let reason: string | null = null;
  const take = (event: Fields): void => {
    switch (event["type"]) {
      case "message_start": {
        const message = fieldsOf(event["message"]);
        usage = fieldsOf(message["usage"]);
        steps.start(nonEmpty(message["id"]) ?? null, nonEmpty(message["model"]) ?? null);
        return;
      }
      case "content_block_start": {
        const { index } = event;
        blocks.set(index, blockTaker(blocks.size, fieldsOf(event["content_block"]), steps));
        return;
      }
      case "content_block_delta":
        blocks.get(event["index"])?.delta(fieldsOf(event["delta"]));
        return;
      case "content_block_stop":
        blocks.get(event["index"])?.end();
        return;
      case "message_delta":
        reason = nonEmpty(fieldsOf(event["delta"])["stop_reason"]) ?? reason;
        usage = mergedUsage(usage, fieldsOf(event["usage"]));
        return;
      case "message_stop":
        steps.finish(reasonOf(reason), countsInMessages(usage));
        return;
      case "error":
        steps.fail(statusOf(event["error"]), event["error"]);
    }
  };
  return {
    event(data) {
      const event = parseJson(data);
      if (isFields(event)) take(event);
    },
    end() {
      if (reason !== null) steps.finish(reasonOf(reason), countsInMessages(usage));
    },
  };
}

type BlockTaker = { delta(delta: Fields): void; end(): void };

function blockTaker(key: number, block: Fields, steps: StepQueue): BlockTaker {
  switch (block["type"]) {
    case "text":
      return textTaker(block, steps);
    case "thinking":
    case "redacted_thinking":
      return thinkingTaker(block, steps);
    case "tool_use":
      return toolTaker(key, block, steps);
    default:
      return otherTaker(block, steps);
  }
}

function textTaker(block: Fields, steps: StepQueue): BlockTaker {
  const citations: unknown[] = [...objects(block["citations"])];
  steps.text(stringOf(block["text"]));
  return {
    delta({ text, citation }) {
      steps.text(stringOf(text));
      if (citation !== undefined) citations.push(citation);
    },
    end() {
      if (citations.length > 0) steps.other({ type: "other", protocol: "messages", content: { citations } });
    },
  };
}

function thinkingTaker(block: Fields, steps: StepQueue): BlockTaker {
  let signature = stringOf(block["signature"]);
  steps.reasoning(stringOf(block["thinking"]));
  return {
    delta(delta) {
      steps.reasoning(stringOf(delta["thinking"]));
      signature += stringOf(delta["signature"]);
    },
    end() {
      const data = nonEmpty(block["data"]);
      if (data !== undefined) steps.proof({ format: CLAUDE_FORMAT, data });
      else if (signature !== "") steps.proof({ format: CLAUDE_FORMAT, signature });
    },
  };
}

function toolTaker(key: number, block: Fields, steps: StepQueue): BlockTaker {
  let hasDeltas = false;
  steps.callStart(key, { id: callIdFrom(stringOf(block["id"])), name: stringOf(block["name"]) });
  return {
    delta({ partial_json }) {
      if (stringOf(partial_json) !== "") hasDeltas = true;
      steps.callDelta(key, stringOf(partial_json));
    },
    end() {
      if (!hasDeltas) steps.callDelta(key, argumentsText(block["input"]));
      steps.callEnd(key);
    },
  };
}

// Tools that run at the provider, their results, containers: kept as they came.
function otherTaker(block: Fields, steps: StepQueue): BlockTaker {
  let json = "";
  return {
    delta({ partial_json }) {
      json += stringOf(partial_json);
    },
    end() {
      const content = json === "" ? block : { ...block, input: parseJson(json) ?? json };
      steps.other({ type: "other", protocol: "messages", content });
    },
  };
}

function mergedUsage(earlier: Fields, later: Fields): Fields {
  const said = Object.entries(later).filter(([, value]) => value !== null);
  return { ...earlier, ...Object.fromEntries(said) };
}

/** Anthropic counts what it reads from and writes to its prompt cache apart from the rest of the input. */
export function countsInMessages(value: unknown): Counts {
  if (!isFields(value)) return noCounts;
  const input = countOf(value["input_tokens"]);
  const read = countOf(value["cache_read_input_tokens"]);
  const written = countOf(value["cache_creation_input_tokens"]);
  return {
    inputTokens: input === null ? null : input + (read ?? 0) + (written ?? 0),
    outputTokens: countOf(value["output_tokens"]),
    ...(read === null ? {} : { cachedInputTokens: read }),
    ...(written === null ? {} : { cacheWriteInputTokens: written }),
  };
}

/** `pause_turn` and a full context window leave an answer unfinished, as a limit does. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["pause_turn", "length"],
  ["tool_use", "tool_calls"],
  ["refusal", "content_filter"],
]);

function reasonOf(reason: unknown): string | null {
  return typeof reason === "string" ? (REASONS.get(reason) ?? reason) : null;
}

// An error in a stream has no status of its own; its type says which one it would have had.
const STATUSES: ReadonlyMap<unknown, number> = new Map([
  ["invalid_request_error", 400],
  ["authentication_error", 401],
  ["permission_error", 403],
  ["not_found_error", 404],
  ["request_too_large", 413],
  ["rate_limit_error", 429],
  ["overloaded_error", 529],
  ["timeout_error", 504],
]);

function statusOf(error: unknown): number {
  return STATUSES.get(fieldsOf(error)["type"]) ?? 502;
}
