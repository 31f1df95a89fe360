import type { Random } from "../../core/index.ts";
import {
  forwardBackward,
  linksOf,
  refreshLinks,
  viterbi,
  type Lattices,
  type Links,
  type Mask,
  type Scores,
} from "./chain.ts";
import type { Lattice } from "./lattice.ts";

export type CrfOptions = {
  readonly epochs: number;
  /** AdaGrad step size. */
  readonly rate: number;
  /** L2 strength: each weight pays l2 × weight² / 2 per epoch. */
  readonly l2: number;
  /** Share of a token's features left out at random while training; the rest is scaled up. */
  readonly dropout: number;
  /** Share of tokens whose identity is hidden while training: new words must be read from their surroundings. */
  readonly hide: number;
};

export const CRF_DEFAULTS: CrfOptions = { epochs: 20, rate: 0.07, l2: 0.02, dropout: 0.2, hide: 0.15 };

/** One input as rows of the weight tables. */
export type Row = {
  readonly tokens: readonly Int32Array[];
  readonly split: Int32Array;
  readonly head: Int32Array;
  readonly mask: Mask;
};

export type TrainRow = Row & { readonly path: Int32Array };

/** Weights of a chain: token features × labels, head features × heads, and links. */
export type Crf = {
  readonly token: Float32Array;
  readonly head: Float32Array;
  readonly link: Float32Array;
};

/**
 * A conditional random field over the lattice (Lafferty et al. 2001), trained by AdaGrad (Duchi et al. 2011) on the log-likelihood
 * of whole paths; the weights are the mean over the second half of the epochs. O(epochs × tokens × features × labels).
 */
export function fitCrf(
  rows: readonly TrainRow[],
  sizes: { readonly lattice: Lattice; readonly tokenRows: number; readonly headRows: number },
  options: CrfOptions,
  random: Random,
): Crf {
  const { lattice } = sizes;
  const weights = {
    token: new Float32Array(sizes.tokenRows * lattice.labels),
    head: new Float32Array(sizes.headRows * lattice.heads),
    link: new Float32Array(lattice.links),
  };
  const state: Training = {
    lattice,
    weights,
    squares: { token: weights.token.slice(), head: weights.head.slice(), link: weights.link.slice() },
    counts: countsOf(rows, sizes),
    links: linksOf(lattice, weights.link),
    options,
    random,
  };
  const mean = { token: weights.token.slice(), head: weights.head.slice(), link: weights.link.slice() };
  const averaged = Math.ceil(options.epochs / 2);
  for (let epoch = 0; epoch < options.epochs; epoch += 1) {
    for (const row of random.shuffle(rows)) learnRow(state, row);
    if (epoch >= options.epochs - averaged) addScaled(mean, weights, 1 / averaged);
  }
  return mean;
}

type Training = {
  readonly lattice: Lattice;
  readonly weights: Crf;
  /** Sums of squared gradients. */
  readonly squares: Crf;
  readonly counts: { readonly token: Float32Array; readonly head: Float32Array; readonly rows: number };
  readonly links: Links;
  readonly options: CrfOptions;
  readonly random: Random;
};

function countsOf(
  rows: readonly TrainRow[],
  sizes: { tokenRows: number; headRows: number },
): Training["counts"] {
  const token = new Float32Array(sizes.tokenRows);
  const head = new Float32Array(sizes.headRows);
  for (const row of rows) {
    for (const features of row.tokens) for (const feature of features) token[feature] += 1;
    for (const feature of row.head) head[feature] += 1;
  }
  return { token, head, rows: rows.length };
}

function addScaled(mean: Crf, weights: Crf, scale: number): void {
  for (const part of ["token", "head", "link"] as const) {
    const [to, from] = [mean[part], weights[part]];
    for (let index = 0; index < to.length; index += 1) to[index] += scale * from[index];
  }
}

/** The mean of weights of the same shape: the members' scores are averaged, in natural logs. */
export function meanCrf(members: readonly Crf[]): Crf {
  const [first] = members;
  const mean = {
    token: new Float32Array(first.token.length),
    head: new Float32Array(first.head.length),
    link: new Float32Array(first.link.length),
  };
  for (const member of members) addScaled(mean, member, 1 / members.length);
  return mean;
}

function learnRow(state: Training, row: TrainRow): void {
  const { lattice } = state;
  const kept = thin(row, state.options, state.random);
  const scores = scoresOf(lattice, state.weights, { ...row, tokens: kept.tokens }, kept.scale);
  refreshLinks(lattice, state.weights.link, state.links);
  const run = forwardBackward(lattice, state.links, scores);
  stepTokens(state, kept, tokenGradient(lattice, run, row.path));
  stepHead(state, row, run);
  stepLinks(state, run, row.path);
}

/** A row with features left out at random; `scale` makes up for the missing ones. */
function thin(row: TrainRow, options: CrfOptions, random: Random): { tokens: Int32Array[]; scale: number } {
  const tokens = row.tokens.map((features, at) => {
    const end = random.next() < options.hide ? row.split[at] : features.length;
    const kept = new Int32Array(end);
    let size = 0;
    for (let index = 0; index < end; index += 1)
      if (random.next() >= options.dropout) kept[size++] = features[index];
    return kept.subarray(0, size);
  });
  return { tokens, scale: 1 / (1 - options.dropout) };
}

