import type { IncomingMessage } from "node:http";
import type { CallDecision } from "../call.ts";
import type { ErrorCode, Usage, Session } from "../core/index.ts";
import type { Operation } from "../models/index.ts";

/** Roles of our own keys, each with what the ones before it may. */
export const ROLES = ["ingest", "viewer", "curator", "operator", "owner"] as const;
export type Role = (typeof ROLES)[number];

/** Who asks. */
export type Caller = {
  /** Id of the key; `anonymous` for who came without one, where none is required. */
  readonly keyId: string;
  readonly role: Role;
  /** Models that may be asked for, as the client names them, `*` at the end for any rest; null for all. See `mayAsk`. */
  readonly models: readonly string[] | null;
  /** True when the credential sent is a key of ours: it is not the provider's and must not be passed on. */
  readonly hasKey: boolean;
};

/** Why a request is not taken, to be told in the caller's protocol. */
export type Refusal = {
  readonly code: ErrorCode;
  readonly message: string;
  /** Whole seconds, when waiting helps. */
  readonly retryAfterS?: number;
};

/** Says who may come in. Synchronous: one hash and one look-up. */
export type Gatekeeper = { admit(request: Pick<IncomingMessage, "headers">, needs: Role): Caller | Refusal };

/** What a call will take, before it is known exactly. */
export type Estimate = {
  readonly keyId: string;
  readonly taskId: string | null;
  /** As the client named it: what limits are about. */
  readonly model: string;
  /** Models that may answer, as their providers name them: what prices are about. `model` when left out. */
  readonly targets?: readonly string[];
  /** The most that the call may take, as far as is known: see `estimateOf`. */
  readonly inputTokens: number;
  readonly outputTokens: number;
};

/** A part of a budget held for one call. Exactly one of the two is called, once; what comes after it is ignored. */
export type Reservation = {
  /**
   * The call was served, or failed at the provider: it counts, with what it took. Null keeps what was reserved: the provider may have
   * charged for an answer that broke off. What a provider refused took 0 tokens. `model`: the one that answered, as its provider names it.
   */
  settle(usage: Usage, servedBy: "provider" | "specialist" | "cache", model?: string): void;
  /** The call never reached anyone: it does not count. */
  release(): void;
};

/** Limits on requests, tokens and money. Exact under concurrency: reserved before, settled after. Synchronous. */
export type Accountant = { reserve(estimate: Estimate): Reservation | Refusal };

/** A call as operations see it: no content. */
export type CallFacts = {
  readonly callId: string;
  readonly session: Pick<Session, "id">;
  readonly keyId: string;
  readonly surface: string;
  readonly operation: Operation;
  /** As the client named it. */
  readonly model: string;
  /** As the provider that answered names it; null when none did. */
  readonly upstreamModel: string | null;
  /** Null when a specialist answered or none was reached. */
  readonly provider: string | null;
  readonly decision: Pick<CallDecision, "servedBy" | "reason" | "taskId" | "score">;
  readonly isStream: boolean;
  readonly startedMs: number;
  readonly firstByteMs: number | null;
  readonly endedMs: number;
  readonly status: number;
  readonly failure: ErrorCode | null;
  readonly usage: Usage;
  readonly attempts: number;
  /** Context of the caller's trace, as it came. */
  readonly traceparent: string | null;
};

/** Told of every call once, after its end: metrics, spans, log lines. Must not throw or wait. */
export type Observer = (facts: CallFacts) => void;
