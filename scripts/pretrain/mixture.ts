// The whole material: families and their shares, drawn in order from one seed.
import { seededRandom } from "../../src/core/index.ts";
import type { Situation } from "./values.ts";
import { pick, weighted } from "./draw.ts";
import { classifying } from "./family-classify.ts";
import { extracting, listing } from "./family-record.ts";
import { induced, oneSlot, unstated, withSchema } from "./family-slots.ts";
import { toSql } from "./family-sql.ts";
import { copying, normalising, reshaping } from "./family-words.ts";
import { handmadeDomains, splitCategories } from "./intents.ts";
import type { Family, Item, Pool } from "./items.ts";
import type { Lexicon } from "./lexicon.ts";
import { anyDay } from "./numbers.ts";

/** Shares of items; shares of tokens differ with the items' lengths (see the report of material.ts). */
const FAMILIES: readonly (readonly [weight: number, family: Family])[] = [
  [22, withSchema],
  [14, induced],
  [40, unstated],
  [4, oneSlot],
  [6, toSql],
  [7, classifying],
  [7, normalising],
  [6, copying],
  [4, reshaping],
  [6, extracting],
  [3, listing],
];

/** Items of text per item of work; the rest of each row is filled with text too. */
const TEXT_SHARE = 0.08;

/** Domains written by hand that training never sees, so that measuring is on tasks never seen. */
const HELD_OUT_DOMAINS: ReadonlySet<string> = new Set(["support", "health"]);

export type Material = { readonly lexicon: Lexicon; readonly training: Pool; readonly heldOut: Pool };

export function makeMaterial(lexicon: Lexicon): Material {
  const domains = handmadeDomains();
  const { seen, heldOut } = splitCategories(lexicon);
  const isHeldOut = ({ name }: { readonly name: string }): boolean => HELD_OUT_DOMAINS.has(name);
  return {
    lexicon,
    training: { domains: domains.filter((domain) => !isHeldOut(domain)), categories: seen },
    heldOut: { domains: domains.filter(isHeldOut), categories: heldOut },
  };
}

/** Items without end. With `part` "heldOut" they are of slot types and domains that training never shows, without text. */
export function* items(
  material: Material,
  seed: number,
  part: "training" | "heldOut" = "training",
): Generator<Item, never> {
  const random = seededRandom(`${part} ${seed}`);
  const pool = material[part];
  for (;;) {
    if (part === "training" && random.next() < TEXT_SHARE) {
      yield { kind: "text", text: text(material.lexicon, random) };
      continue;
    }
    const situation: Situation = { random, lexicon: material.lexicon, today: anyDay(random) };
    yield weighted(random, FAMILIES)(situation, pool);
  }
}

/** A definition, or a paragraph of a speech or novel. */
export function text(lexicon: Lexicon, random: Situation["random"]): string {
  return random.next() < 0.6 ? pick(random, lexicon.glosses) : pick(random, lexicon.paragraphs);
}
