import { closeSync, writeSync } from "node:fs";
import type { Report, TaskReport } from "../evaluate/index.ts";
import { reportOn } from "../loop.ts";
import { describeAccount, lossLine } from "./account.ts";
import { openOut, printJson, type Context } from "./context.ts";
import { htmlReport } from "./html/page.ts";
import { clip, count, dollars, milliseconds, paint, percent, table } from "./print.ts";

/** `understudy report`. */
export function reportCommand({ store, loop, clearProgress }: Context, flags: ReportFlags): number {
  const report = reportOn(store, loop);
  clearProgress();
  if (flags.html !== undefined) writePage(flags.html, htmlReport(report));
  if (flags.json === true) printJson(report);
  else {
    process.stdout.write(describeReport(report));
    if (flags.account === true) process.stdout.write(describeAccount(report));
    if (flags.html !== undefined) process.stdout.write(`  pictures in ${flags.html}\n\n`);
  }
  return 0;
}

export type ReportFlags = { readonly json?: boolean; readonly account?: boolean; readonly html?: string };

/** Readable by the owner alone: task names and forms are made of prompts. */
function writePage(path: string, page: string): void {
  const out = openOut("--html", path);
  writeSync(out, page);
  closeSync(out);
}

const NAME_WIDTH = 28;
/** Keeps a row within a terminal of 120 columns. */
const WHY_WIDTH = 44;

/** The report for people: the headline, a line per task with its verdict, what it costs, what to do next. */
export function describeReport(report: Report): string {
  const rows = report.tasks.map(rowOf);
  const columns = [
    { title: "task" },
    { title: "kind" },
    { title: "calls", right: true },
    { title: "of all", right: true },
    { title: "specialist" },
    { title: "verdict" },
    { title: "" },
  ];
  return [
    "",
    `  ${paint("bold", "Understudy")}  ${count(report.calls)} calls · ${count(report.sessions)} sessions · ${count(report.tasks.length)} recurring tasks · ${count(report.unassigned)} one-off calls`,
    "",
    table(columns, rows),
    "",
    ...headline(report),
    "",
  ].join("\n");
}

function rowOf(task: TaskReport): string[] {
  return [
    clip(task.name, NAME_WIDTH),
    task.kind,
    count(task.calls),
    percent(task.share),
    task.specialist === null ? paint("dim", "–") : task.specialist.kind,
    verdictOf(task),
    paint("dim", detailOf(task)),
  ];
}

function verdictOf({ certificate }: TaskReport): string {
  switch (certificate?.verdict) {
    case "certified":
      return paint("green", `certified ${percent(certificate.coverage, 0)}`);
    case "refused":
      return paint("red", "refused");
    case "inconclusive":
      return paint("yellow", "inconclusive");
    case undefined:
      return paint("dim", "LLM");
  }
}

function detailOf({ certificate, why, form }: TaskReport): string {
  // The first clause says what; the rest, with the numbers, is in --json.
  if (certificate === null) return clip(whyShort(why, form), WHY_WIDTH);
  const { verdict, k, n, sample, upper, needs } = certificate;
  if (verdict === "certified") return `${k} of ${n} differ: ≤ ${percent(upper)} (sample ${sample})`;
  if (verdict === "inconclusive")
    return `${k} of ${n} differ; needs ~${needs === undefined ? "?" : count(needs)} more calls`;
  return `even of its ${n} surest, ${k} differ`;
}

/** Below this a form is as good as none. */
const LEAST_CEILING = 0.01;

/** What its answers are beyond, where that was looked at; else the first clause of the reason. */
function whyShort(why: string | null, form: TaskReport["form"]): string {
  const reason = (why ?? "").split(/[:;]/)[0];
  if (form === null || reason.startsWith("only ")) return reason;
  if (form.ceiling < LEAST_CEILING) return "no specialist here can give its answers";
  return `${form.family} can give ${percent(form.ceiling, 0)} of its answers`;
}

function headline(report: Report): string[] {
  const { certifiedShare, certifiedShareInterval, costUsd, tasks } = report;
  const first = tasks.find(({ certificate }) => certificate !== null)?.certificate;
  const promise =
    first === undefined || first === null
      ? []
      : [
          `  of all calls may be answered by specialists; of these at most ${percent(first.epsilon)} differ from the LLM (each certificate: ${percent(1 - first.delta)} confidence)`,
        ];
  const interval =
    certifiedShareInterval === null
      ? ""
      : ` [${percent(certifiedShareInterval[0])} – ${percent(certifiedShareInterval[1])}]`;
  const saved =
    costUsd.before === null || costUsd.after === null || costUsd.before === 0
      ? ""
      : ` (−${percent((costUsd.before - costUsd.after) / costUsd.before)})`;
  const unpriced =
    costUsd.unpricedCalls === 0 ? "" : `, ${count(costUsd.unpricedCalls)} calls without a price`;
  const latencies = tasks.flatMap(({ specialist, certificate }) =>
    certificate?.verdict === "certified" && typeof specialist?.latencyMsP50 === "number"
      ? [specialist.latencyMsP50]
      : [],
  );
  const slowest = latencies.length === 0 ? null : Math.max(...latencies);
  return [
    `  ${paint("bold", `certified share ${percent(certifiedShare)}`)}${interval}`,
    ...promise,
    `  ${lossLine(report)}`,
    `  cost ${dollars(costUsd.before)} → ${dollars(costUsd.after)}${saved}, list prices of ${costUsd.pricesAsOf}${unpriced}`,
    ...(slowest === null
      ? []
      : [`  latency of certified specialists: p50 ${milliseconds(slowest)} at most, in process`]),
  ];
}
