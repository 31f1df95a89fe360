import { clopperPearsonInterval } from "../learn/index.ts";
import type { ReplayedCall } from "./replay.ts";

/** Agreement of n compared answers with its 95 % interval; null where nothing was compared. */
export type Agreement = {
  readonly n: number;
  readonly agreed: number;
  readonly share: number | null;
  readonly low: number | null;
  readonly high: number | null;
};

export type ReplayPart = {
  readonly calls: number;
  /** Answered with status 400 or above, or not at all. */
  readonly failed: number;
  readonly agreement: Agreement;
  readonly latencyMsP50: number | null;
  readonly latencyMsP95: number | null;
};

export type ReplayTask = {
  readonly taskId: string;
  readonly calls: number;
  readonly bySpecialist: ReplayPart;
};

export type ReplaySummary = {
  readonly calls: number;
  readonly specialist: ReplayPart;
  readonly provider: ReplayPart;
  /** Tasks with calls that a specialist answered, most first. */
  readonly tasks: readonly ReplayTask[];
};

const CONFIDENCE = 0.95;

/** The figures of a replay. */
export function summarize(calls: readonly ReplayedCall[]): ReplaySummary {
  const of = (servedBy: ReplayedCall["servedBy"]): ReplayedCall[] =>
    calls.filter((call) => call.servedBy === servedBy);
  const byTask = Map.groupBy(calls, (call) => call.taskId);
  const tasks = [...byTask].flatMap(([taskId, own]) => {
    const served = own.filter((call) => call.servedBy === "specialist");
    return taskId === null || served.length === 0
      ? []
      : [{ taskId, calls: own.length, bySpecialist: partOf(served) }];
  });
  tasks.sort((a, b) => b.bySpecialist.calls - a.bySpecialist.calls || (a.taskId < b.taskId ? -1 : 1));
  return {
    calls: calls.length,
    specialist: partOf(of("specialist")),
    provider: partOf(of("provider")),
    tasks,
  };
}

/** The figures for people. */
export function summaryLines(summary: ReplaySummary): string[] {
  const { calls, specialist, provider, tasks } = summary;
  const lineOf = (name: string, part: ReplayPart): string => {
    const latency =
      part.latencyMsP50 === null || part.latencyMsP95 === null
        ? ""
        : `, p50 ${part.latencyMsP50.toFixed(1)} ms, p95 ${part.latencyMsP95.toFixed(1)} ms`;
    const failed = part.failed === 0 ? "" : `, ${part.failed} failed`;
    return `${name}: ${part.calls} calls (${percent(part.calls, calls)}), ${agreementText(part.agreement)}${failed}${latency}`;
  };
  return [
    `${calls} calls replayed`,
    lineOf("Specialists", specialist),
    lineOf("Provider", provider),
    ...tasks.map((task) => {
      const { bySpecialist } = task;
      return `  ${task.taskId}: ${bySpecialist.calls} of ${task.calls} by the specialist, ${agreementText(bySpecialist.agreement)}`;
    }),
  ];
}

function partOf(calls: readonly ReplayedCall[]): ReplayPart {
  const latencies = calls.map((call) => call.latencyMs).sort((a, b) => a - b);
  return {
    calls: calls.length,
    failed: calls.filter((call) => call.status >= 400).length,
    agreement: agreementOf(calls),
    latencyMsP50: quantile(latencies, 0.5),
    latencyMsP95: quantile(latencies, 0.95),
  };
}

function agreementOf(calls: readonly ReplayedCall[]): Agreement {
  const compared = calls.filter((call) => call.agrees !== null);
  const n = compared.length;
  const agreed = compared.filter((call) => call.agrees === true).length;
  const interval = clopperPearsonInterval(agreed, n, CONFIDENCE);
  if (interval === null) return { n, agreed, share: null, low: null, high: null };
  return { n, agreed, share: agreed / n, ...interval };
}

function agreementText({ n, share, low, high }: Agreement): string {
  if (share === null || low === null || high === null) return "nothing to compare";
  return `agreement ${percent(share)} (${percent(low)} to ${percent(high)}, n = ${n})`;
}

function percent(part: number, whole: number = 1): string {
  return whole === 0 ? "0 %" : `${((100 * part) / whole).toFixed(1)} %`;
}

// The nearest rank; sorted ascending.
function quantile(sorted: readonly number[], share: number): number | null {
  return sorted.length === 0
    ? null
    : sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
}
