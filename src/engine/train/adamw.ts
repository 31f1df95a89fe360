/** AdamW (Loshchilov & Hutter 2019). */
export type AdamOptions = {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled. */
  readonly weightDecay: number;
  /** Whether norms, biases and magnitudes are decayed as matrices are; torch does, most recipes do not. */
  readonly decaysVectors: boolean;
};

/** The usual values, but beta2 of 0.99: short runs should forget the large gradients of their first steps. */
export const adamDefaults: AdamOptions = {
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
  weightDecay: 0.01,
  decaysVectors: false,
};

/** Parameters with their moments, all of one length. */
export type AdamState = {
  readonly parameters: Float32Array;
  readonly first: Float32Array;
  readonly second: Float32Array;
};

/** Of one step. */
export type AdamUpdate = AdamOptions & {
  readonly learningRate: number;
  /** From 1. */
  readonly step: number;
  /** The gradient is multiplied by this first: clipping. */
  readonly gradientScale: number;
};

/** One step in place over [from, to). O(to − from). */
export function adamStep(
  state: AdamState,
  gradient: Float32Array,
  range: { from: number; to: number },
  update: AdamUpdate,
): void {
  const { parameters, first, second } = state;
  const { beta1, beta2, epsilon, weightDecay, learningRate, step, gradientScale } = update;
  const correction1 = 1 - beta1 ** step;
  const correction2 = Math.sqrt(1 - beta2 ** step);
  const rate = (learningRate * correction2) / correction1;
  const scaledEpsilon = epsilon * correction2;
  const keep = 1 - learningRate * weightDecay;
  for (let i = range.from; i < range.to; i += 1) {
    const g = gradient[i] * gradientScale;
    const m = beta1 * first[i] + (1 - beta1) * g;
    const v = beta2 * second[i] + (1 - beta2) * g * g;
    first[i] = m;
    second[i] = v;
    parameters[i] = parameters[i] * keep - (rate * m) / (Math.sqrt(v) + scaledEpsilon);
  }
}

/** How fast to learn at a step. */
export type Schedule = {
  /** The highest rate. */
  readonly learningRate: number;
  /** Steps of linear rise from 0. */
  readonly warmupSteps: number;
  readonly decay: "cosine" | "linear" | "constant";
  /** Where the decay ends, as a share of the highest rate. */
  readonly finalShare: number;
  /** Steps over which it falls; those of the run unless given. A run that ends before keeps the rate it has come to. */
  readonly decaySteps?: number;
};

/** The rate at a step, from 1 to `steps`. */
export function learningRateAt(schedule: Schedule, step: number, steps: number): number {
  const { learningRate, warmupSteps, decay, finalShare } = schedule;
  if (step <= warmupSteps) return (learningRate * step) / warmupSteps;
  const done = Math.min(1, (step - warmupSteps) / Math.max(1, (schedule.decaySteps ?? steps) - warmupSteps));
  switch (decay) {
    case "constant":
      return learningRate;
    case "linear":
      return learningRate * (1 - (1 - finalShare) * done);
    case "cosine":
      return learningRate * (finalShare + ((1 - finalShare) * (1 + Math.cos(Math.PI * done))) / 2);
  }
}
