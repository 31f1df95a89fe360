import type { SpecialistFamily } from "../../core/index.ts";
import { closedSet } from "./closed-set.ts";
import { optionRanker } from "./option-ranker.ts";
import { spanCopy } from "./span-copy.ts";
import { templateFill } from "./template-fill.ts";

/** The families of this room. */
export const lexicalFamilies: readonly SpecialistFamily[] = [closedSet, optionRanker, spanCopy, templateFill];