/** Scores of every state at every token. O(tokens × features × labels). */
export function scoresOf(lattice: Lattice, weights: Crf, row: Row, scale: number = 1): Scores {
  const { states, labels, heads } = lattice;
  const length = row.tokens.length;
  const token = new Float64Array(length * states);
  const label = new Float64Array(labels);
  for (let at = 0; at < length; at += 1) {
    label.fill(0);
    for (const feature of row.tokens[at]) {
      const base = feature * labels;
      for (let index = 0; index < labels; index += 1) label[index] += weights.token[base + index];
    }
    for (let state = 0; state < states; state += 1) {
      const own = lattice.ownLabel[state];
      token[at * states + state] = scale * (label[lattice.sharedLabel[state]] + (own < 0 ? 0 : label[own]));
    }
  }
  const head = new Float64Array(heads);
  for (const feature of row.head)
    for (let index = 0; index < heads; index += 1) head[index] += weights.head[feature * heads + index];
  for (let state = 0; state < states; state += 1) token[state] += head[lattice.headOf[state]];
  return { length, token, mask: row.mask };
}

/** length × labels: P(label) − 1 where the path has it. */
export function tokenGradient(lattice: Lattice, run: Lattices, path: Int32Array): Float64Array {
  const { states, labels } = lattice;
  const gradient = new Float64Array(path.length * labels);
  const add = (at: number, state: number, value: number): void => {
    gradient[at * labels + lattice.sharedLabel[state]] += value;
    if (lattice.ownLabel[state] >= 0) gradient[at * labels + lattice.ownLabel[state]] += value;
  };
  for (let at = 0; at < path.length; at += 1) {
    for (let state = 0; state < states; state += 1) {
      const value = run.marginal[at * states + state];
      if (value > 0) add(at, state, value);
    }
    add(at, path[at], -1);
  }
  return gradient;
}

// Gradients below this move no weight that matters, and skipping them makes an epoch three times faster.
const SMALL = 1e-4;

function stepTokens(
  state: Training,
  kept: { tokens: Int32Array[]; scale: number },
  gradient: Float64Array,
): void {
  const { weights, squares, counts, options } = state;
  const { labels } = state.lattice;
  const active = new Int32Array(labels);
  kept.tokens.forEach((features, at) => {
    let size = 0;
    for (let label = 0; label < labels; label += 1)
      if (Math.abs(gradient[at * labels + label]) > SMALL) active[size++] = label;
    for (const feature of features) {
      const base = feature * labels;
      const decay = options.l2 / counts.token[feature];
      for (let index = 0; index < size; index += 1) {
        const label = active[index];
        const slope = kept.scale * gradient[at * labels + label] + decay * weights.token[base + label];
        squares.token[base + label] += slope * slope;
        weights.token[base + label] -= (options.rate * slope) / Math.sqrt(squares.token[base + label] + 1e-8);
      }
    }
  });
}

function stepHead(state: Training, row: TrainRow, run: Lattices): void {
  const { weights, squares, counts, options, lattice } = state;
  if (lattice.heads < 2) return;
  const gradient = headGradient(lattice, run, row.path);
  for (const feature of row.head) {
    const decay = options.l2 / counts.head[feature];
    for (let head = 0; head < lattice.heads; head += 1) {
      const index = feature * lattice.heads + head;
      const slope = gradient[head] + decay * weights.head[index];
      squares.head[index] += slope * slope;
      weights.head[index] -= (options.rate * slope) / Math.sqrt(squares.head[index] + 1e-8);
    }
  }
}

/** P(head) − 1 where the path has it. */
export function headGradient(lattice: Lattice, run: Lattices, path: Int32Array): Float64Array {
  const gradient = new Float64Array(lattice.heads);
  for (let state = 0; state < lattice.states; state += 1) {
    gradient[lattice.headOf[state]] += run.marginal[state];
  }
  gradient[lattice.headOf[path[0]]] -= 1;
  return gradient;
}

function stepLinks(state: Training, run: Lattices, path: Int32Array): void {
  const { weights, squares, counts, options, lattice } = state;
  const gradient = linkGradient(lattice, run, path);
  for (let link = 0; link < gradient.length; link += 1) {
    if (Math.abs(gradient[link]) < SMALL) continue;
    const slope = gradient[link] + (options.l2 / counts.rows) * weights.link[link];
    squares.link[link] += slope * slope;
    weights.link[link] -= (options.rate * slope) / Math.sqrt(squares.link[link] + 1e-8);
  }
}

/** Expected minus seen uses of each link weight. */
export function linkGradient(lattice: Lattice, run: Lattices, path: Int32Array): Float64Array {
  const gradient = new Float64Array(lattice.links);
  const seen = new Map<number, number>();
  for (let at = 1; at < path.length; at += 1) {
    const key = path[at - 1] * lattice.states + path[at];
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  for (let edge = 0; edge < lattice.from.length; edge += 1) {
    const value = run.edge[edge] - (seen.get(lattice.from[edge] * lattice.states + lattice.to[edge]) ?? 0);
    gradient[lattice.sharedLink[edge]] += value;
    gradient[lattice.ownLink[edge]] += value;
  }
  for (let index = 0; index < lattice.states; index += 1) {
    const link = lattice.startLink[index];
    if (link >= 0) gradient[link] += run.start[index] - (path[0] === index ? 1 : 0);
  }
  return gradient;
}

export type Decoded = {
  readonly path: Int32Array;
  /** ln P(path | input), at most 0. */
  readonly logProbability: number;
  /** Least P(state at token | input) along the path. */
  readonly weakest: number;
};

/** The most probable path of an input under the mean score of the ensemble's members. */
export function decode(lattice: Lattice, scores: Scores, links: Links): Decoded {
  const { path, score } = viterbi(lattice, links, scores);
  const run = forwardBackward(lattice, links, scores);
  let weakest = 1;
  path.forEach((state, at) => {
    weakest = Math.min(weakest, run.marginal[at * lattice.states + state]);
  });
  return { path, logProbability: Math.min(0, score - run.logTotal), weakest };
}
