/** Counts of values in buckets; the bounds are upper ones, inclusive, and the last bucket has none. */
export type Histogram = {
  readonly bounds: readonly number[];
  /** One more than bounds. */
  readonly counts: Float64Array;
  sum: number;
  count: number;
};

/** Seconds, as the OpenTelemetry conventions for generative AI advise for whole operations. */
export const DURATION_BOUNDS: readonly number[] = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];
/** Seconds, as they advise for the time to the first token. */
export const FIRST_BOUNDS: readonly number[] = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];
/** As they advise for token counts. */
export const TOKEN_BOUNDS: readonly number[] = [
  1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864,
];

export function createHistogram(bounds: readonly number[]): Histogram {
  return { bounds, counts: new Float64Array(bounds.length + 1), sum: 0, count: 0 };
}

export function observe(histogram: Histogram, value: number): void {
  const { bounds, counts } = histogram;
  let at = 0;
  while (at < bounds.length && value > bounds[at]) at += 1;
  counts[at] += 1;
  histogram.sum += value;
  histogram.count += 1;
}

/** The two together: of the same bounds. */
export function merge(into: Histogram, from: Histogram): void {
  for (let at = 0; at < into.counts.length; at += 1) into.counts[at] += from.counts[at];
  into.sum += from.sum;
  into.count += from.count;
}
