import { describe, expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { bet, isCertifiedByBetting, startBetting } from "./betting.ts";
import { isAlarmed, startDriftAlarm, watch } from "./drift-alarm.ts";

/** Calls until a certificate; null when there is none within `limit` calls. */
function callsToCertificate(errorRate: number, limit: number, seed: number): number | null {
  const random = seededRandom(seed);
  let state = startBetting(0.02, 0.05);
  while (state.calls < limit) {
    state = bet(state, random.next() < errorRate ? 1 : 0);
    if (isCertifiedByBetting(state)) return state.calls;
  }
  return null;
}

/** Calls to an alarm after `quiet` calls at 1 %. */
function callsToAlarm(errorRate: number, bound: number, seed: number, quiet: number = 0): number {
  const random = seededRandom(seed);
  let alarm = startDriftAlarm(0.02, bound);
  while (!isAlarmed(alarm) || alarm.calls <= quiet) {
    const rate = alarm.calls < quiet ? 0.01 : errorRate;
    alarm = watch(alarm, random.next() < rate ? 1 : 0);
  }
  return alarm.calls - quiet;
}

const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

describe("bet()", () => {
  test("certifies after exactly 188 clean agreements at ε = 2 %, δ = 5 %", () => {
    expect(callsToCertificate(0, 1000, 1)).toBe(188);
  });
  test("is false at most a share of delta when looked at after every call", () => {
    const found = Array.from({ length: 200 }, (_, seed) => callsToCertificate(0.02, 1500, seed));
    const share = found.filter((calls) => calls !== null).length / 200;
    expect(share).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / 200));
  });
  test("never loses all of its wealth", () => {
    let state = startBetting(0.02, 0.05);
    for (let call = 0; call < 200; call += 1) state = bet(state, 1);
    expect(Number.isFinite(state.lnWealth)).toBe(true);
  });
  test("leaves the state it was given as it was", () => {
    const state = startBetting(0.02, 0.05);
    bet(state, 1);
    expect(state).toEqual({ epsilon: 0.02, delta: 0.05, calls: 0, lossSum: 0, lnWealth: 0 });
  });
});

describe("watch()", () => {
  test("runs for longer than its bound, on average, while the rate is at epsilon", () => {
    const lengths = Array.from({ length: 40 }, (_, seed) => callsToAlarm(0.02, 500, seed));
    expect(mean(lengths)).toBeGreaterThan(500);
  });
  test("sees a jump from 1 % to 10 % after some 47 audited calls at a bound of 2000", () => {
    const delays = Array.from({ length: 200 }, (_, seed) => callsToAlarm(0.1, 2000, seed, 500));
    expect(Math.abs(median(delays) - 47)).toBeLessThan(8);
  });
  test("refuses an epsilon above every rate it looks for", () => {
    expect(() => startDriftAlarm(0.5, 1000)).toThrow(RangeError);
  });
});
