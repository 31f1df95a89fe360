import { describe, expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { forwardBackward, linksOf, pathScore, viterbi, type Scores } from "./chain.ts";
import { headGradient, linkGradient, scoresOf, tokenGradient, type Crf, type Row } from "./crf.ts";
import { buildLattice, pathOf, segmentsOf, type Lattice } from "./lattice.ts";

const LENGTH = 4;
const FEATURES = 3;
const lattice = buildLattice({ components: [[0, 1], [1]], tags: 2, repeatable: [false, true] });
const random = seededRandom("chain");
const draw = (size: number): Float32Array => Float32Array.from({ length: size }, () => 2 * random.next() - 1);
const weights: Crf = {
  token: draw(FEATURES * lattice.labels),
  head: draw(2 * lattice.heads),
  link: draw(lattice.links),
};
const row: Row = {
  tokens: [[0], [1, 2], [0, 2], [1]].map((features) => Int32Array.from(features)),
  split: new Int32Array(LENGTH),
  head: Int32Array.of(0, 1),
  mask: Uint8Array.of(0, 0, 1, 2),
};

function allPaths(graph: Lattice, length: number): Int32Array[] {
  let paths = Array.from({ length: graph.states }, (_, state) => [state]);
  for (let at = 1; at < length; at += 1) {
    paths = paths.flatMap((path) => Array.from({ length: graph.states }, (_, state) => [...path, state]));
  }
  return paths.map((path) => Int32Array.from(path));
}

/** ln score of a path with the mask obeyed; −Infinity where it is not. */
function maskedScore(scores: Scores, crf: Crf, path: Int32Array): number {
  const isBroken = [...path].some((state, at) => {
    const place = lattice.placeOf[state];
    return (scores.mask[at] === 1 && place === 2) || (scores.mask[at] === 2 && place !== 0);
  });
  return isBroken ? -Infinity : pathScore(lattice, linksOf(lattice, crf.link), scores, path);
}

function bruteForce(crf: Crf): { paths: Int32Array[]; scores: number[]; logTotal: number } {
  const scored = scoresOf(lattice, crf, row);
  const paths = allPaths(lattice, LENGTH);
  const scores = paths.map((path) => maskedScore(scored, crf, path));
  const logTotal = Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0));
  return { paths, scores, logTotal };
}

describe("forwardBackward", () => {
  const scored = scoresOf(lattice, weights, row);
  const run = forwardBackward(lattice, linksOf(lattice, weights.link), scored);
  const brute = bruteForce(weights);

  test("ln Z is the sum over all paths", () => {
    expect(run.logTotal).toBeCloseTo(brute.logTotal, 9);
  });

  test("marginals are the shares of the paths through each state", () => {
    const wanted = new Float64Array(LENGTH * lattice.states);
    brute.paths.forEach((path, index) => {
      path.forEach((state, at) => {
        wanted[at * lattice.states + state] += Math.exp(brute.scores[index] - brute.logTotal);
      });
    });
    expect(Math.max(...run.marginal.map((value, index) => Math.abs(value - wanted[index])))).toBeLessThan(
      1e-9,
    );
  });

  test("viterbi() finds the best of all paths", () => {
    const best = brute.scores.indexOf(Math.max(...brute.scores));
    const found = viterbi(lattice, linksOf(lattice, weights.link), scored);
    expect([...found.path]).toEqual([...brute.paths[best]]);
    expect(found.score).toBeCloseTo(brute.scores[best], 9);
  });
});

describe("gradients of −ln P(path)", () => {
  const path = pathOf(lattice, 0, [{ tag: 1, start: 0, end: 2 }], LENGTH) ?? new Int32Array(0);
  const loss = (crf: Crf): number => {
    const scored = scoresOf(lattice, crf, row);
    const links = linksOf(lattice, crf.link);
    return forwardBackward(lattice, links, scored).logTotal - pathScore(lattice, links, scored, path);
  };
  const run = forwardBackward(lattice, linksOf(lattice, weights.link), scoresOf(lattice, weights, row));
  const STEP = 1 / 64;
  const slopes = (part: keyof Crf): number[] =>
    Array.from(weights[part], (_, index) => {
      const moved = (by: number): Crf => ({
        ...weights,
        [part]: weights[part].map((value, at) => (at === index ? value + by : value)),
      });
      return (loss(moved(STEP)) - loss(moved(-STEP))) / (2 * STEP);
    });
  const distance = (a: readonly number[], b: readonly number[]): number =>
    Math.max(...a.map((value, index) => Math.abs(value - b[index])));

  test("tokenGradient() equals finite differences", () => {
    const perLabel = tokenGradient(lattice, run, path);
    const wanted = Array.from({ length: FEATURES * lattice.labels }, () => 0);
    row.tokens.forEach((features, at) => {
      for (const feature of features) {
        for (let label = 0; label < lattice.labels; label += 1) {
          wanted[feature * lattice.labels + label] += perLabel[at * lattice.labels + label];
        }
      }
    });
    expect(distance(slopes("token"), wanted)).toBeLessThan(1e-3);
  });

  test("linkGradient() equals finite differences", () => {
    expect(distance(slopes("link"), [...linkGradient(lattice, run, path)])).toBeLessThan(1e-3);
  });

  test("headGradient() equals finite differences", () => {
    const perHead = headGradient(lattice, run, path);
    expect(distance(slopes("head"), [...perHead, ...perHead])).toBeLessThan(1e-3);
  });
});

describe("lattice", () => {
  test("segmentsOf() gives back the segments of pathOf()", () => {
    const segments = [
      { tag: 0, start: 1, end: 3 },
      { tag: 1, start: 3, end: 4 },
      { tag: 1, start: 5, end: 6 },
    ];
    const path = pathOf(lattice, 0, segments, 8);
    expect(path === null ? null : segmentsOf(lattice, path)).toEqual(segments);
  });

  test("pathOf() refuses a second segment of a tag that cannot repeat, and a tag of another component", () => {
    const twice = [
      { tag: 0, start: 0, end: 1 },
      { tag: 0, start: 2, end: 3 },
    ];
    expect([pathOf(lattice, 0, twice, 4), pathOf(lattice, 1, twice.slice(0, 1), 4)]).toEqual([null, null]);
  });
});
