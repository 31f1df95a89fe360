import { parseJson } from "../../../core/index.ts";
import type { Counts, StepReader } from "../../protocol.ts";
import { countOf, fieldsOf, isFields, nonEmpty, objects, stringOf, type Fields } from "../fields.ts";
import { fail, plainReader, sseReader, type SseTaker } from "../reading.ts";
import type { StepQueue } from "../step-queue.ts";
import { OPENAI_FORMAT, reasoningText } from "./items.ts";

/** Steps of an answer of OpenAI Responses. */
export function responsesReader(status: number, isStream: boolean): StepReader {
  return isStream ? sseReader(eventsTaker) : plainReader(status, readBody);
}

function readBody(body: unknown, steps: StepQueue): void {
  const response = fieldsOf(body);
  if (!Array.isArray(response["output"])) {
    fail(steps, "answer has no output");
    return;
  }
  steps.start(nonEmpty(response["id"]) ?? null, nonEmpty(response["model"]) ?? null);
  for (const [index, item] of response["output"].entries()) if (isFields(item)) readItem(index, item, steps);
  end(response, hasCalls(response), steps);
}

const hasCalls = (response: Fields): boolean =>
  objects(response["output"]).some(({ type }) => type === "function_call" || type === "custom_tool_call");

function end(response: Fields, hasCalled: boolean, steps: StepQueue): void {
  const counts = countsInResponses(response["usage"]);
  const { status } = response;
  if (status === "incomplete") {
    const { reason } = fieldsOf(response["incomplete_details"]);
    steps.finish(reason === "content_filter" ? "content_filter" : "length", counts);
  } else if (status === "completed" || status === undefined || status === null) {
    steps.finish(hasCalled ? "tool_calls" : "stop", counts);
  } else if (status === "failed" || isFields(response["error"])) {
    steps.fail(502, response["error"] ?? { type: "upstream_broken", message: "the response failed" });
  } else fail(steps, `answer is not there yet: the response is ${JSON.stringify(status)}`);
}

/** An item that comes whole. */
function readItem(index: number, item: Fields, steps: StepQueue): void {
  switch (item["type"]) {
    case "message":
      for (const part of objects(item["content"])) {
        steps.text(part["type"] === "output_text" ? stringOf(part["text"]) : "");
        steps.refusal(stringOf(part["refusal"]));
      }
      break;
    case "function_call":
    case "custom_tool_call":
      startCall(index, item, steps);
      steps.callDelta(index, argumentsOf(item));
      break;
    case "reasoning":
      steps.reasoning(reasoningText(item));
  }
  endItem(index, item, steps);
}

function startCall(index: number, item: Fields, steps: StepQueue): void {
  steps.callStart(index, { id: stringOf(item["call_id"]), name: stringOf(item["name"]) });
}

const argumentsOf = (item: Fields): string => stringOf(item["arguments"]) || stringOf(item["input"]);

/** What is known of an item only when it is done. */
function endItem(index: number, item: Fields, steps: StepQueue): void {
  switch (item["type"]) {
    case "message": {
      const annotations = objects(item["content"]).flatMap((part) => objects(part["annotations"]));
      if (annotations.length > 0)
        steps.other({ type: "other", protocol: "responses", content: { annotations } });
      return;
    }
    case "function_call":
    case "custom_tool_call":
      steps.callEnd(index);
      return;
    case "reasoning": {
      const id = nonEmpty(item["id"]);
      const data = nonEmpty(item["encrypted_content"]);
      const proof = { format: OPENAI_FORMAT, ...(id === undefined ? {} : { id }) } as const;
      if (data !== undefined) steps.proof({ ...proof, data });
      else if (id !== undefined) steps.proof(proof);
      return;
    }
    default:
      steps.other({ type: "other", protocol: "responses", content: item });
  }
}

function eventsTaker(steps: StepQueue): SseTaker {
  /** Items that came in pieces, so that their end must not say them again. */
  const begun = new Set<number>();
  /** Calls that have been opened. */
  const opened = new Set<number>();
  // Some compatible servers send an item whole, without the events between.
  const itemDone = (index: number, item: Fields): void => {
    const isCall = item["type"] === "function_call" || item["type"] === "custom_tool_call";
    const isUnopened = isCall && !opened.has(index);
    if (isCall) opened.add(index);
    if (isUnopened || (!isCall && !begun.has(index))) readItem(index, item, steps);
    else {
      if (isCall && !begun.has(index)) steps.callDelta(index, argumentsOf(item));
      endItem(index, item, steps);
    }
  };
  const take = (event: Fields): void => {
    const index = countOf(event["output_index"]) ?? 0;
    const piece = stringOf(event["delta"]);
    if (piece !== "") begun.add(index);
    switch (event["type"]) {
      case "response.created": {
        const response = fieldsOf(event["response"]);
        steps.start(nonEmpty(response["id"]) ?? null, nonEmpty(response["model"]) ?? null);
        return;
      }
      case "response.output_item.added": {
        const item = fieldsOf(event["item"]);
        if (item["type"] !== "function_call" && item["type"] !== "custom_tool_call") return;
        opened.add(index);
        startCall(index, item, steps);
        return;
      }
      case "response.output_text.delta":
        steps.text(piece);
        return;
      case "response.refusal.delta":
        steps.refusal(piece);
        return;
      case "response.function_call_arguments.delta":
      case "response.custom_tool_call_input.delta":
        steps.callDelta(index, piece);
        return;
      case "response.reasoning_summary_text.delta":
      case "response.reasoning_text.delta":
        steps.reasoning(piece);
        return;
      case "response.reasoning_summary_part.added":
        if (begun.has(index)) steps.reasoning("\n\n");
        return;
      case "response.output_item.done":
        itemDone(index, fieldsOf(event["item"]));
        return;
      case "response.completed":
      case "response.incomplete":
      case "response.failed":
        end(fieldsOf(event["response"]), opened.size > 0, steps);
        return;
      case "error":
        steps.fail(502, event["error"] ?? event);
    }
  };
  return {
    event(data) {
      const event = parseJson(data);
      if (isFields(event)) take(event);
    },
  };
}

export function countsInResponses(value: unknown): Counts {
  const usage = fieldsOf(value);
  const cached = countOf(fieldsOf(usage["input_tokens_details"])["cached_tokens"]);
  const reasoning = countOf(fieldsOf(usage["output_tokens_details"])["reasoning_tokens"]);
  return {
    inputTokens: countOf(usage["input_tokens"]),
    outputTokens: countOf(usage["output_tokens"]),
    ...(cached === null ? {} : { cachedInputTokens: cached }),
    ...(reasoning === null ? {} : { reasoningTokens: reasoning }),
  };
}
