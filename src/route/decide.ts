import type { Answer, Assignment, ChatRequest, Message } from "../core/index.ts";
import { SPECIALIST_CALL_PREFIX, type SpecialistAnswer } from "../models/index.ts";
import type { Policy, PolicyEntry } from "./policy.ts";

/** Why the provider answers. */
export type ProviderReason =
  /** No task is known for the request. */
  | "novel"
  /** The task has no certificate that holds, or its specialist is missing. */
  | "no-certificate"
  /** In the middle of a tool exchange: the model that asked for the tool goes on. */
  | "tool-turn-pinned"
  /** The request wants what a specialist does not have: several answers, log-probabilities, other modalities. */
  | "request-unsupported"
  | "specialist-failed"
  | "specialist-late"
  /** The specialist's answer is not one the request allows: an unknown tool, text where JSON was asked for. */
  | "answer-not-offered"
  | "below-threshold";

export type Reason = ProviderReason | "certified";

/** Who serves a call, and why. */
export type Decision =
  | {
      readonly servedBy: "provider";
      readonly reason: ProviderReason;
      readonly taskId: string | null;
      /** The specialist's calibrated score; null when it was not asked. */
      readonly score: number | null;
    }
  | {
      readonly servedBy: "specialist";
      readonly reason: "certified";
      readonly taskId: string;
      readonly score: number;
      readonly answer: Answer;
      readonly entry: PolicyEntry;
    };

/** What asking a specialist came to. */
export type Attempt = SpecialistAnswer | { readonly failure: "specialist-failed" | "specialist-late" };

/** The specialist that may be asked, or why none may. */
export function candidateFor(
  policy: Policy,
  request: ChatRequest,
  assignment: Assignment | null,
): { readonly entry: PolicyEntry } | { readonly reason: ProviderReason } {
  if (assignment === null) return { reason: "novel" };
  const entry = policy.entries.get(assignment.taskId);
  if (entry === undefined) return { reason: "no-certificate" };
  if (isPinned(request)) return { reason: "tool-turn-pinned" };
  if (!isSupported(request)) return { reason: "request-unsupported" };
  return { entry };
}

/** Serves the specialist's answer exactly when its score reaches the certified threshold and the request allows the answer. */
export function decide(entry: PolicyEntry, request: ChatRequest, attempt: Attempt): Decision {
  const { taskId } = entry;
  const provider = (reason: ProviderReason, score: number | null): Decision => ({
    servedBy: "provider",
    reason,
    taskId,
    score,
  });
  if ("failure" in attempt) return provider(attempt.failure, null);
  const { answer, score } = attempt;
  // Written so that NaN, too, goes to the provider.
  if (!(score >= entry.threshold)) return provider("below-threshold", score);
  if (!isOffered(answer, request)) return provider("answer-not-offered", score);
  return { servedBy: "specialist", reason: "certified", taskId, score, answer, entry };
}

/** Whether a specialist may be asked about a request at all; evaluation counts by the same rule. */
export function isServable(request: ChatRequest): boolean {
  return !isPinned(request) && isSupported(request);
}

function isPinned(request: ChatRequest): boolean {
  const last = request.messages.at(-1);
  if (last === undefined || (last.role !== "tool" && last.role !== "function")) return false;
  return typeof last.tool_call_id !== "string" || !last.tool_call_id.startsWith(SPECIALIST_CALL_PREFIX);
}

function isSupported(request: ChatRequest): boolean {
  const { n, logprobs, modalities, audio, web_search_options, functions, function_call } = request;
  const isWithoutMedia = request.messages.every(
    ({ content }) => !Array.isArray(content) || content.every(isText),
  );
  const isTextOnly = !Array.isArray(modalities) || modalities.every((modality) => modality === "text");
  return (
    (n === undefined || n === null || n === 1) &&
    logprobs !== true &&
    isTextOnly &&
    isWithoutMedia &&
    !request.messages.some(pointsElsewhere) &&
    ELSEWHERE.every((name) => (request[name] ?? null) === null) &&
    request["background"] !== true &&
    functions === undefined &&
    function_call === undefined &&
    (audio === undefined || audio === null) &&
    (web_search_options === undefined || web_search_options === null)
  );
}

/** Fields of OpenAI Responses that name a part of the request which only the provider has. */
const ELSEWHERE = ["previous_response_id", "conversation", "prompt"] as const;

/** An item of OpenAI Responses that only names what the provider has. */
function pointsElsewhere({ other_content: others }: Message): boolean {
  return Array.isArray(others) && others.some((item: { type?: unknown }) => item.type === "item_reference");
}

const isText = (part: { readonly type: string }): boolean =>
  part.type === "text" || part.type === "input_text";

/** Whether a request allows an answer: a tool it offers or names, the form and the length it asks for. */
export function isOffered(answer: Answer, request: ChatRequest): boolean {
  return !isEmpty(answer) && fitsLimits(answer, request) && isAllowedForm(answer, request);
}

/** A specialist that leaves the answer to the LLM says nothing: that is never served, whatever the threshold. */
const isEmpty = (answer: Answer): boolean => answer.type === "text" && answer.text.trim() === "";

/** More characters than this per token are rare; with fewer tokens allowed, the LLM would have been cut off. */
const MAX_CHARS_PER_TOKEN = 6;

function fitsLimits(answer: Answer, request: ChatRequest): boolean {
  const text =
    answer.type === "text"
      ? answer.text
      : JSON.stringify(answer.type === "json" ? answer.value : answer.calls);
  const limits = [request["max_tokens"], request["max_completion_tokens"]].filter(
    (limit) => typeof limit === "number",
  );
  const { stop } = request;
  const stops = (Array.isArray(stop) ? stop : [stop]).filter((one) => typeof one === "string" && one !== "");
  return (
    limits.every((limit) => text.length <= Number(limit) * MAX_CHARS_PER_TOKEN) &&
    !stops.some((one) => text.includes(String(one)))
  );
}

function isAllowedForm(answer: Answer, request: ChatRequest): boolean {
  const choice = request.tool_choice;
  if (answer.type === "tool-calls") {
    const offered = new Set((request.tools ?? []).map((tool) => tool.function.name));
    const areAllOffered = answer.calls.length > 0 && answer.calls.every((call) => offered.has(call.name));
    const isOneTooMany = request["parallel_tool_calls"] === false && answer.calls.length > 1;
    return choice !== "none" && areAllOffered && !isOneTooMany && areNamed(answer.calls, choice);
  }
  // A named or required tool must be called.
  if (choice === "required" || (typeof choice === "object" && choice !== null)) return false;
  return answer.type === "json" || !wantsJson(request.response_format);
}

/** When the request names the tool to call, no other may be. */
function areNamed(calls: readonly { readonly name: string }[], choice: unknown): boolean {
  if (typeof choice !== "object" || choice === null) return true;
  const { function: named } = choice as { function?: { name?: unknown } };
  return named?.name === undefined || calls.every(({ name }) => name === named.name);
}

function wantsJson(format: unknown): boolean {
  const type =
    typeof format === "object" && format !== null ? (format as { type?: unknown }).type : undefined;
  return type === "json_object" || type === "json_schema";
}
