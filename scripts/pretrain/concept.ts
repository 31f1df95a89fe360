// How a kind of value is declared: the keys it goes by, what it may be normalised to, and how it is drawn.
import { chance, pick } from "./draw.ts";
import { saidInteger, type Said } from "./numbers.ts";
import { anything, madeUpTitle, type Situation } from "./values.ts";

/** What a value may be normalised to; `text` is copied as it stands. */
export type Kind = "text" | "integer" | "number" | "date" | "time" | "minutes";

export type Draw = (situation: Situation) => string | Said;
export type DrawText = (situation: Situation) => string;

export type Concept = {
  readonly kind: Kind;
  /** Other keys a schema may use for it. */
  readonly names: readonly string[];
  readonly draw: Draw;
};

export function concept(
  name: string,
  names: string,
  draw: Draw,
  kind: Kind = "text",
): readonly [string, Concept] {
  return [name, { kind, names: names === "" ? [] : names.split(" "), draw }];
}

/** A value of one of faker's lists, sometimes a made-up one, so that unseen values are copied too. */
export const listed =
  (list: string, strange = 0.1): DrawText =>
  (situation) => {
    const values = situation.lexicon.lists.get(list);
    if (values === undefined) throw new RangeError(`no list "${list}"`);
    return chance(situation.random, strange) ? anything(situation) : pick(situation.random, values);
  };

export const oneOf =
  (text: string): DrawText =>
  ({ random }) =>
    pick(random, text.split("|"));

/** A member of a WordNet category of this name. */
export const kindOf =
  (name: string): DrawText =>
  ({ random, lexicon }) => {
    const members = lexicon.kinds.get(name);
    if (members === undefined) throw new RangeError(`no kind "${name}"`);
    return pick(random, members);
  };

export const many =
  (draw: DrawText, strange: number): DrawText =>
  (situation) =>
    chance(situation.random, strange) ? madeUpTitle(situation) : draw(situation);
export const integer =
  (low: number, high: number): Draw =>
  ({ random }) =>
    saidInteger(random, low, high);
