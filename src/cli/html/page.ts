import { CAUSES, type Losses, type Report, type TaskReport } from "../../evaluate/index.ts";
import { CAUSE_WORDS } from "../account.ts";
import { count, dollars, milliseconds, percent } from "../print.ts";
import { markup, Markup } from "./markup.ts";
import { reliabilityPlot } from "./reliability.ts";
import { riskCoveragePlot } from "./risk-coverage.ts";
import { STYLE } from "./style.ts";

// Nothing is fetched and nothing runs: whatever a log holds, the page is inert.
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

/** The report as one page that stands alone: headline, where calls go, a line per task, pictures per specialist. */
export function htmlReport(report: Report): string {
  const pictured = report.tasks.filter(({ picture }) => picture !== null);
  const others = report.tasks.filter(({ picture, form }) => picture === null && form !== null);
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>Understudy: what specialists may answer</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
${headline(report)}
<h2>Tasks</h2>
${taskTable(report.tasks)}
${pictured.length === 0 ? null : markup`<h2>Specialists</h2>`}
${pictured.map(taskCard)}
${others.length === 0 ? null : markup`<h2>Why the others have none</h2>${others.map(otherCard)}`}
</body>
</html>
`;
  return page.toString();
}

function headline(report: Report): Markup {
  const { certifiedShare, certifiedShareInterval: interval, tasks, costUsd } = report;
  const promise = tasks.find(({ certificate }) => certificate !== null)?.certificate ?? null;
  return markup`<h1>Understudy</h1>
<p class="big">${percent(certifiedShare)}</p>
<p>of all calls may be answered by specialists${interval === null ? "" : ` (95 % interval ${percent(interval[0])} to ${percent(interval[1])})`}.
${promise === null ? null : `Of these at most ${percent(promise.epsilon)} differ from the LLM; each certificate with ${percent(1 - promise.delta)} confidence.`}</p>
<p class="soft">${count(report.calls)} calls · ${count(report.sessions)} sessions · ${count(tasks.length)} recurring tasks · ${count(report.unassigned)} one-off calls · cost ${dollars(costUsd.before)} → ${dollars(costUsd.after)}, list prices of ${costUsd.pricesAsOf}</p>
${shareBar(certifiedShare, report.losses)}
${shareKey(certifiedShare, report.losses)}`;
}

type Slice = { readonly name: string; readonly share: number; readonly text: string };

function slices(certified: number, losses: Losses): Slice[] {
  return [
    { name: "certified", share: certified, text: "certified" },
    ...CAUSES.map((cause) => ({ name: cause, share: losses[cause], text: CAUSE_WORDS[cause].long })),
  ].filter(({ share }) => share > 0.0005);
}

function shareBar(certified: number, losses: Losses, size: string = ""): Markup {
  return markup`<div class="bar ${size}">${slices(certified, losses).map(
    ({ name, share, text }) =>
      markup`<i class="s-${name}" style="flex-grow:${Math.round(share * 10_000)}" title="${`${text}: ${percent(share)}`}"></i>`,
  )}</div>`;
}

function shareKey(certified: number, losses: Losses): Markup {
  return markup`<ul class="key">${slices(certified, losses).map(
    ({ name, share, text }) => markup`<li><i class="s-${name}"></i>${text} <b>${percent(share)}</b></li>`,
  )}</ul>`;
}

function taskTable(tasks: readonly TaskReport[]): Markup {
  return markup`<div class="wide"><table>
<tr><th>task</th><th>kind</th><th class="num">calls</th><th class="num">of all</th><th>specialist</th><th>verdict</th><th class="num">differ</th><th class="num">at most</th><th class="num">form</th><th class="num">suspects</th></tr>
${tasks.map(taskRow)}
</table></div>`;
}

function taskRow(task: TaskReport): Markup {
  const { certificate, picture } = task;
  const name = picture === null ? markup`${task.name}` : markup`<a href="#${task.id}">${task.name}</a>`;
  return markup`<tr><td>${name}</td><td class="one">${task.kind}</td><td class="num">${count(task.calls)}</td><td class="num">${percent(task.share)}</td>
<td class="one">${task.specialist?.kind ?? "–"}</td><td>${verdict(task)}</td>
<td class="num">${certificate === null ? "" : `${certificate.k} of ${certificate.n}`}</td><td class="num">${certificate?.verdict === "certified" ? percent(certificate.upper) : ""}</td>
<td class="num">${percent(task.form?.ceiling ?? null, 0)}</td><td class="num">${task.suspects === null ? "–" : count(task.suspects)}</td></tr>
`;
}

function verdict({ certificate }: TaskReport): Markup {
  if (certificate === null) return markup`<span class="verdict soft">LLM</span>`;
  const text =
    certificate.verdict === "certified"
      ? `certified ${percent(certificate.coverage, 0)}`
      : certificate.verdict;
  return markup`<span class="verdict ${certificate.verdict}-text">${text}</span>`;
}

function taskCard(task: TaskReport): Markup {
  const { picture, certificate, specialist } = task;
  if (picture === null || certificate === null) return markup``;
  const size =
    specialist === null
      ? null
      : `${count(specialist.parameters)} learnt numbers, ${(specialist.bytes / 1e6).toFixed(1)} MB, p50 ${milliseconds(specialist.latencyMsP50)}`;
  return markup`<section class="card" id="${task.id}">
<h3>${task.name}</h3>
<p class="soft">${task.kind} · ${count(task.calls)} calls, ${percent(task.share)} of all · ${specialist?.kind ?? ""} (${size}) · ${verdict(task)}</p>
<div class="plots">${reliabilityPlot(picture)}${riskCoveragePlot(picture, certificate)}</div>
<dl><dt>verdict</dt><dd>${certificate.reason}</dd>
${formLines(task)}
<dt>suspects</dt><dd>${suspectText(task)}</dd>
<dt>where calls are lost</dt><dd>${lossText(task)}${shareBar(certificate.coverage, task.losses, "small")}</dd></dl>
</section>
`;
}

function formLines({ form }: TaskReport): Markup | null {
  if (form === null) return null;
  return markup`<dt>can say</dt><dd>${form.summary}</dd><dt>cannot say</dt><dd>${form.cannot}</dd>
<dt>ceiling</dt><dd>${percent(form.ceiling)} of ${count(form.n)} recorded answers can be given at all${
    form.families.length < 2
      ? null
      : ` (${form.families.map(({ family, ceiling }) => `${family} ${percent(ceiling, 0)}`).join(", ")})`
  }</dd>`;
}

function suspectText({ name, suspects, noise }: TaskReport): string {
  if (suspects === null || noise === null) return "too few examples to tell wrong answers from chance";
  const share = `about ${percent(noise)} of the recorded answers seem wrong at random`;
  return suspects === 0
    ? `none; ${share}`
    : `${count(suspects)} likely wrong answers, not trained on (understudy examples ${name} --suspect); ${share}`;
}

function lossText({ losses }: TaskReport): string {
  const told = CAUSES.filter((cause) => losses[cause] > 0.0005).sort((a, b) => losses[b] - losses[a]);
  if (told.length === 0) return "nowhere";
  return told.map((cause) => `${CAUSE_WORDS[cause].long} ${percent(losses[cause])}`).join(" · ");
}

function otherCard(task: TaskReport): Markup {
  return markup`<section class="card"><h3>${task.name}</h3>
<p class="soft">${task.kind} · ${count(task.calls)} calls, ${percent(task.share)} of all</p>
<dl><dt>why</dt><dd>${task.why ?? ""}</dd>${formLines(task)}</dl></section>
`;
}
