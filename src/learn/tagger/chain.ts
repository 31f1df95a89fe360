import { INSIDE, OUTSIDE, type Lattice } from "./lattice.ts";

/** What a token allows: 0 all states, 1 no state inside a segment (a part of the input begins), 2 only states outside (the end sign). */
export type Mask = Uint8Array;

/** Scores of one input. token: length × states; head is added at the first token. */
export type Scores = {
  readonly length: number;
  /** length × states, row by row; natural-log scale. */
  readonly token: Float64Array;
  readonly mask: Mask;
};

/** Link weights as factors, refreshed after each change of the weights. */
export type Links = { readonly edge: Float64Array; readonly start: Float64Array };

export function linksOf(lattice: Lattice, weights: Float32Array): Links {
  const edge = new Float64Array(lattice.from.length);
  const start = new Float64Array(lattice.states);
  const links = { edge, start };
  refreshLinks(lattice, weights, links);
  return links;
}

export function refreshLinks(lattice: Lattice, weights: Float32Array, links: Links): void {
  for (let edge = 0; edge < links.edge.length; edge += 1) {
    links.edge[edge] = Math.exp(weights[lattice.sharedLink[edge]] + weights[lattice.ownLink[edge]]);
  }
  for (let state = 0; state < lattice.states; state += 1) {
    const link = lattice.startLink[state];
    links.start[state] = link < 0 ? 0 : Math.exp(weights[link]);
  }
}

export type Lattices = {
  /** length × states: forward values, scaled to sum 1 per token. */
  readonly forward: Float64Array;
  /** length × states: P(state at token | input). */
  readonly marginal: Float64Array;
  /** P of each edge, summed over the tokens. */
  readonly edge: Float64Array;
  readonly start: Float64Array;
  /** ln Z. */
  readonly logTotal: number;
};

/** Forward-backward with a scale per token. O(length × edges). */
export function forwardBackward(lattice: Lattice, links: Links, scores: Scores): Lattices {
  const { states } = lattice;
  const { length } = scores;
  const factor = factorsOf(lattice, scores);
  const forward = new Float64Array(length * states);
  const scale = new Float64Array(length);
  let logTotal = 0;
  for (let at = 0; at < length; at += 1) {
    const row = at * states;
    if (at === 0) for (let state = 0; state < states; state += 1) forward[state] = links.start[state];
    else push(lattice, links.edge, forward, row);
    let sum = 0;
    for (let state = 0; state < states; state += 1) sum += forward[row + state] *= factor.value[row + state];
    scale[at] = sum;
    for (let state = 0; state < states; state += 1) forward[row + state] /= sum;
    logTotal += Math.log(sum) + factor.shift[at];
  }
  const run = { forward, factor: factor.value, scale, length };
  const { marginal, edge } = backwardPass(lattice, links.edge, run);
  return { forward, marginal, edge, start: marginal.slice(0, states), logTotal };
}

/** exp(score − the token's greatest score), 0 where the mask forbids a state. */
function factorsOf(lattice: Lattice, scores: Scores): { value: Float64Array; shift: Float64Array } {
  const { states } = lattice;
  const value = new Float64Array(scores.token.length);
  const shift = new Float64Array(scores.length);
  for (let at = 0; at < scores.length; at += 1) {
    const row = at * states;
    let greatest = -Infinity;
    for (let state = 0; state < states; state += 1) {
      const score = scores.token[row + state];
      if (score > greatest && isAllowed(scores.mask[at], lattice.placeOf[state])) greatest = score;
    }
    shift[at] = greatest;
    for (let state = 0; state < states; state += 1) {
      if (!isAllowed(scores.mask[at], lattice.placeOf[state])) continue;
      value[row + state] = Math.exp(scores.token[row + state] - greatest);
    }
  }
  return { value, shift };
}

function isAllowed(mask: number, place: number): boolean {
  if (mask === 0) return true;
  return mask === 1 ? place !== INSIDE : place === OUTSIDE;
}

// States of less probability pass nothing on: most components are out of the race after a few tokens.
const NEGLIGIBLE = 1e-13;

