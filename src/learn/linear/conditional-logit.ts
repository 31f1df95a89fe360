/** One choice: for each option offered its d features, and which was chosen. */
export type DenseChoice = { readonly features: readonly (readonly number[])[]; readonly chosen: number };

export type ConditionalOptions = {
  /** Penalty ½ · l2 · ‖w‖² against the summed loss. */
  readonly l2: number;
  readonly steps: number;
};

export const conditionalDefaults: ConditionalOptions = { l2: 1, steps: 300 };

/** Weights of P(o) ∝ exp(w · x_o) by accelerated gradient with backtracking. Convex; O(steps · offers · d). */
export function fitConditionalLogit(choices: readonly DenseChoice[], options: ConditionalOptions): number[] {
  const d = choices[0]?.features[0]?.length ?? 0;
  let w: number[] = Array.from({ length: d }, () => 0);
  let ahead = w;
  let momentum = 1;
  let rate = 1;
  for (let step = 0; step < options.steps; step += 1) {
    const { loss, gradient } = conditionalLoss(choices, ahead, options.l2);
    const squares = gradient.reduce((sum, g) => sum + g * g, 0);
    if (squares < 1e-14) break;
    let next = moved(ahead, gradient, rate);
    while (rate > 1e-9 && conditionalLoss(choices, next, options.l2).loss > loss - (rate / 2) * squares) {
      rate /= 2;
      next = moved(ahead, gradient, rate);
    }
    const nextMomentum = (1 + Math.sqrt(1 + 4 * momentum * momentum)) / 2;
    const last = w;
    ahead = next.map((value, j) => value + ((momentum - 1) / nextMomentum) * (value - last[j]));
    w = next;
    momentum = nextMomentum;
  }
  return w;
}

/** Mean penalised negative log-likelihood and its gradient. */
export function conditionalLoss(
  choices: readonly DenseChoice[],
  w: readonly number[],
  l2: number,
): { loss: number; gradient: number[] } {
  const n = Math.max(1, choices.length);
  const gradient = w.map((weight) => (l2 * weight) / n);
  let loss = (l2 / 2 / n) * w.reduce((sum, weight) => sum + weight * weight, 0);
  for (const { features, chosen } of choices) {
    const probabilities = choiceProbabilities(features, w);
    loss -= Math.log(Math.max(probabilities[chosen], Number.MIN_VALUE)) / n;
    for (const [o, row] of features.entries()) {
      const error = (probabilities[o] - (o === chosen ? 1 : 0)) / n;
      for (let j = 0; j < w.length; j += 1) gradient[j] += error * row[j];
    }
  }
  return { loss, gradient };
}

export function choiceProbabilities(
  features: readonly (readonly number[])[],
  w: readonly number[],
): number[] {
  const scores = features.map((row) => row.reduce((sum, value, j) => sum + value * w[j], 0));
  const top = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - top));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

const moved = (w: readonly number[], gradient: readonly number[], rate: number): number[] =>
  w.map((value, j) => value - rate * gradient[j]);
