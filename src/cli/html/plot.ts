import { percent } from "../print.ts";
import { markup, type Markup } from "./markup.ts";

/** A plot's frame in the units of its viewBox. */
export const PLOT = { width: 380, height: 300, left: 58, right: 22, top: 14, bottom: 44 } as const;

export type Scale = (value: number) => number;

/** A linear scale from shares onto the inside of the frame. */
export function scales(
  x: readonly [number, number],
  y: readonly [number, number],
): { readonly x: Scale; readonly y: Scale } {
  const { width, height, left, right, top, bottom } = PLOT;
  return {
    x: (value) => left + ((value - x[0]) / (x[1] - x[0])) * (width - left - right),
    y: (value) => height - bottom - ((value - y[0]) / (y[1] - y[0])) * (height - top - bottom),
  };
}

const STEPS = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2];
const MOST_TICKS = 6;

/** Round values within a range, a handful. */
export function ticks([from, to]: readonly [number, number]): number[] {
  const step = STEPS.find((size) => (to - from) / size <= MOST_TICKS) ?? 0.25;
  const first = Math.ceil(from / step - 1e-9);
  const count = Math.floor(to / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, index) => (first + index) * step);
}

export type Axis = { readonly range: readonly [number, number]; readonly title: string };

/** Grid, ticks and titles, with what is drawn on them. `label` is read out where pictures are not seen. */
export function plot(
  axes: { readonly x: Axis; readonly y: Axis },
  label: string,
  drawn: readonly Markup[],
): Markup {
  const { width, height, left, right, top, bottom } = PLOT;
  const { x, y } = scales(axes.x.range, axes.y.range);
  const middle = (top + height - bottom) / 2;
  return markup`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
${ticks(axes.y.range).map(
  (value) => markup`<line class="grid" x1="${left}" x2="${width - right}" y1="${y(value)}" y2="${y(value)}"/>
<text class="tick" x="${left - 6}" y="${y(value) + 3.5}" text-anchor="end">${tick(value)}</text>`,
)}
${ticks(axes.x.range).map(
  (value) =>
    markup`<text class="tick" x="${x(value)}" y="${height - bottom + 16}" text-anchor="middle">${tick(value)}</text>`,
)}
<line class="axis" x1="${left}" x2="${width - right}" y1="${height - bottom}" y2="${height - bottom}"/>
<text class="title" x="${(left + width - right) / 2}" y="${height - 8}" text-anchor="middle">${axes.x.title}</text>
<text class="title" transform="translate(12 ${middle}) rotate(-90)" text-anchor="middle">${axes.y.title}</text>
${drawn}
</svg>`;
}

/** 5 %, 0.5 %. */
function tick(value: number): string {
  const isWhole = Math.abs(value * 100 - Math.round(value * 100)) < 1e-6;
  return percent(value, isWhole ? 0 : 1);
}
