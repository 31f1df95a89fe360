import type { SpecialistFamily } from "../../core/index.ts";
import { closedSet } from "./closed-set.ts";
import { optionRanker } from "./option-ranker.ts";
import { spanCopy } from "./span-copy.ts";
import { templateFill } from "./template-fill.ts";

/** Every way to make a specialist, cheapest first. */
export const families: readonly SpecialistFamily[] = [closedSet, optionRanker, spanCopy, templateFill].sort(
  (a, b) => a.rank - b.rank,
);

/** The family that made artifacts of this kind; undefined when none did. */
export function familyOf(kind: string): SpecialistFamily | undefined {
  return families.find((family) => family.kind === kind);
}
