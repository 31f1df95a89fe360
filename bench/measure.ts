import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import {
  agrees,
  textOf,
  type ChatRequest,
  type FitOptions,
  type Message,
  type Prediction,
  type SpecialistFamily,
  type TaskInput,
  type TrainingExample,
} from "../src/core/index.ts";
import { clopperPearsonInterval, coverageAtRisk } from "../src/learn/index.ts";

// What the benches of specialists share: reading public data, measuring a family on a split, the table in docs/benchmarks.md.

export type Split = { readonly train: readonly TrainingExample[]; readonly test: readonly TrainingExample[] };

/** A line of a public data set. */
export type Line = {
  readonly split: string;
  readonly request?: ChatRequest;
  readonly response?: { readonly message: Message };
  readonly meta?: { readonly trace_id?: string };
  readonly text?: string;
  readonly label?: number;
};

export type Row = {
  readonly task: string;
  readonly family: string;
  readonly examples: number;
  readonly test: number;
  readonly exact: number;
  readonly exactInterval: { readonly low: number; readonly high: number } | null;
  /** Largest share of the test that, taken by score, agrees to this degree; seen on the test itself, so no promise. */
  readonly coverage99: number;
  readonly coverage98: number;
  readonly coverage95: number;
  readonly trainSeconds: number;
  readonly predictMsP50: number;
  readonly bytes: number;
  /** Of what `judge` says of each prediction; null without one. */
  readonly judged: number | null;
};

export const SEED = 1;
const CONFIDENCE = 0.95;

export type Measurement = {
  readonly task: string;
  readonly family: SpecialistFamily;
  readonly split: Split;
  readonly fit?: Omit<FitOptions, "seed">;
  /** Something else to count in every prediction, given the artifact. */
  readonly judge?: (artifact: Uint8Array) => (prediction: Prediction) => boolean;
};

/** Fits a family on the training part and asks it each of the test, one at a time. */
export async function measure({ task, family, split, fit = {}, judge }: Measurement): Promise<Row> {
  const { train, test } = split;
  const startMs = performance.now();
  const artifact = await family.fit(train, { seed: SEED, ...fit });
  const trainSeconds = (performance.now() - startMs) / 1000;
  const specialist = await family.load(artifact);
  const isGood = judge?.(artifact);
  const timesMs: number[] = [];
  const results: { readonly score: number; readonly agrees: boolean }[] = [];
  let good = 0;
  for (const { input, answer } of test) {
    const before = performance.now();
    const prediction = await specialist.predict(input);
    timesMs.push(performance.now() - before);
    results.push({ score: prediction.score, agrees: agrees(prediction.answer, answer) });
    if (isGood?.(prediction) === true) good += 1;
  }
  await specialist.close?.();
  const right = results.filter((result) => result.agrees).length;
  const coverage = (agreement: number): number => coverageAt(results, agreement);
  return {
    task,
    family: family.kind,
    examples: train.length,
    test: test.length,
    exact: right / test.length,
    exactInterval: clopperPearsonInterval(right, test.length, CONFIDENCE),
    coverage99: coverage(0.99),
    coverage98: coverage(0.98),
    coverage95: coverage(0.95),
    trainSeconds,
    predictMsP50: timesMs.sort((a, b) => a - b)[Math.floor(timesMs.length / 2)],
    bytes: artifact.length,
    judged: isGood === undefined ? null : good / test.length,
  };
}

function coverageAt(
  results: readonly { readonly score: number; readonly agrees: boolean }[],
  agreement: number,
): number {
  const scores = results.map(({ score }) => score);
  const losses = results.map((result) => (result.agrees ? 0 : 1));
  return coverageAtRisk(scores, losses, 1 - agreement)?.coverage ?? 0;
}

export function linesOf(file: string): Line[] {
  const text = gunzipSync(readFileSync(file)).toString();
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

export function userInput(text: string): TaskInput {
  return { parts: [{ role: "user", text }], tools: [] };
}

export function contentAt(request: ChatRequest | undefined, place: number): string {
  const message = request?.messages.at(place);
  return message === undefined ? "" : textOf(message);
}

export function exactText({ exact, exactInterval: interval }: Row): string {
  const range = interval === null ? "no calls" : `${interval.low.toFixed(3)}–${interval.high.toFixed(3)}`;
  return `${exact.toFixed(3)} (${range})`;
}

export function coverageText({ coverage99, coverage98, coverage95 }: Row): string {
  return [coverage99, coverage98, coverage95].map((share) => share.toFixed(2)).join(" / ");
}
