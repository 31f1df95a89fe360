// The loss curve of a run as a picture: base/training.json in, base/loss.svg out.
// Usage: node scripts/pretrain/picture.ts [FOLDER]
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { HistoryEntry } from "../../src/engine/index.ts";
import { BASE } from "./paths.ts";

type Run = { readonly tokens: number; readonly steps: number; readonly history: readonly HistoryEntry[] };
type Point = { readonly x: number; readonly y: number };

const WIDTH = 720;
const HEIGHT = 360;
const LEFT = 56;
const RIGHT = 24;
const TOP = 40;
const BOTTOM = 48;
const INK = "#1f2933";
const GRID = "#d9dee4";
const COLOURS = { training: "#7a8794", heldOut: "#0b6e99" };

/** Both curves over tokens seen, as SVG. */
export function lossPicture({ tokens, steps, history }: Run): string {
  const millions = (step: number): number => (step / steps) * (tokens / 1e6);
  const held = history.flatMap(({ step, developmentLoss }) =>
    developmentLoss === null ? [] : [{ x: millions(step), y: developmentLoss }],
  );
  const trained = history.map(({ step, trainLoss }) => ({ x: millions(step), y: trainLoss }));
  const xMax = tokens / 1e6;
  const yMax = Math.ceil(Math.max(...[...trained, ...held].map(({ y }) => y)));
  const place = ({ x, y }: Point): Point => ({
    x: LEFT + (x / xMax) * (WIDTH - LEFT - RIGHT),
    y: HEIGHT - BOTTOM - (y / yMax) * (HEIGHT - TOP - BOTTOM),
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="13" fill="${INK}">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    `<text x="${LEFT}" y="22" font-size="15">Loss (nats per token) of the base while it was trained</text>`,
    ...Array.from({ length: yMax + 1 }, (_, y) => horizontal(place({ x: 0, y }).y, String(y))),
    ...ticks(xMax).map((x) => below(place({ x, y: 0 }).x, String(x))),
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">million tokens seen</text>`,
    curve(trained.map(place), COLOURS.training, "training (prompts count 0.15)"),
    curve(held.map(place), COLOURS.heldOut, "held-out kinds of slots and domains, answers only"),
    legend(0, COLOURS.training, "training, prompts counted 0.15"),
    legend(1, COLOURS.heldOut, "held-out slot types and domains, answers only"),
    "</svg>\n",
  ].join("\n");
}

const ticks = (xMax: number): number[] => {
  const step = [1, 2, 5, 10, 20, 50].find((size) => xMax / size <= 10) ?? 100;
  return Array.from({ length: Math.floor(xMax / step) + 1 }, (_, index) => index * step);
};

const horizontal = (y: number, label: string): string =>
  `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}" stroke="${GRID}"/><text x="${LEFT - 8}" y="${y + 4}" text-anchor="end">${label}</text>`;

const below = (x: number, label: string): string =>
  `<text x="${x}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${label}</text>`;

function curve(points: readonly Point[], colour: string, title: string): string {
  const path = points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"><title>${title}</title></polyline>`;
}

const legend = (row: number, colour: string, label: string): string => {
  const y = TOP + 14 + row * 20;
  const x = WIDTH - RIGHT - 352;
  return `<line x1="${x}" x2="${x + 24}" y1="${y - 4}" y2="${y - 4}" stroke="${colour}" stroke-width="2"/><text x="${x + 32}" y="${y}">${label}</text>`;
};

if (import.meta.main) {
  const folder = resolve(process.argv[2] ?? BASE);
  const run = JSON.parse(readFileSync(join(folder, "training.json"), "utf8")) as Run;
  writeFileSync(join(folder, "loss.svg"), lossPicture(run));
}
