import { parseJson, type ChatResponse, type Message } from "../../core/index.ts";
import type { AnswerStep, Counts, Fold, ReasoningProof, StepReader } from "../protocol.ts";
import type { FoldedAnswer } from "../provider.ts";
import { given } from "./fields.ts";

export const noCounts: Counts = { inputTokens: null, outputTokens: null };

export type FoldOptions = {
  /** Arguments are an object in a plain answer and text in a stream: written without spaces both come out the same. */
  readonly compactArguments: boolean;
};

/** The fold of a protocol, made of its reader. */
export function foldOf(reader: StepReader, options: FoldOptions = { compactArguments: false }): Fold {
  const folding = foldSteps(options);
  let isWhole = false;
  const take = (steps: readonly AnswerStep[]): void => {
    for (const step of steps) {
      folding.push(step);
      if (step.type === "finish" || step.type === "error") isWhole = true;
    }
  };
  return {
    push(bytes) {
      take(reader.push(bytes));
      return isWhole;
    },
    end() {
      take(reader.end());
      return folding.end();
    },
  };
}

export type StepFold = { push(step: AnswerStep): void; end(): FoldedAnswer };

/** Puts steps together to the answer they say, in our form. */
export function foldSteps({ compactArguments }: FoldOptions = { compactArguments: false }): StepFold {
  let id: string | null = null;
  let model: string | null = null;
  const text = { "text-delta": "", "refusal-delta": "" };
  const reasoning = reasoningFold();
  const calls: FoldedCall[] = [];
  const others: unknown[] = [];
  let last: Extract<AnswerStep, { type: "finish" | "error" }> | null = null;

  const push = (step: AnswerStep): void => {
    switch (step.type) {
      case "start":
        ({ id, model } = step);
        return;
      case "text-delta":
      case "refusal-delta":
        text[step.type] += step.text;
        return;
      case "reasoning-delta":
        reasoning.text(step.text);
        return;
      case "reasoning-proof":
        reasoning.proof(step.proof);
        return;
      case "tool-call-start":
        calls[step.index] = openedCall(step);
        return;
      case "tool-call-delta":
        calls[step.index].function.arguments += step.arguments;
        return;
      case "tool-call-end":
        if (compactArguments) compact(calls[step.index]);
        return;
      case "other":
        others.push(step.content);
        return;
      case "finish":
      case "error":
        last = step;
    }
  };
  const messageOf = (): Message => ({
    role: "assistant",
    content:
      text["text-delta"] === "" && (calls.length > 0 || text["refusal-delta"] !== "")
        ? null
        : text["text-delta"],
    ...(text["refusal-delta"] === "" ? {} : { refusal: text["refusal-delta"] }),
    ...reasoning.fields(),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
    ...(others.length > 0 ? { other_content: others } : {}),
  });
  return {
    push,
    end() {
      if (last === null) return brokenOff("answer ended before its last step");
      if (last.type === "error") return { response: null, usage: noCounts, error: last.error };
      const usage = chatUsage(last.usage);
      const response: ChatResponse = {
        ...given({ id: id ?? undefined, model: model ?? undefined, usage: usage ?? undefined }),
        message: messageOf(),
        finish_reason: last.reason,
      };
      return { response, usage: last.usage, error: null };
    },
  };
}

type FoldedCall = { id: string; type: "function"; function: { name: string; arguments: string } };

function openedCall(step: Extract<AnswerStep, { type: "tool-call-start" }>): FoldedCall {
  return {
    id: step.id,
    type: "function",
    function: { name: step.name, arguments: "" },
    ...(step.signature === undefined ? {} : withSignature(step.signature)),
  };
}

function compact(call: FoldedCall): void {
  const value = parseJson(call.function.arguments);
  if (value !== undefined) call.function.arguments = JSON.stringify(value);
}

/** The tool call's field for a thought signature, as Gemini's own Chat Completions surface names it. */
export function withSignature(signature: string): { readonly extra_content: unknown } {
  return { extra_content: { google: { thought_signature: signature } } };
}

export function brokenOff(message: string): FoldedAnswer {
  return { response: null, usage: noCounts, error: { type: "upstream_broken", message } };
}

/**
 * Reasoning in a chat message: `reasoning_content` as DeepSeek and vLLM name it, and, when there is something that the provider wants back,
 * `reasoning_details` as OpenRouter names it, one entry for each piece.
 */
function reasoningFold(): {
  text(text: string): void;
  proof(proof: ReasoningProof): void;
  fields(): { readonly [field: string]: unknown };
} {
  let all = "";
  let piece = "";
  const details: unknown[] = [];
  return {
    text(text) {
      all += text;
      piece += text;
    },
    proof({ data, ...proof }) {
      if (piece !== "" || data === undefined) details.push({ type: "reasoning.text", text: piece, ...proof });
      if (data !== undefined) details.push({ type: "reasoning.encrypted", data, ...proof });
      piece = "";
    },
    fields: () => ({
      ...(all === "" ? {} : { reasoning_content: all }),
      ...(details.length === 0 ? {} : { reasoning_details: details }),
    }),
  };
}

/** Counts in the words of Chat Completions; null when there are none. */
export function chatUsage(counts: Counts): { readonly [field: string]: unknown } | null {
  const { inputTokens, outputTokens, cachedInputTokens, cacheWriteInputTokens, reasoningTokens } = counts;
  if (inputTokens === null && outputTokens === null) return null;
  const input = {
    ...(cachedInputTokens === undefined ? {} : { cached_tokens: cachedInputTokens }),
    ...(cacheWriteInputTokens === undefined ? {} : { cache_write_tokens: cacheWriteInputTokens }),
  };
  return {
    ...(inputTokens === null ? {} : { prompt_tokens: inputTokens }),
    ...(outputTokens === null ? {} : { completion_tokens: outputTokens }),
    ...(inputTokens === null || outputTokens === null ? {} : { total_tokens: inputTokens + outputTokens }),
    ...(Object.keys(input).length > 0 ? { prompt_tokens_details: input } : {}),
    ...(reasoningTokens === undefined
      ? {}
      : { completion_tokens_details: { reasoning_tokens: reasoningTokens } }),
  };
}
