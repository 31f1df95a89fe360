import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import {
  agrees,
  HouseError,
  textOf,
  type ChatRequest,
  type FitOptions,
  type Message,
  type Prediction,
  type SpecialistFamily,
  type TaskInput,
  type TrainingExample,
} from "../src/core/index.ts";
import { clopperPearsonInterval, coverageAtRisk, outputFormOf } from "../src/learn/index.ts";

// What the benches of specialists share: reading public data, measuring a family on a split, the table in docs/benchmarks.md.

export type Split = { readonly train: readonly TrainingExample[]; readonly test: readonly TrainingExample[] };

/** A line of a public data set. */
export type Line = {
  readonly split: string;
  readonly request?: ChatRequest;
  readonly response?: { readonly message: Message };
  readonly id?: string;
  readonly meta?: { readonly trace_id?: string; readonly template_id?: number; readonly domain?: string };
  readonly spans?: readonly { readonly start: number; readonly end: number; readonly type: string }[];
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
  /** Share of the test answers that the family's output form can express at all; null where it has none. */
  readonly ceiling: number | null;
  /** Largest share of the test that, taken by score, agrees to this degree; seen on the test itself, so no promise. */
  readonly coverage99: number;
  readonly coverage98: number;
  readonly coverage95: number;
  readonly trainSeconds: number;
  readonly predictMsP50: number;
  /** Of the largest artifact. */
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

/** What one specialist said of its test. */
type Outcome = {
  readonly results: readonly { readonly score: number; readonly agrees: boolean }[];
  readonly timesMs: readonly number[];
  readonly trainSeconds: number;
  readonly bytes: number;
  readonly examples: number;
  /** Test answers that its form can express; null where it has none. */
  readonly expressible: number | null;
  readonly good: number | null;
};

/** Fits a family on the training part and asks it each of the test, one at a time. */
export async function measure(measurement: Measurement): Promise<Row> {
  return measureEach(measurement, [measurement.split]);
}

/** The same with a specialist of its own for each split; their answers are counted together, those of a refused one as unanswered. */
export async function measureEach(
  { task, family, fit, judge }: Omit<Measurement, "split">,
  splits: readonly Split[],
): Promise<Row> {
  const outcomes: Outcome[] = [];
  for (const split of splits) {
    const optional = { ...(fit === undefined ? {} : { fit }), ...(judge === undefined ? {} : { judge }) };
    try {
      outcomes.push(await ask({ task, family, split, ...optional }));
    } catch (error) {
      const isRefused = error instanceof HouseError && error.code === "nothing-to-do";
      if (!isRefused || splits.length === 1) throw error;
      outcomes.push(unanswered(split));
    }
  }
  const results = outcomes.flatMap((outcome) => outcome.results);
  const timesMs = outcomes.flatMap((outcome) => outcome.timesMs).sort((a, b) => a - b);
  const right = results.filter((result) => result.agrees).length;
  const coverage = (agreement: number): number => coverageAt(results, agreement);
  const sum = (valueOf: (outcome: Outcome) => number | null): number =>
    outcomes.reduce((total, outcome) => total + (valueOf(outcome) ?? 0), 0);
  return {
    task,
    family: family.kind,
    examples: sum(({ examples }) => examples),
    test: results.length,
    exact: right / results.length,
    exactInterval: clopperPearsonInterval(right, results.length, CONFIDENCE),
    ceiling: outcomes.some(({ expressible }) => expressible === null)
      ? null
      : sum(({ expressible }) => expressible) / results.length,
    coverage99: coverage(0.99),
    coverage98: coverage(0.98),
    coverage95: coverage(0.95),
    trainSeconds: sum(({ trainSeconds }) => trainSeconds),
    predictMsP50: timesMs[Math.floor(timesMs.length / 2)],
    bytes: Math.max(...outcomes.map(({ bytes }) => bytes)),
    judged: judge === undefined ? null : sum(({ good }) => good) / results.length,
  };
}

const unanswered = ({ train, test }: Split): Outcome => ({
  results: test.map(() => ({ score: 0, agrees: false })),
  timesMs: [],
  trainSeconds: 0,
  bytes: 0,
  examples: train.length,
  expressible: 0,
  good: 0,
});

async function ask({ family, split, fit = {}, judge }: Measurement): Promise<Outcome> {
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
  return {
    results,
    timesMs,
    trainSeconds,
    bytes: artifact.length,
    examples: train.length,
    expressible: outputFormOf(family.kind, train)?.canSay(test).filter(Boolean).length ?? null,
    good: isGood === undefined ? null : good,
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
