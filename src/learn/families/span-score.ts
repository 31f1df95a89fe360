import { hash32 } from "../../core/index.ts";
import { entryKey } from "../tagger/dictionary.ts";
import type { Segment } from "../tagger/lattice.ts";
import type { Frame } from "./span-frame.ts";
import type { Aligned, Reading, SpanModel } from "./span-model.ts";
import type { TextSource } from "./span-source.ts";

/**
 * How often words, answer patterns and surroundings occur in the training examples, by hash: what tells a new input from a known one,
 * and a known one that is always answered alike from one that is not.
 */
export type Memory = ReadonlyMap<number, number>;

/** Logistic regression on standardised features: P(the answer is exactly right). JSON-safe. */
export type ScoreModel = {
  readonly mean: readonly number[];
  readonly scale: readonly number[];
  readonly weights: readonly number[];
};

export function memoryOf(examples: readonly Aligned[]): Memory {
  const counts = new Map<number, number>();
  const add = (key: number): void => {
    counts.set(key, (counts.get(key) ?? 0) + 1);
  };
  for (const { source, frame } of examples) {
    const words = wordsOf(source);
    for (const word of new Set(words)) add(wordKey(word));
    const pattern = patternKeys(words, frame);
    add(pattern.any);
    add(pattern.same);
    for (const segment of frame.segments) {
      const around = aroundKeys(words, segment);
      add(around.any);
      add(around.same);
    }
  }
  return counts;
}

type Keys = { readonly any: number; readonly same: number };

const wordsOf = (source: TextSource): string[] => source.tokens.map((token) => token.text.toLowerCase());
const wordKey = (word: string): number => hash32(word, 1);

/** The words outside the segments, and these with the decisions. */
function patternKeys(words: readonly string[], frame: Frame): Keys {
  const out: string[] = [];
  let next = 0;
  for (let at = 0; at < words.length; at += 1) {
    const segment = frame.segments[next];
    if (segment === undefined || at < segment.start) out.push(words[at]);
    if (segment !== undefined && at === segment.start) out.push("<>");
    if (segment !== undefined && at === segment.end - 1) next += 1;
  }
  const skeleton = out.join(" ");
  const decisions = `${frame.closed.join(",")}|${frame.segments.map(({ tag }) => tag).join(",")}`;
  return { any: hash32(skeleton, 2), same: hash32(`${skeleton}|${decisions}`, 3) };
}

/** The words before and after a segment, and these with its tag. */
function aroundKeys(words: readonly string[], { tag, start, end }: Segment): Keys {
  const around = `${words[start - 1] ?? "<s>"} ${words[end] ?? "</>"}`;
  return { any: hash32(around, 4), same: hash32(`${around}|${tag}`, 5) };
}

const clamp = (value: number, limit: number): number => Math.max(-limit, Math.min(limit, value));
// Beyond 0.999 the chain believes in itself more than its errors allow.
const MAX_LOGIT = 7;
const CERTAIN = 1e-9;

function logit(p: number): number {
  const inside = Math.min(1 - CERTAIN, Math.max(CERTAIN, p));
  return clamp(Math.log(inside) - Math.log1p(-inside), MAX_LOGIT);
}

/** Numbers that tell a right answer from a wrong one: the chain's own belief, what is new, what is contradictory, and which decisions were taken. */
export function scoreFeatures(
  source: TextSource,
  reading: Reading,
  model: SpanModel,
  memory: Memory,
): number[] {
  const { decoded, closedLog, frame } = reading;
  const { segments } = frame;
  const words = wordsOf(source);
  const log = decoded.logProbability + closedLog;
  const tags = new Float64Array(1 + Math.max(-1, ...model.components.flat()));
  for (const { tag } of segments) tags[tag] = 1;
  const heads = new Float64Array(model.components.length);
  if (model.headField >= 0) heads[frame.closed[model.headField]] = 1;
  return [
    clamp(log, 20),
    logit(Math.exp(log)),
    logit(decoded.weakest),
    clamp(closedLog, 10),
    Math.log1p(segments.length),
    segments.length === 0 ? 1 : 0,
    segments.length > new Set(segments.map(({ tag }) => tag)).size ? 1 : 0,
    Math.max(0, ...segments.map(({ start, end }) => end - start)),
    Math.log1p(words.length),
    source.context.length > 0 ? 1 : 0,
    ...noveltyOf(words, segments, memory),
    ...purityOf(words, frame, memory),
    ...valuePurityOf(words, segments, model),
    ...tags,
    ...heads,
  ];
}

