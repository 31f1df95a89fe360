import { clopperPearsonInterval } from "../../src/learn/index.ts";
import type { Losses } from "../../src/evaluate/index.ts";
import { describeLosses, type LossRow } from "./losses.ts";

/** A line of `understudy replay --out`. */
export type Replayed = {
  readonly callId: string;
  readonly taskId: string | null;
  readonly servedBy: string;
  readonly score: number | null;
  readonly agrees: boolean | null;
  readonly status: number;
  readonly latencyMs: number;
};

export type HeldRow = {
  readonly task: string;
  readonly calls: number;
  readonly served: number;
  readonly disagreeing: number;
  readonly disagreement: number | null;
  readonly interval: { readonly low: number; readonly high: number } | null;
  /** Within epsilon plus two standard errors of a rate of epsilon at this n. */
  readonly isWithin: boolean | null;
};

export type HeldSummary = {
  readonly whole: HeldRow;
  readonly tasks: readonly HeldRow[];
  readonly failed: number;
};

/** With the calls that the HTTP endpoint answered otherwise than offline evaluation. */
type Compared = HeldSummary & { readonly mismatches: number };

/** What was served on the calls held back, against the recorded answers. */
export function summarizeHeld(
  lines: readonly Replayed[],
  epsilon: number,
  truth: ReadonlyMap<string, { readonly task: string }>,
): HeldSummary {
  const byTask = new Map<string, Replayed[]>();
  for (const line of lines) {
    const task = truth.get(line.callId)?.task ?? "unknown";
    byTask.set(task, [...(byTask.get(task) ?? []), line]);
  }
  const rows = [...byTask]
    .map(([task, group]) => rowOf(task, group, epsilon))
    .filter(({ served }) => served > 0);
  return {
    whole: rowOf("all", lines, epsilon),
    tasks: rows.sort((a, b) => b.served - a.served),
    failed: lines.filter(({ status }) => status >= 500).length,
  };
}

function rowOf(task: string, lines: readonly Replayed[], epsilon: number): HeldRow {
  const served = lines.filter(({ servedBy, agrees }) => servedBy === "specialist" && agrees !== null);
  const disagreeing = served.filter(({ agrees }) => agrees === false).length;
  const n = served.length;
  const allowed = epsilon + 2 * Math.sqrt((epsilon * (1 - epsilon)) / Math.max(1, n));
  return {
    task,
    calls: lines.length,
    served: n,
    disagreeing,
    disagreement: n === 0 ? null : disagreeing / n,
    interval: clopperPearsonInterval(disagreeing, n, 0.95),
    isWithin: n === 0 ? null : disagreeing / n <= allowed,
  };
}

type Result = {
  readonly epsilon: number;
  readonly seconds: number;
  readonly peakMb: number | null;
  readonly certifiedShare: number;
  readonly interval: readonly [number, number] | null;
  readonly tasks: readonly TaskRow[];
  readonly losses: Losses;
  readonly held: Compared;
};
type TaskRow = Omit<LossRow, "certificate"> & {
  readonly kind: string;
  readonly calls: number;
  readonly specialist: { readonly kind: string } | null;
  readonly certificate: {
    readonly verdict: string;
    readonly n: number;
    readonly k: number;
    readonly coverage: number;
    readonly needs?: number;
    readonly sample: number;
  } | null;
};

const percent = (share: number | null): string => (share === null ? "–" : `${(share * 100).toFixed(1)} %`);

/** The whole result as Markdown. */
export function describeHeld({
  machine,
  discovery,
  results,
}: {
  readonly machine: string;
  readonly discovery: Record<string, number>;
  readonly results: readonly Result[];
}): string {
  const found = Object.entries(discovery).map(
    ([name, value]) => `${name} ${Number.isInteger(value) ? value : value.toFixed(4)}`,
  );
  return [
    `## The main job on the mixed log`,
    "",
    `\`npm run bench:mixed -- --write\`; ${machine}.`,
    "",
    `Discovery: ${found.join(", ")}.`,
    "",
    ...results.flatMap(describeResult),
  ].join("\n");
}

function describeResult({
  epsilon,
  seconds,
  peakMb,
  certifiedShare,
  interval,
  tasks,
  losses,
  held,
}: Result): string[] {
  const certified = tasks.filter(({ specialist }) => specialist !== null);
  const range =
    interval === null ? "" : ` (95 % interval ${percent(interval[0])} to ${percent(interval[1])})`;
  return [
    `### epsilon ${epsilon}, delta 0.05`,
    "",
    `certifiedShare ${percent(certifiedShare)}${range}; convert took ${seconds.toFixed(0)} s and ${peakMb === null ? "?" : peakMb.toFixed(0)} MB.`,
    "",
    "| task found | kind | calls | specialist | verdict | disagree / served in the sample | coverage | needs |",
    "|---|---|--:|---|---|--:|--:|--:|",
    ...certified.map(
      ({ name, kind, calls, specialist, certificate }) =>
        `| ${name} | ${kind} | ${calls} | ${specialist?.kind ?? ""} | ${certificate?.verdict ?? "–"} | ${certificate?.k ?? ""} / ${certificate?.n ?? ""} | ${percent(certificate?.coverage ?? null)} | ${certificate?.needs ?? ""} |`,
    ),
    "",
    ...describeLosses({ certifiedShare, losses, tasks }),
    `On held-back sessions, through HTTP, against the recorded answers (${held.mismatches} of ${held.whole.calls} calls came out otherwise than offline):`,
    "",
    "| task (hidden label) | calls | served | disagreement | 95 % interval | within epsilon + 2 SE |",
    "|---|--:|--:|--:|---|---|",
    ...[held.whole, ...held.tasks].map(
      (row) =>
        `| ${row.task} | ${row.calls} | ${row.served} | ${percent(row.disagreement)} (${row.disagreeing}) | ${row.interval === null ? "–" : `${percent(row.interval.low)} – ${percent(row.interval.high)}`} | ${row.isWithin === null ? "–" : row.isWithin ? "yes" : "no"} |`,
    ),
    "",
  ];
}
