import type { Random } from "../../core/index.ts";
import type { GeneratedToken, Sampling } from "./language-model.ts";

/** Where a distribution stands within a step's output. */
export type Distribution = {
  /** Natural logarithms that sum to probability 1. */
  readonly logProbs: Float32Array;
  readonly offset: number;
  readonly size: number;
};

/** A token that the model was asked for. */
export type Chosen = GeneratedToken & { readonly logProb: number };

// exp(−20) is 2e-9: even 100,000 such tokens together do not change a probability's third digit.
const NEGLIGIBLE = 20;

/** The likeliest token that the mask allows, or null where it allows none. One pass: most words of a grammar's mask are 0. */
export function chooseBest(distribution: Distribution, mask: Int32Array | null): Chosen | null {
  const { logProbs, offset, size } = distribution;
  let best = -Infinity;
  let token = -1;
  let sum = 0;
  const words = (size + 31) >> 5;
  for (let word = 0; word < words; word += 1) {
    const bits = mask === null ? -1 : mask[word];
    if (bits === 0) continue;
    const end = Math.min(size, (word + 1) << 5);
    for (let index = word << 5; index < end; index += 1) {
      if (((bits >>> (index & 31)) & 1) === 0) continue;
      const value = logProbs[offset + index];
      if (value > best) {
        sum = sum * Math.exp(best - value) + 1;
        best = value;
        token = index;
      } else if (mask !== null && value > best - NEGLIGIBLE) sum += Math.exp(value - best);
    }
  }
  if (token === -1) return null;
  // The probability of the best among the allowed is exp(best) / Σ exp = 1 / sum.
  return { token, logProb: best, maskedLogProb: mask === null ? best : -Math.log(sum) };
}

/** A token drawn at a temperature from the likeliest `topP` of what the mask allows (nucleus sampling, Holtzman et al. 2020). */
export function chooseRandom(
  distribution: Distribution,
  mask: Int32Array | null,
  sampling: Sampling,
  random: Random,
): Chosen | null {
  const { logProbs, offset, size } = distribution;
  const best = chooseBest(distribution, mask);
  if (best === null) return null;
  // Σ exp of the allowed, relative to the best.
  const allowedLogSum = mask === null ? 0 : best.logProb - best.maskedLogProb;
  const candidates: { readonly token: number; readonly weight: number }[] = [];
  let total = 0;
  for (let token = 0; token < size; token += 1) {
    if (mask !== null && ((mask[token >> 5] >>> (token & 31)) & 1) === 0) continue;
    const weight = Math.exp((logProbs[offset + token] - best.logProb) / sampling.temperature);
    if (weight < Math.exp(-NEGLIGIBLE)) continue;
    candidates.push({ token, weight });
    total += weight;
  }
  const token = drawn(candidates, total, sampling.topP, random);
  const logProb = logProbs[offset + token];
  return { token, logProb, maskedLogProb: logProb - allowedLogSum };
}

function drawn(
  candidates: { readonly token: number; readonly weight: number }[],
  total: number,
  topP: number,
  random: Random,
): number {
  candidates.sort((a, b) => b.weight - a.weight || a.token - b.token);
  let nucleus = 0;
  let count = 0;
  while (count < candidates.length && (count === 0 || nucleus < topP * total))
    nucleus += candidates[count++].weight;
  let rest = random.next() * nucleus;
  for (const { token, weight } of candidates.slice(0, count)) {
    rest -= weight;
    if (rest < 0) return token;
  }
  return candidates[count - 1].token;
}

/** The token that is certain under a mask: the only one allowed, or an end where nothing but ends is; else null. */
export function certainToken(mask: Int32Array, ends: ReadonlySet<number>): number | null {
  let found: number | null = null;
  for (let word = 0; word < mask.length; word += 1) {
    let bits = mask[word];
    while (bits !== 0) {
      const token = (word << 5) + 31 - Math.clz32(bits & -bits);
      if (found !== null && !(ends.has(token) && ends.has(found))) return null;
      found = token;
      bits &= bits - 1;
    }
  }
  return found;
}