/** Unknown words outside and inside the segments. */
function noveltyOf(words: readonly string[], segments: readonly Segment[], memory: Memory): number[] {
  const inside = new Uint8Array(words.length);
  for (const { start, end } of segments) inside.fill(1, start, end);
  const unknown = words.map((word, at) => (memory.has(wordKey(word)) ? -1 : inside[at]));
  return [0, 1].map((place) => Math.log1p(unknown.filter((value) => value === place).length));
}

const shareOf = (same: number, any: number): number => (same + 0.5) / (any + 1);

/** How many examples have the same pattern and decisions, how many have other decisions; the least share for the surroundings of a segment. */
function purityOf(words: readonly string[], frame: Frame, memory: Memory): number[] {
  const pattern = patternKeys(words, frame);
  const same = memory.get(pattern.same) ?? 0;
  const any = memory.get(pattern.any) ?? 0;
  const around = frame.segments.map((segment) => {
    const keys = aroundKeys(words, segment);
    const count = memory.get(keys.any) ?? 0;
    return { share: shareOf(memory.get(keys.same) ?? 0, count), count };
  });
  const share = Math.min(1, ...around.map((item) => item.share));
  const count = around.length === 0 ? 0 : Math.min(...around.map((item) => item.count));
  return [
    Math.log1p(same),
    Math.log1p(Math.max(0, any - same)),
    shareOf(same, any),
    share,
    Math.log1p(count),
  ];
}

/** Values never seen, values seen only with other tags, and the least share of a value's uses that had its tag. */
function valuePurityOf(words: readonly string[], segments: readonly Segment[], model: SpanModel): number[] {
  const known = segments.map(({ tag, start, end }) => {
    const counts = model.dictionary.get(entryKey(words.slice(start, end)));
    const any = [...(counts?.values() ?? [])].reduce((sum, count) => sum + count, 0);
    return { same: counts?.get(tag) ?? 0, any };
  });
  const fresh = known.filter(({ any }) => any === 0).length;
  const other = known.filter(({ same, any }) => any > 0 && same === 0).length;
  return [fresh, other, Math.min(1, ...known.map(({ same, any }) => shareOf(same, any)))];
}

// What is believed before an error was seen, for the features in the order of scoreFeatures: the chain's belief counts as it is,
// unknown words count against the answer. Where there are few errors this alone orders the answers.
const PRIOR: readonly number[] = [0, 0.3, 0.3, 0.5, 0, 0, 0, 0, 0, 0, -1, -0.5, 0.2];
const RIDGE = 3;
const NEWTON_STEPS = 20;

/**
 * Logistic regression by Newton's method, with a Gaussian prior around what is believed. x: n ≥ 1 rows of d finite features.
 * O(steps × (n d² + d³)).
 */
export function fitScore(
  x: readonly (readonly number[])[],
  right: readonly boolean[],
  believed: readonly number[] = PRIOR,
): ScoreModel {
  const d = x[0].length;
  const mean = Array.from({ length: d }, (_, j) => x.reduce((sum, row) => sum + row[j], 0) / x.length);
  const scale = mean.map((m, j) =>
    Math.max(LEAST_SCALE, Math.sqrt(x.reduce((sum, row) => sum + (row[j] - m) ** 2, 0) / x.length)),
  );
  const rows = x.map((row) => standardised({ mean, scale }, row));
  const prior = [0, ...scale.map((unit, j) => (believed[j] ?? 0) * unit)];
  let weights = prior.map(() => 0);
  let loss = lossOf(rows, right, weights, prior);
  for (let step = 0; step < NEWTON_STEPS; step += 1) {
    const change = newtonStep(rows, right, weights, prior);
    let length = 1;
    let next = weights;
    let nextLoss = Infinity;
    // Full steps can overshoot where the belief is almost certain.
    for (; length > MIN_STEP && !(nextLoss <= loss); length /= 2) {
      next = weights.map((weight, j) => weight + length * change[j]);
      nextLoss = lossOf(rows, right, next, prior);
    }
    if (!(nextLoss <= loss)) break;
    weights = next;
    loss = nextLoss;
  }
  return { mean, scale, weights };
}

