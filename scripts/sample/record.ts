import type { Message, Random } from "../../src/core/index.ts";
import { END, startTime } from "./clock.ts";
import { inputTokens, latencyMs, messageTokens } from "./cost.ts";
import { hex, type Draft, type Noise, type Plan } from "./draft.ts";
import { chance } from "./grammar.ts";
import { roughen } from "./noise.ts";

/** One line of the log. */
export type Line = {
  readonly id: string;
  readonly session: string;
  readonly timestamp: string;
  readonly [field: string]: unknown;
};

/** What only the generator knows of a line. */
export type Truth = {
  readonly id: string;
  readonly task: string;
  readonly version: number;
  readonly noise: Noise | null;
  readonly label: string | null;
};

export type Entry = { readonly line: Line; readonly truth: Truth };

// A refused call is answered at once; a broken one first hangs for a while.
const REFUSED_MS = 90;
const BROKEN_MS = 2500;

/** One session of a plan: its calls at their times, none after the end of the log. */
export function recordSession(plan: Plan, random: Random): Entry[] {
  const startMs = startTime(plan.rhythm, random);
  const drafts = roughen(plan.make(new Date(startMs), random), random);
  const session = `s_${hex(10, random)}`;
  const user = chance(0.5, random) ? `u${1000 + random.below(900)}` : undefined;
  const entries: Entry[] = [];
  let atMs = startMs;
  for (const draft of drafts) {
    atMs += draft.waitMs;
    const outcome = draft.failure === undefined ? answered(draft, random) : failed(draft, random);
    const id = `call_${hex(16, random)}`;
    const request = user === undefined ? draft.request : { ...draft.request, user };
    const timestamp = new Date(Math.min(atMs, END - 1)).toISOString();
    const { noise, ...body } = outcome;
    const truth = { id, task: draft.task, version: draft.version, noise, label: draft.truth ?? null };
    entries.push({ line: { id, session, timestamp, request, ...body }, truth });
    atMs += outcome.latency_ms;
  }
  return entries;
}

function answered(draft: Draft, random: Random) {
  const { model, max_tokens: limit } = draft.request;
  const isCut = typeof limit === "number" && messageTokens(draft.answer) > limit;
  const message = isCut ? cut(draft.answer, limit) : draft.answer;
  const prompt_tokens = inputTokens(draft.request);
  const completion_tokens = messageTokens(message);
  const usage = { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
  const finish_reason = isCut ? "length" : message.tool_calls === undefined ? "stop" : "tool_calls";
  return {
    response: { model, message, finish_reason, usage },
    status: 200,
    error: null,
    latency_ms: latencyMs(model, completion_tokens, random),
    noise: isCut ? ("truncated" as const) : draft.noise,
  };
}

function failed({ failure, noise }: Draft, random: Random) {
  const status = failure?.status ?? 500;
  const latency_ms = (status === 429 ? REFUSED_MS : BROKEN_MS) + random.below(status === 429 ? 60 : 6000);
  return { response: null, status, error: failure?.error ?? null, latency_ms, noise };
}

/** The first `limit` tokens of a text, as the cost model counts them. */
function cut(message: Message, limit: number): Message {
  const text = typeof message.content === "string" ? message.content : "";
  return { ...message, content: text.slice(0, limit * 4) };
}
