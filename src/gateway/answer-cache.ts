import type { AnswerCache, CacheLook, CallInput } from "../call.ts";
import type { ChatRequest, ChatResponse } from "../core/index.ts";
import { requestKey } from "../models/index.ts";
import { callerOf } from "./caller.ts";

/** Answers that are kept, over all tasks. */
export const MAX_CACHED_ANSWERS = 10_000;
/** Their JSON, over all tasks. */
export const MAX_CACHED_CHARS = 32 * 1024 * 1024;

type Kept = { readonly text: string; readonly untilMs: number };

export type KeptAnswers = AnswerCache & {
  /** Keeps nothing any more. */
  clear(): void;
};

export type AnswerCacheOptions = {
  /** Milliseconds that an answer is kept, by task; no others are kept. */
  readonly ttlMs: (taskId: string) => number | null;
  readonly nowMs: () => number;
};

/**
 * Gives the answer of a task that was given before to exactly this request of the same caller. Of several that ask the same at once,
 * one asks the provider; the others wait, and ask themselves one after another when it fails.
 */
export function createAnswerCache({ ttlMs, nowMs }: AnswerCacheOptions): KeptAnswers {
  const kept = new Map<string, Kept>();
  const asking = new Map<string, Promise<ChatResponse | null>>();
  let chars = 0;

  const drop = (key: string): void => {
    chars -= kept.get(key)?.text.length ?? 0;
    kept.delete(key);
  };
  const keep = (key: string, response: ChatResponse, untilMs: number): void => {
    const text = JSON.stringify(response);
    if (text.length > MAX_CACHED_CHARS / 10) return;
    drop(key);
    kept.set(key, { text, untilMs });
    chars += text.length;
    for (const oldest of kept.keys()) {
      if (kept.size <= MAX_CACHED_ANSWERS && chars <= MAX_CACHED_CHARS) break;
      drop(oldest);
    }
  };
  const find = (key: string): ChatResponse | null => {
    const found = kept.get(key);
    if (found === undefined) return null;
    // Written by `keep`.
    if (found.untilMs > nowMs()) return JSON.parse(found.text) as ChatResponse;
    drop(key);
    return null;
  };
  const look = async (key: string, ttl: number): Promise<CacheLook> => {
    for (;;) {
      const response = find(key);
      if (response !== null) return { response };
      const other = asking.get(key);
      if (other === undefined) break;
      const shared = await other;
      if (shared !== null) return { response: shared };
    }
    const { promise, resolve } = Promise.withResolvers<ChatResponse | null>();
    asking.set(key, promise);
    return {
      publish(response) {
        asking.delete(key);
        const isWhole = response !== null && isComplete(response);
        if (isWhole) keep(key, response, nowMs() + ttl);
        resolve(isWhole ? response : null);
      },
    };
  };
  return {
    clear() {
      kept.clear();
      chars = 0;
    },
    look(taskId, input) {
      const ttl = ttlMs(taskId);
      return ttl === null || changesProvider(input.request) ? null : look(keyOf(taskId, input), ttl);
    },
  };
}

/** Asking changes something that the provider holds: a conversation goes on, a job runs. The next question is another one. */
function changesProvider(request: ChatRequest): boolean {
  return (request["conversation"] ?? null) !== null || request["background"] === true;
}

/** An answer that was cut off or filtered is no answer to keep. */
function isComplete({ finish_reason }: ChatResponse): boolean {
  return finish_reason === "stop" || finish_reason === "tool_calls";
}

function keyOf(taskId: string, { keyId, request, question }: CallInput): string {
  const { hasOwnKey, headers } = question;
  const caller = callerOf({ keyId, hasOwnKey, headers });
  return `${taskId} ${caller} ${requestKey(request)}`;
}