const MIN_STEP = 1e-3;

/** Minus the log of likelihood and prior. */
function lossOf(
  rows: readonly (readonly number[])[],
  right: readonly boolean[],
  weights: readonly number[],
  prior: readonly number[],
): number {
  const penalty = weights.reduce((sum, weight, j) => sum + (ridgeOf(j) / 2) * (weight - prior[j]) ** 2, 0);
  return rows.reduce((sum, row, n) => {
    const value = dot(row, weights) * (right[n] ? -1 : 1);
    return sum + (value > 0 ? value + Math.log1p(Math.exp(-value)) : Math.log1p(Math.exp(value)));
  }, penalty);
}

/** The intercept has a prior too, a weak one: it stays finite when every answer was right. */
const INTERCEPT_RIDGE = 0.1;
const ridgeOf = (j: number): number => (j === 0 ? INTERCEPT_RIDGE : RIDGE);

function newtonStep(
  rows: readonly (readonly number[])[],
  right: readonly boolean[],
  weights: readonly number[],
  prior: readonly number[],
): number[] {
  const size = weights.length;
  const gradient = weights.map((weight, j) => ridgeOf(j) * (prior[j] - weight));
  const hessian = weights.map((_, i) => weights.map((__, j) => (i === j ? ridgeOf(i) : 0)));
  rows.forEach((row, n) => {
    const p = sigmoid(dot(row, weights));
    const curve = Math.max(1e-6, p * (1 - p));
    for (let i = 0; i < size; i += 1) {
      gradient[i] += ((right[n] ? 1 : 0) - p) * row[i];
      for (let j = 0; j <= i; j += 1) hessian[i][j] += curve * row[i] * row[j];
    }
  });
  for (let i = 0; i < size; i += 1) for (let j = i + 1; j < size; j += 1) hessian[i][j] = hessian[j][i];
  return solve(hessian, gradient);
}

/** P(right), in (0, 1). */
export function scoreOf(model: ScoreModel, features: readonly number[]): number {
  return sigmoid(dot(standardised(model, features), model.weights));
}

// A feature that hardly varied among the examples must not decide alone when an input is far from all of them.
const LEAST_SCALE = 0.25;
const MOST_DEVIATIONS = 6;

function standardised(model: Pick<ScoreModel, "mean" | "scale">, features: readonly number[]): number[] {
  return [1, ...features.map((value, j) => clamp((value - model.mean[j]) / model.scale[j], MOST_DEVIATIONS))];
}

const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));
const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, index) => sum + value * b[index], 0);

/** Solves a symmetric positive definite system by Cholesky's decomposition. */
function solve(matrix: readonly number[][], right: readonly number[]): number[] {
  const n = right.length;
  const lower = matrix.map((row) => [...row]);
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = matrix[i][j];
      for (let k = 0; k < j; k += 1) sum -= lower[i][k] * lower[j][k];
      lower[i][j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / lower[j][j];
    }
  }
  const y = [...right];
  for (let i = 0; i < n; i += 1) {
    for (let k = 0; k < i; k += 1) y[i] -= lower[i][k] * y[k];
    y[i] /= lower[i][i];
  }
  for (let i = n - 1; i >= 0; i -= 1) {
    for (let k = i + 1; k < n; k += 1) y[i] -= lower[k][i] * y[k];
    y[i] /= lower[i][i];
  }
  return y;
}
