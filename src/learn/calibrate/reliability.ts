const DEFAULT_BINS = 15;

/** Expected calibration error over bins of equal mass, in [0, 1]; null when n = 0. Equal probabilities may fall into two bins. */
export function expectedCalibrationError(
  probabilities: readonly number[],
  outcomes: readonly number[],
  bins: number = DEFAULT_BINS,
): number | null {
  const n = probabilities.length;
  if (n === 0) return null;
  const order = probabilities.map((_, index) => index).sort((a, b) => probabilities[a] - probabilities[b]);
  let error = 0;
  for (let bin = 0; bin < bins; bin += 1) {
    const members = order.slice(Math.floor((bin * n) / bins), Math.floor(((bin + 1) * n) / bins));
    const gap = members.reduce((sum, index) => sum + outcomes[index] - probabilities[index], 0);
    error += Math.abs(gap) / n;
  }
  return error;
}

/** Mean squared distance of probability and outcome, in [0, 1]; null when n = 0. */
export function brier(probabilities: readonly number[], outcomes: readonly number[]): number | null {
  if (probabilities.length === 0) return null;
  const sum = probabilities.reduce((total, p, index) => total + (p - outcomes[index]) ** 2, 0);
  return sum / probabilities.length;
}
