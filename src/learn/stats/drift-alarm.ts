/**
 * An alarm for "calls now disagree more often than epsilon": e-SR detector (e-detectors, arXiv 2203.03532).
 * While the rate is at most epsilon, the mean number of audited calls to a false alarm is at least `averageRunLength`.
 */
export type DriftAlarm = {
  readonly epsilon: number;
  readonly averageRunLength: number;
  readonly calls: number;
  /** One Shiryaev–Roberts statistic per rate in DRIFT_RATES. */
  readonly statistics: readonly number[];
};

/** The rates of disagreement that the alarm looks out for; those not above epsilon are left out. */
export const DRIFT_RATES: readonly number[] = [0.03, 0.05, 0.1, 0.2, 0.4];

export function startDriftAlarm(epsilon: number, averageRunLength: number): DriftAlarm {
  const rates = ratesAbove(epsilon);
  if (!(epsilon > 0) || rates.length === 0) {
    throw new RangeError(`Cannot watch epsilon = ${epsilon}: must be in (0, ${Math.max(...DRIFT_RATES)})`);
  }
  return { epsilon, averageRunLength, calls: 0, statistics: rates.map(() => 0) };
}

/** The state after one more audited call. loss in [0, 1]. */
export function watch(alarm: DriftAlarm, loss: number): DriftAlarm {
  const { epsilon } = alarm;
  const rates = ratesAbove(epsilon);
  const statistics = alarm.statistics.map((value, index) => {
    // Equals the likelihood ratio of the rate against epsilon for losses of 0 or 1.
    const stake = (rates[index] - epsilon) / (epsilon * (1 - epsilon));
    return (value + 1) * (1 + stake * (loss - epsilon));
  });
  return { ...alarm, calls: alarm.calls + 1, statistics };
}

export function isAlarmed(alarm: DriftAlarm): boolean {
  const sum = alarm.statistics.reduce((total, value) => total + value, 0);
  return sum / alarm.statistics.length >= alarm.averageRunLength;
}

function ratesAbove(epsilon: number): number[] {
  return DRIFT_RATES.filter((rate) => rate > epsilon);
}
