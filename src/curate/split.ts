import { hash32, type Part } from "../core/index.ts";

/** Shares of sessions per part. Certification is large because the bound tightens with it; see docs/decisions. */
export const PART_SHARES: Readonly<Record<Part, number>> = {
  train: 0.5,
  calibration: 0.1,
  certification: 0.4,
};

/** The part of a session: drawn by its id and the seed, before anything is looked at; the same for all tasks. */
export function partOf(session: string, seed: number): Part {
  const draw = hash32(`${seed}:${session}`, 77) / 4294967296;
  if (draw < PART_SHARES.train) return "train";
  return draw < PART_SHARES.train + PART_SHARES.calibration ? "calibration" : "certification";
}
