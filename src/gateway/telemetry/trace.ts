/** Where a call stands in a trace: https://www.w3.org/TR/trace-context-1/#traceparent-header */
export type TraceContext = {
  readonly traceId: string;
  /** The caller's span; null when the trace begins here. */
  readonly parentId: string | null;
  readonly isSampled: boolean;
};

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const SAMPLED = 1;

/** Reads a `traceparent`; null when there is none or it is not one: the trace then begins anew, as the standard says. */
export function readTraceparent(header: string | null): TraceContext | null {
  const match = header === null ? null : TRACEPARENT.exec(header.trim());
  if (match === null) return null;
  const [, version, traceId, parentId, flags, rest] = match;
  // Version 00 has nothing more; ff is forbidden; ids of zeros are none.
  if (version === "ff" || (version === "00" && rest !== undefined)) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return null;
  return { traceId, parentId, isSampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED };
}
