import { hash32 } from "../../core/index.ts";
import { entryKey } from "../tagger/dictionary.ts";
import type { SpanModel, Reading } from "./span-model.ts";
import type { TextSource } from "./span-source.ts";

/** What is remembered of the training examples to tell how new an input is: hashes only. */
export type Memory = {
  readonly words: ReadonlySet<number>;
  /** Answer patterns: the words outside the segments and the tags, with the number of examples. */
  readonly patterns: ReadonlyMap<number, number>;
};

/** Logistic regression on standardised features: P(the answer is exactly right). JSON-safe. */
export type ScoreModel = {
  readonly mean: readonly number[];
  readonly scale: readonly number[];
  readonly weights: readonly number[];
};

const clamp = (value: number, limit: number): number => Math.max(-limit, Math.min(limit, value));
const logit = (p: number): number => clamp(Math.log(p) - Math.log1p(-p), 12);

/** Words outside the segments and tags of the segments, in order. */
export function patternOf(source: TextSource, reading: Pick<Reading, "frame">): number {
  const { segments, closed } = reading.frame;
  const out: string[] = [closed.join(",")];
  for (let at = 0; at < source.tokens.length; at += 1) {
    const segment = segments.find(({ start, end }) => at >= start && at < end);
    if (segment === undefined) out.push(source.tokens[at].text.toLowerCase());
    else if (segment.start === at) out.push(`<${segment.tag}>`);
  }
  return hash32(out.join(" "));
}

/** Numbers that tell a right answer from a wrong one; the last ones say which tags and head values the answer has. */
export function scoreFeatures(
  source: TextSource,
  reading: Reading,
  model: SpanModel,
  memory: Memory,
): number[] {
  const { decoded, closedLog, frame } = reading;
  const log = decoded.logProbability + closedLog;
  const words = source.tokens.map((token) => token.text.toLowerCase());
  const inside = new Uint8Array(words.length);
  for (const { start, end } of frame.segments) inside.fill(1, start, end);
  const unknown = words.map((word, at) => (memory.words.has(hash32(word)) ? -1 : inside[at]));
  const values = frame.segments.map(({ tag, start, end }) => {
    const known = model.dictionary.get(entryKey(words.slice(start, end)));
    return known === undefined ? "new" : known.has(tag) ? "same" : "other";
  });
  const tags = new Float64Array(tagCount(model));
  for (const { tag } of frame.segments) tags[tag] += 1;
  const heads = new Float64Array(model.components.length);
  if (model.headField >= 0) heads[frame.closed[model.headField]] = 1;
  return [
    clamp(log, 20),
    logit(Math.min(1 - 1e-9, Math.exp(log))),
    logit(Math.min(1 - 1e-9, Math.max(1e-9, decoded.weakest))),
    clamp(closedLog, 10),
    Math.log1p(frame.segments.length),
    Math.log1p(words.length),
    Math.log1p(unknown.filter((value) => value === 0).length),
    Math.log1p(unknown.filter((value) => value === 1).length),
    values.filter((value) => value === "new").length,
    values.filter((value) => value === "other").length,
    Math.log1p(memory.patterns.get(patternOf(source, reading)) ?? 0),
    frame.segments.length > new Set(frame.segments.map((segment) => segment.tag)).size ? 1 : 0,
    Math.max(0, ...frame.segments.map(({ start, end }) => end - start)),
    ...tags,
    ...heads,
  ];
}

const tagCount = (model: SpanModel): number => 1 + Math.max(-1, ...model.components.flat());

const RIDGE = 3;
const NEWTON_STEPS = 12;

/** Ridge logistic regression by Newton's method. x: n rows of d finite features. O(steps × (n d² + d³)). */
export function fitScore(x: readonly (readonly number[])[], right: readonly boolean[]): ScoreModel {
  const d = x[0].length;
  const mean = Array.from({ length: d }, (_, j) => x.reduce((sum, row) => sum + row[j], 0) / x.length);
  const scale = mean.map(
    (m, j) => Math.sqrt(x.reduce((sum, row) => sum + (row[j] - m) ** 2, 0) / x.length) || 1,
  );
  const rows = x.map((row) => [1, ...row.map((value, j) => (value - mean[j]) / scale[j])]);
  let weights: number[] = Array.from({ length: d + 1 }, () => 0);
  for (let step = 0; step < NEWTON_STEPS; step += 1) {
    const gradient = weights.map((weight, j) => (j === 0 ? 0 : -RIDGE * weight));
    const hessian = weights.map((_, i) => weights.map((__, j) => (i === j ? (i === 0 ? 1e-6 : RIDGE) : 0)));
    rows.forEach((row, n) => {
      const p = sigmoid(dot(row, weights));
      const curve = Math.max(1e-6, p * (1 - p));
      for (let i = 0; i <= d; i += 1) {
        gradient[i] += ((right[n] ? 1 : 0) - p) * row[i];
        for (let j = 0; j <= i; j += 1) hessian[i][j] += curve * row[i] * row[j];
      }
    });
    for (let i = 0; i <= d; i += 1) for (let j = i + 1; j <= d; j += 1) hessian[i][j] = hessian[j][i];
    const change = solve(hessian, gradient);
    weights = weights.map((weight, j) => weight + change[j]);
  }
  return { mean, scale, weights };
}

/** P(right), in (0, 1). */
export function scoreOf(model: ScoreModel, features: readonly number[]): number {
  const row = [1, ...features.map((value, j) => (value - model.mean[j]) / model.scale[j])];
  return sigmoid(dot(row, model.weights));
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
