import type { Picture } from "../../evaluate/index.ts";
import { clopperPearsonInterval } from "../../learn/index.ts";
import { percent } from "../print.ts";
import { markup, type Markup } from "./markup.ts";
import { plot, PLOT, scales } from "./plot.ts";

/** Where the axes may begin: scores are seldom low, and a picture of the upper part shows more. */
const STARTS = [0.9, 0.8, 0.6, 0.4, 0.2, 0];
const CONFIDENCE = 0.95;
/** Height of the highest bar of counts. */
const BARS = 34;

/** How often answers agree, by how sure the specialist was: on the dashed line a score means what it says. */
export function reliabilityPlot({ bins, ece }: Picture): Markup | null {
  if (bins.length === 0) return null;
  const points = bins.map(({ n, score, agreed }) => ({
    n,
    score,
    agreement: agreed / n,
    // n is at least 1: a bin without calls is not made.
    interval: clopperPearsonInterval(agreed, n, CONFIDENCE)!,
  }));
  const lowest = Math.min(...points.map(({ score, interval }) => Math.min(score, interval.low)));
  const start = STARTS.find((value) => value <= lowest) ?? 0;
  const range = [start, 1] as const;
  const { x, y } = scales(range, range);
  const floor = PLOT.height - PLOT.bottom;
  const most = Math.max(...points.map(({ n }) => n));
  const line = points.map(({ score, agreement }) => `${x(score).toFixed(1)},${y(agreement).toFixed(1)}`);
  const drawn = [
    ...points.map(
      ({ n, score }) =>
        markup`<rect class="count" x="${x(score) - 2.5}" width="5" y="${floor - (n / most) * BARS}" height="${(n / most) * BARS}"/>`,
    ),
    markup`<line class="ideal" x1="${x(start)}" y1="${y(start)}" x2="${x(1)}" y2="${y(1)}"/>`,
    markup`<polyline class="line" points="${line.join(" ")}"/>`,
    ...points.map(
      ({ n, score, agreement, interval }) =>
        markup`<g><title>${`${n} calls: ${percent(score)} sure, ${percent(agreement)} agreed (95 % interval ${percent(interval.low)} to ${percent(interval.high)})`}</title>
<line class="whisker" x1="${x(score)}" x2="${x(score)}" y1="${y(interval.low)}" y2="${y(interval.high)}"/>
<circle class="dot" cx="${x(score)}" cy="${y(agreement)}" r="4"/></g>`,
    ),
  ];
  const label = `Reliability: calibration error ${percent(ece)} over ${points.length} bins`;
  return markup`<figure><figcaption><b>Does the score mean what it says?</b> calibration error ${percent(ece)}</figcaption>
${plot({ x: { range, title: "how sure (calibrated score)" }, y: { range, title: "agreed with the LLM" } }, label, drawn)}
<p class="note">Bins of ${points[0].n}${points.some(({ n }) => n !== points[0].n) ? "–" + most : ""} calls, with 95 % intervals; bars: calls per bin; dashed: perfectly calibrated.</p></figure>`;
}
