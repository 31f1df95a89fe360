import type { SpecialistFamily } from "../core/index.ts";
import { lexicalFamilies } from "../learn/index.ts";

/** Every way to make a specialist, cheapest first: of the rooms below, which do not know each other. */
export const families: readonly SpecialistFamily[] = [...lexicalFamilies].sort((a, b) => a.rank - b.rank);

/** The family that made artifacts of this kind; undefined when none did. */
export function familyOf(kind: string): SpecialistFamily | undefined {
  return families.find((family) => family.kind === kind);
}
