import type { Random } from "../../src/core/index.ts";
import { chance, pick } from "./grammar.ts";
import type { Draft, Failure, Noise } from "./draft.ts";

const FAILURE_SHARE = 0.012;
const SECOND_FAILURE_SHARE = 0.15;
const DUPLICATE_SHARE = 0.008;

const FAILURES: readonly (readonly [Noise, Failure])[] = [
  [
    "error-429",
    {
      status: 429,
      error: {
        message: "Rate limit reached, try again in a moment",
        type: "requests",
        code: "rate_limit_exceeded",
      },
    },
  ],
  [
    "error-500",
    { status: 500, error: { message: "The server had an error", type: "server_error", code: null } },
  ],
  [
    "error-503",
    { status: 503, error: { message: "The engine is overloaded", type: "server_error", code: null } },
  ],
];

/** The calls of a session as they went over the wire: some failed first and were tried again, some were sent twice. */
export function roughen(drafts: readonly Draft[], random: Random): Draft[] {
  return drafts.flatMap((draft) => {
    if (chance(FAILURE_SHARE, random)) return withRetry(draft, random);
    if (chance(DUPLICATE_SHARE, random))
      return [draft, { ...draft, noise: "duplicate", waitMs: 200 + random.below(2500) }];
    return [draft];
  });
}

function withRetry(draft: Draft, random: Random): Draft[] {
  const attempts = chance(SECOND_FAILURE_SHARE, random) ? 2 : 1;
  const failed = Array.from({ length: attempts }, (_, attempt): Draft => {
    const [noise, failure] = pick(FAILURES, random);
    const waitMs = attempt === 0 ? draft.waitMs : backoffMs(attempt, random);
    return { ...draft, noise, failure, waitMs };
  });
  // A wrong label stays known as one also when it came at the second try.
  return [...failed, { ...draft, noise: draft.noise ?? "retry", waitMs: backoffMs(attempts, random) }];
}

const backoffMs = (attempt: number, random: Random): number => 1000 * 2 ** attempt + random.below(1500);
