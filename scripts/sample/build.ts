import { seededRandom } from "../../src/core/index.ts";
import { PLANS } from "./plans.ts";
import { recordSession, type Entry } from "./record.ts";

const SEED = "tallowbridge";

/** The whole log in the order of time. Each session has its own seed, so that changing one task leaves the others as they were. */
export function buildSample(): Entry[] {
  const entries = PLANS.flatMap((plan) =>
    Array.from({ length: plan.sessions }, (_, index) =>
      recordSession(plan, seededRandom(`${SEED}/${plan.name}/${index}`)),
    ).flat(),
  );
  return entries.sort((a, b) => compare(key(a), key(b)));
}

/** The log as JSON lines. */
export const logText = (entries: readonly Entry[]): string =>
  entries.map(({ line }) => `${JSON.stringify(line)}\n`).join("");

const key = ({ line }: Entry): string => line.timestamp + line.id;
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