function push(lattice: Lattice, edge: Float64Array, forward: Float64Array, row: number): void {
  const { firstEdge, to, states } = lattice;
  for (let state = 0; state < states; state += 1) {
    const mass = forward[row - states + state];
    if (mass < NEGLIGIBLE) continue;
    for (let index = firstEdge[state]; index < firstEdge[state + 1]; index += 1) {
      forward[row + to[index]] += mass * edge[index];
    }
  }
}

type Run = {
  readonly forward: Float64Array;
  readonly factor: Float64Array;
  readonly scale: Float64Array;
  readonly length: number;
};

/** State marginals of all tokens, and edge marginals summed over the tokens. */
function backwardPass(
  lattice: Lattice,
  edge: Float64Array,
  run: Run,
): { marginal: Float64Array; edge: Float64Array } {
  const { firstEdge, to, states } = lattice;
  const { forward, factor, scale, length } = run;
  const marginal = forward.slice();
  const sums = new Float64Array(edge.length);
  // What a state at the next token still earns, divided by that token's scale.
  const inflow = new Float64Array(states);
  const backward = new Float64Array(states).fill(1);
  for (let at = length - 2; at >= 0; at -= 1) {
    const after = (at + 1) * states;
    for (let state = 0; state < states; state += 1) {
      inflow[state] = (factor[after + state] * backward[state]) / scale[at + 1];
    }
    for (let state = 0; state < states; state += 1) {
      const mass = forward[at * states + state];
      backward[state] = 0;
      if (mass < NEGLIGIBLE) continue;
      let sum = 0;
      for (let index = firstEdge[state]; index < firstEdge[state + 1]; index += 1) {
        const value = edge[index] * inflow[to[index]];
        sum += value;
        sums[index] += mass * value;
      }
      backward[state] = sum;
    }
    for (let state = 0; state < states; state += 1) marginal[at * states + state] *= backward[state];
  }
  return { marginal, edge: sums };
}

/** The best state path and its score (ln, not normalised). O(length × edges). */
export function viterbi(lattice: Lattice, links: Links, scores: Scores): { path: Int32Array; score: number } {
  const { states, from, to } = lattice;
  const { length, token, mask } = scores;
  const best = new Float64Array(length * states).fill(-Infinity);
  const back = new Int32Array(length * states).fill(-1);
  const logEdge = links.edge.map((value) => Math.log(value));
  for (let at = 0; at < length; at += 1) {
    const row = at * states;
    if (at === 0) for (let state = 0; state < states; state += 1) best[state] = Math.log(links.start[state]);
    else {
      for (let index = 0; index < from.length; index += 1) {
        const value = best[row - states + from[index]] + logEdge[index];
        if (value > best[row + to[index]]) {
          best[row + to[index]] = value;
          back[row + to[index]] = from[index];
        }
      }
    }
    for (let state = 0; state < states; state += 1) {
      best[row + state] = isAllowed(mask[at], lattice.placeOf[state])
        ? best[row + state] + token[row + state]
        : -Infinity;
    }
  }
  const last = (length - 1) * states;
  let end = 0;
  for (let state = 1; state < states; state += 1) if (best[last + state] > best[last + end]) end = state;
  const path = new Int32Array(length);
  for (let at = length - 1, state = end; at >= 0; state = back[at * states + state], at -= 1)
    path[at] = state;
  return { path, score: best[last + end] };
}

/** ln score of one path, not normalised; −Infinity where an edge is missing. */
export function pathScore(lattice: Lattice, links: Links, scores: Scores, path: Int32Array): number {
  let score = Math.log(links.start[path[0]]) + scores.token[path[0]];
  for (let at = 1; at < path.length; at += 1) {
    let link = 0;
    for (let edge = 0; edge < lattice.from.length; edge += 1) {
      if (lattice.from[edge] === path[at - 1] && lattice.to[edge] === path[at]) link = links.edge[edge];
    }
    score += Math.log(link) + scores.token[at * lattice.states + path[at]];
  }
  return score;
}
