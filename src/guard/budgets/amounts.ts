/** Requests, tokens and billionths of a dollar: whole numbers, so that sums are exact. A limit of Infinity is none. */
export type Amounts = readonly [requests: number, tokens: number, nanoUsd: number];

export const NOTHING: Amounts = [0, 0, 0];
export const AMOUNT_NAMES = ["requests", "tokens", "USD"] as const;
export const NANO = 1e9;

export const add = (a: Amounts, b: Amounts): Amounts => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const subtract = (a: Amounts, b: Amounts): Amounts => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const isNothing = (a: Amounts): boolean => a[0] === 0 && a[1] === 0 && a[2] === 0;

/** Place of the first amount that does not fit under the limit; -1 when all do. What is not asked for fits always. */
export function misfit(taken: Amounts, asked: Amounts, limit: Amounts): number {
  for (let at = 0; at < 3; at += 1) if (asked[at] > 0 && taken[at] + asked[at] > limit[at]) return at;
  return -1;
}

/** Zero where there is no limit: what is not counted must not grow. */
export function counted(a: Amounts, limit: Amounts): Amounts {
  return [limit[0] < Infinity ? a[0] : 0, limit[1] < Infinity ? a[1] : 0, limit[2] < Infinity ? a[2] : 0];
}
