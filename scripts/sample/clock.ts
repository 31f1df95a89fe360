import type { Random } from "../../src/core/index.ts";
import type { Rhythm } from "./draft.ts";

export const FIRST_DAY = Date.UTC(2026, 2, 2);
export const DAYS = 14;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
export const END = FIRST_DAY + DAYS * DAY_MS;
// The longest session (seven steps with think times) fits; nothing starts later than this before the end.
const LAST_START_MS = 20 * 60_000;

/** A starting time within the two weeks, in milliseconds since 1970, drawn from the rhythm. */
export function startTime(rhythm: Rhythm, random: Random): number {
  const weights = Array.from({ length: DAYS * 24 }, (_, hour) => weightOf(rhythm, hour));
  let rest = random.next() * weights.reduce((sum, weight) => sum + weight, 0);
  const hour = weights.findIndex((weight) => (rest -= weight) < 0);
  const at = FIRST_DAY + hour * HOUR_MS + random.below(HOUR_MS);
  return Math.min(at, END - LAST_START_MS - random.below(HOUR_MS));
}

/** How busy an hour is; `hour` counts from Monday, 2 March 2026, 00:00 UTC. */
function weightOf(rhythm: Rhythm, hour: number): number {
  const ofDay = hour % 24;
  const isWeekend = Math.floor(hour / 24) % 7 >= 5;
  switch (rhythm) {
    case "office":
      return (isWeekend ? 0.1 : 1) * (hump(ofDay, 10, 2) + 0.9 * hump(ofDay, 15, 2) + 0.01);
    case "consumer":
      return (isWeekend ? 1.2 : 1) * (0.6 * hump(ofDay, 12, 3) + hump(ofDay, 20, 2) + 0.03);
    case "night":
      return ofDay === 2 || ofDay === 3 ? 1 : 0;
    case "flat":
      return 1;
  }
}

const hump = (hour: number, centre: number, width: number): number =>
  Math.exp(-(((hour - centre) / width) ** 2) / 2);
