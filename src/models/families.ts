import type { SpecialistFamily } from "../core/index.ts";
import { lexicalFamilies } from "../learn/index.ts";
import { generativeOn } from "./generative/index.ts";

/**
 * Every way to make a specialist, cheapest first: of the rooms below, which do not know each other. `base` is the folder of the model that
 * generative specialists start from; the one that ships with this package when not given.
 */
export const familiesOn = (base?: string): readonly SpecialistFamily[] =>
  [...lexicalFamilies, generativeOn(base)].sort((a, b) => a.rank - b.rank);

export const families = familiesOn();

/** The family that made artifacts of this kind; undefined when none did. */
export function familyOf(kind: string, base?: string): SpecialistFamily | undefined {
  return familiesOn(base).find((family) => family.kind === kind);
}
