export type Period = "minute" | "hour" | "day" | "month";

const FIXED_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/** The window that a time is in: calendar windows in UTC, so that every process and every restart agrees on them. */
export function windowAt(per: Period, nowMs: number): { readonly startMs: number; readonly endMs: number } {
  if (per === "month") {
    const now = new Date(nowMs);
    const [year, month] = [now.getUTCFullYear(), now.getUTCMonth()];
    return { startMs: Date.UTC(year, month), endMs: Date.UTC(year, month + 1) };
  }
  const startMs = Math.floor(nowMs / FIXED_MS[per]) * FIXED_MS[per];
  return { startMs, endMs: startMs + FIXED_MS[per] };
}
