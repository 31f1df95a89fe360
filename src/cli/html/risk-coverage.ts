import type { Picture, TaskReport } from "../../evaluate/index.ts";
import { percent } from "../print.ts";
import { markup, type Markup } from "./markup.ts";
import { plot, scales } from "./plot.ts";

/** The first calls of a curve jump with every disagreement; they are drawn from this many on. */
const LEAST_CALLS = 10;
/** The picture reaches to so many times what is allowed: what is beyond is far from a certificate. */
const MOST_EPSILONS = 4;

/** What serving more costs: disagreement among the surest calls, with what was certified. */
export function riskCoveragePlot(picture: Picture, certificate: TaskReport["certificate"]): Markup | null {
  const shown = picture.curve.filter(({ n }) => n >= LEAST_CALLS);
  if (shown.length === 0 || certificate === null) return null;
  const { epsilon, verdict, coverage, n, k, upper } = certificate;
  const isCertified = verdict === "certified";
  const worst = Math.max(...shown.map((point) => point.k / point.n), upper ?? 0);
  const top = Math.min(worst * 1.1, Math.max(epsilon * MOST_EPSILONS, 0.02));
  const ranges = { x: [0, 1] as const, y: [0, Math.max(top, epsilon * 1.5)] as const };
  const { x, y } = scales(ranges.x, ranges.y);
  const inside = shown.filter((point) => point.k / point.n <= ranges.y[1]);
  const line = inside.map((point) => `${x(point.coverage).toFixed(1)},${y(point.k / point.n).toFixed(1)}`);
  const isLeft = coverage > 0.55;
  const drawn = [
    markup`<rect class="allowed" x="${x(0)}" width="${x(1) - x(0)}" y="${y(epsilon)}" height="${y(0) - y(epsilon)}"/>`,
    markup`<line class="limit" x1="${x(0)}" x2="${x(1)}" y1="${y(epsilon)}" y2="${y(epsilon)}"/>`,
    markup`<text class="label" x="${x(0) + 4}" y="${y(epsilon) - 5}">allowed: ${percent(epsilon)}</text>`,
    markup`<polyline class="line" points="${line.join(" ")}"/>`,
    isCertified && upper !== null
      ? markup`<g><title>${`certified: ${k} of ${n} calls disagreed, at most ${percent(upper)} with confidence`}</title>
<line class="certified" x1="${x(coverage)}" x2="${x(coverage)}" y1="${y(k / n)}" y2="${y(upper)}"/>
<circle class="certified" cx="${x(coverage)}" cy="${y(k / n)}" r="5"/></g>
<text class="label strong" x="${x(coverage) + (isLeft ? -9 : 9)}" y="${y(k / n) + 16}" text-anchor="${isLeft ? "end" : "start"}">certified ${percent(coverage, 0)}: ${k} of ${n}</text>`
      : markup``,
  ];
  const label = `Disagreement by coverage; ${isCertified ? `certified at ${percent(coverage)}` : "nothing certified"}`;
  const note = isCertified
    ? "Every point serves the surest calls up to there. The bar above the certified point is the proven bound; the curve itself proves nothing."
    : "Every point serves the surest calls up to there. The curve itself proves nothing.";
  return markup`<figure><figcaption><b>What would serving more cost?</b> ${percent(picture.disagreements / Math.max(1, picture.sample - picture.unserved))} disagree over all</figcaption>
${plot({ x: { range: ranges.x, title: "share of calls served (coverage)" }, y: { range: ranges.y, title: "disagreement" } }, label, drawn)}
<p class="note">${note} Sample of ${picture.sample} calls.</p></figure>`;
}
