import type { CallInput } from "../call.ts";
import type { Estimate } from "./hooks.ts";

/** Four bytes are about one token of the models of today. */
const BYTES_PER_TOKEN = 4;
/** Of an answer whose request sets no limit. */
const USUAL_OUTPUT_TOKENS = 1000;

/** What a call will take at most or, where it sets no limit, usually. */
export function estimateOf({ request, question, keyId }: CallInput, taskId: string | null): Estimate {
  const limits = [request["max_completion_tokens"], request["max_tokens"], request["max_output_tokens"]];
  const limit = limits.find((value) => typeof value === "number" && value > 0);
  return {
    keyId,
    taskId,
    model: request.model,
    inputTokens: tokensIn(question.body),
    outputTokens: typeof limit === "number" ? limit : USUAL_OUTPUT_TOKENS,
  };
}

export function tokensIn(body: Uint8Array): number {
  return Math.ceil(body.length / BYTES_PER_TOKEN);
}
