import { textOf, type ChatRequest, type ChatResponse, type ErrorCode } from "../../../core/index.ts";
import type { AnswerIdentity, StepWriter, WrittenError } from "../../protocol.ts";
import { chatError } from "../chat/writer.ts";
import { isFields, nonEmpty, stringOf, type Fields } from "../fields.ts";
import { reasoningSteps } from "../response-steps.ts";
import { messageIn, plainWriter, sseEvent, sseWriter } from "../writing.ts";
import { eventsOf } from "./events.ts";
import { endOf, formsOf, headOf, textPart, type ItemForms } from "./forms.ts";
import { OPENAI_FORMAT } from "./items.ts";

/** Writes an answer as OpenAI Responses would give it. */
export function responsesWriter(request: ChatRequest, identity: AnswerIdentity): StepWriter {
  const head = headOf(request, identity);
  const forms = formsOf(request, identity);
  if (request.stream === true) return sseWriter(eventsOf(head, forms));
  return plainWriter({
    answer: (response, usage) => endOf(head, outputOf(response, forms), response.finish_reason, usage),
    error: (status, error) => errorBody(status, error),
  });
}

function outputOf({ message }: ChatResponse, forms: ItemForms): readonly Fields[] {
  const output: Fields[] = reasoningItems(message, forms);
  const text = textOf(message);
  const refusal = stringOf(message["refusal"]);
  const content = [
    ...(text === "" ? [] : [textPart(text)]),
    ...(refusal === "" ? [] : [{ type: "refusal", refusal }]),
  ];
  const isEmpty = content.length === 0 && (message.tool_calls ?? []).length === 0;
  if (content.length > 0) output.push(forms.message(output.length, content));
  // A client reads the text of the first message: an empty answer has one, too.
  else if (isEmpty) output.push(forms.message(output.length, [textPart("")]));
  for (const call of message.tool_calls ?? []) {
    const { name, arguments: args } = call.function;
    output.push(forms.call(output.length, { id: call.id ?? "", name, text: args }));
  }
  return output;
}

// A text and what is wanted back with it are one item.
function reasoningItems(message: ChatResponse["message"], forms: ItemForms): Fields[] {
  const items: Fields[] = [];
  let text = "";
  let id: string | undefined;
  const flush = (data?: string): void => {
    const proof = { ...(id === undefined ? {} : { id }), ...(data === undefined ? {} : { data }) };
    if (text !== "" || data !== undefined) items.push(forms.reasoning(items.length, text, proof));
    text = "";
    id = undefined;
  };
  for (const step of reasoningSteps(message)) {
    if (step.type === "reasoning-delta") {
      if (id !== undefined) flush();
      text += step.text;
      continue;
    }
    if (step.type !== "reasoning-proof") continue;
    const { format, data } = step.proof;
    if (format !== OPENAI_FORMAT) {
      flush();
      continue;
    }
    if (id !== undefined && step.proof.id !== id) flush();
    id = nonEmpty(step.proof.id);
    if (data !== undefined) flush(data);
  }
  flush();
  return items;
}

/** An error of a provider; in this protocol it looks as over Chat Completions. */
function errorBody(status: number, error: unknown): Fields {
  const { code, param } = isFields(error) ? error : {};
  const type = status < 500 ? "invalid_request_error" : "server_error";
  return {
    error: { message: messageIn(error), type, param: nonEmpty(param) ?? null, code: nonEmpty(code) ?? null },
  };
}

export function responsesError(code: ErrorCode, message: string, param: string | null = null): WrittenError {
  return chatError(code, message, param);
}

export function responsesStreamError(code: ErrorCode, message: string): Uint8Array {
  const data = { type: "error", code: code.replaceAll("-", "_"), message, param: null, sequence_number: 0 };
  return Buffer.from(sseEvent(data, "error"));
}
