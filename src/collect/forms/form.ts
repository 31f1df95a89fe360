import type { Fields } from "./fields.ts";
import type { Half } from "./otlp-span.ts";

/**
 * A call as an export tells it, in the call form of docs/logs.md: `callOf` checks it, names its origin by a pseudonym and
 * makes a Call of it. Anything that could name a person is in `user` or left out.
 */
export type Draft = {
  readonly id?: string;
  readonly session?: string;
  readonly user?: string;
  /** ISO 8601 UTC. */
  readonly timestamp?: string;
  readonly status?: number;
  readonly error?: unknown;
  readonly latency_ms?: number;
  readonly request: Fields;
  readonly response: Fields | null;
  /** The name the export gives the call: of a span, a generation, a function. */
  readonly name?: string;
};

/** What one record of an export holds: a call, no model call at all (a tool, a chain, a score), or one without its content, or with an answer that cannot be read. */
export type Found =
  | { readonly kind: "call"; readonly draft: Draft }
  | { readonly kind: "other" }
  | { readonly kind: "no-content" | "bad-response"; readonly detail: string }
  /** A part of a call whose rest may come in another record. */
  | { readonly kind: "half"; readonly half: Half };

/** A form of export: how to tell it, and what a record of it holds. */
export type Form = {
  /** True when the fields are those of a record of this form and of no other. */
  readonly is: (record: Fields) => boolean;
  readonly read: (record: Fields) => readonly Found[];
};

export const OTHER: readonly Found[] = [{ kind: "other" }];

/** A failed call has no answer, whatever its record shows of one. */
export function failedOr(
  answer: Fields | null,
  error: unknown,
  status?: number,
): Partial<Draft> & {
  readonly response: Fields | null;
} {
  const isFailed = (error !== undefined && error !== null && error !== "") || (status ?? 200) >= 400;
  if (!isFailed) return { response: answer, ...(status === undefined ? {} : { status }) };
  return {
    response: null,
    status: status !== undefined && status >= 400 ? status : 500,
    error: error ?? null,
  };
}

/** A call whose answer is a body: unreadable ones are told, not taken without it. */
export function withAnswer(
  draft: Omit<Draft, "response"> & { readonly response: Fields | null },
  reply: unknown,
): Found {
  const isMissing = draft.response === null && (draft.status ?? 200) < 400;
  if (!isMissing || isEmpty(reply)) return { kind: "call", draft };
  return { kind: "bad-response", detail: `the answer of "${draft.id ?? ""}" is in no form that can be read` };
}

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === "" ||
  (typeof value === "object" && Object.keys(value).length === 0);
