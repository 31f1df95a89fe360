import { closedSet } from "./closed-set.ts";
import type { LexicalFamily } from "./lexical.ts";
import { optionRanker } from "./option-ranker.ts";
import { spanCopy } from "./span-copy.ts";
import { templateFill } from "./template-fill.ts";
import { toolAgent } from "./tool-agent.ts";

/** The families of this room. */
export const lexicalFamilies: readonly LexicalFamily[] = [
  closedSet,
  optionRanker,
  spanCopy,
  templateFill,
  toolAgent,
];
