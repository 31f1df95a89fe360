import type { Random } from "../../core/index.ts";

/**
 * One thing that may be chosen. `id` stands for it in weights of its own with the context; 0: it has none, and only its
 * features speak for it.
 */
export type Offer = { readonly id: number; readonly features: Uint32Array };

/** A choice among offers. Features are 32-bit hashes. */
export type HashedChoice = {
  /** What is true whichever is chosen. */
  readonly context: Uint32Array;
  readonly offers: readonly Offer[];
  /** An offer's feature has one weight per scope: "of this argument", "of arguments of this name", "of any". */
  readonly scopes: Uint32Array;
};

export type TaughtChoice = HashedChoice & { readonly chosen: number };

export type HashedOptions = {
  readonly epochs: number;
  /** AdaGrad step size. */
  readonly rate: number;
  /** Each weight used in a step pays l2 × weight. */
  readonly l2: number;
  /** Share of features hidden at random while training, the same for all offers of a choice. */
  readonly dropout: number;
};

export const hashedDefaults: HashedOptions = { epochs: 10, rate: 0.1, l2: 1e-4, dropout: 0.15 };

/** Weights are found by hash; two features in one of 2^19 places are rare among the few hundred thousand of a task. */
export const HASHED_WEIGHTS = 1 << 19;

const placeOf = (feature: number, scope: number): number => {
  let hash = Math.imul(feature ^ Math.imul(scope, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
  return ((hash ^ (hash >>> 13)) >>> 0) & (HASHED_WEIGHTS - 1);
};

/** P of each offer under the weights. O(features of all offers × scopes + context × offers with an id). */
export function chooseHashed(weights: Float32Array, choice: HashedChoice): Float64Array {
  const spread = spreadOf(choice, null);
  return softmax(scoresOf(weights, spread));
}

/** Which features are hidden in a step: a random subset, the same for all offers. */
type Mask = { readonly salt: number; readonly below: number };

const isHidden = (feature: number, { salt, below }: Mask): boolean =>
  Math.imul(feature ^ salt, 0x9e3779b1) >>> 0 < below;

/** Where the weights of a choice stand: those of offer `i` from `ends[i − 1]` to `ends[i]`. */
type Spread = { readonly places: Int32Array; readonly ends: Int32Array };

function spreadOf({ context, offers, scopes }: HashedChoice, mask: Mask | null): Spread {
  const seen = mask === null ? context : context.filter((feature) => !isHidden(feature, mask));
  let most = 0;
  for (const { id, features } of offers)
    most += features.length * scopes.length + (id === 0 ? 0 : seen.length);
  const places = new Int32Array(most);
  const ends = new Int32Array(offers.length);
  let size = 0;
  for (let offer = 0; offer < offers.length; offer += 1) {
    const { id, features } = offers[offer];
    for (let at = 0; at < features.length; at += 1) {
      if (mask !== null && isHidden(features[at], mask)) continue;
      for (let scope = 0; scope < scopes.length; scope += 1)
        places[size++] = placeOf(features[at], scopes[scope]);
    }
    if (id !== 0) for (let at = 0; at < seen.length; at += 1) places[size++] = placeOf(seen[at], id);
    ends[offer] = size;
  }
  return { places, ends };
}

function scoresOf(weights: Float32Array, { places, ends }: Spread): Float64Array {
  const scores = new Float64Array(ends.length);
  let at = 0;
  for (let offer = 0; offer < ends.length; offer += 1) {
    let sum = 0;
    for (; at < ends[offer]; at += 1) sum += weights[places[at]];
    scores[offer] = sum;
  }
  return scores;
}

function softmax(scores: Float64Array): Float64Array {
  let top = -Infinity;
  for (const score of scores) top = Math.max(top, score);
  let sum = 0;
  for (let at = 0; at < scores.length; at += 1) sum += scores[at] = Math.exp(scores[at] - top);
  for (let at = 0; at < scores.length; at += 1) scores[at] /= sum;
  return scores;
}

/**
 * Conditional logit over hashed features, trained by AdaGrad on the log-likelihood; the weights are the mean over the second
 * half of the epochs. Deterministic by `random`. O(epochs × features).
 */
export function fitHashedChoices(
  choices: readonly TaughtChoice[],
  options: HashedOptions,
  random: Random,
): Float32Array {
  const weights = new Float32Array(HASHED_WEIGHTS);
  const squares = new Float32Array(HASHED_WEIGHTS);
  const mean = new Float32Array(HASHED_WEIGHTS);
  const averaged = Math.ceil(options.epochs / 2);
  const below = Math.floor(options.dropout * 0xffffffff);
  for (let epoch = 0; epoch < options.epochs; epoch += 1) {
    for (const choice of random.shuffle(choices)) {
      const mask = { salt: random.below(0xffffffff) | 1, below };
      step({ weights, squares, options, mask }, choice);
    }
    if (epoch < options.epochs - averaged) continue;
    for (let at = 0; at < mean.length; at += 1) mean[at] += weights[at] / averaged;
  }
  return mean;
}

// An offer that is as good as excluded, or as good as chosen, has nothing to teach; skipping it saves most of the work.
const SMALL = 1e-4;

function step(
  { weights, squares, options, mask }: Learning,
  { context, offers, scopes, chosen }: TaughtChoice,
): void {
  const spread = spreadOf({ context, offers, scopes }, mask);
  const probabilities = softmax(scoresOf(weights, spread));
  const { places, ends } = spread;
  for (let offer = 0; offer < ends.length; offer += 1) {
    const error = probabilities[offer] - (offer === chosen ? 1 : 0);
    if (Math.abs(error) < SMALL) continue;
    for (let at = offer === 0 ? 0 : ends[offer - 1]; at < ends[offer]; at += 1) {
      const place = places[at];
      const slope = error + options.l2 * weights[place];
      squares[place] += slope * slope;
      weights[place] -= (options.rate * slope) / Math.sqrt(squares[place] + 1e-8);
    }
  }
}

type Learning = {
  readonly weights: Float32Array;
  /** Sums of squared gradients. */
  readonly squares: Float32Array;
  readonly options: HashedOptions;
  readonly mask: Mask;
};

/** The mean of weights of several fits. */
export function meanWeights(all: readonly Float32Array[]): Float32Array {
  const mean = new Float32Array(HASHED_WEIGHTS);
  for (const weights of all) for (let at = 0; at < mean.length; at += 1) mean[at] += weights[at] / all.length;
  return mean;
}
