// Makers of values: names, titles, codes, and words that no dictionary has.
import type { Random } from "../../src/core/index.ts";
import { between, chance, pick, sample, weighted } from "./draw.ts";
import type { Lexicon } from "./lexicon.ts";

/** What a value is drawn from; `today` is midnight UTC in milliseconds since 1970. */
export type Situation = { readonly random: Random; readonly lexicon: Lexicon; readonly today: number };

const SYLLABLES = (
  "ba be bi bo ca ce cho da de di do du el en fa fi fo ga ge gi go ha he hi ho ja ji jo ka ke ki ko ku la le li lo lu " +
  "ma me mi mo mu na ne ni no nu or pa pe pi po qua ra re ri ro ru sa se shi so su ta te ti to tu va ve vi vo wa wi xa xi ya yo za ze zu " +
  "an en in on er ar is us th st nd rk ng sch ell ann ock urn"
).split(" ");

/** A word that no dictionary has. */
export function strangeWord(random: Random): string {
  return Array.from({ length: between(random, 2, 4) }, () => pick(random, SYLLABLES)).join("");
}

/** A title of one to seven words, made up. */
export function madeUpTitle({ random, lexicon }: Situation): string {
  const noun = (): string => pick(random, chance(random, 0.7) ? lexicon.nouns : lexicon.rareNouns);
  const adjective = (): string => pick(random, lexicon.adjectives);
  const verb = (): string => pick(random, lexicon.verbs);
  const name = (): string => pick(random, lexicon.firstNames);
  const text = weighted<() => string>(random, [
    [3, () => `the ${adjective()} ${noun()}`],
    [2, () => `${adjective()} ${noun()}`],
    [2, () => `${noun()} of the ${noun()}`],
    [2, () => `${noun()} and ${noun()}`],
    [1, () => `the ${noun()} who ${verb()}`],
    [1, () => `${verb()} the ${noun()}`],
    [2, () => `${verb()} me ${adjective()}`],
    [1, () => `${name()}'s ${noun()}`],
    [1, () => `a ${noun()} for ${name()}`],
    [2, noun],
    [1, () => `${noun()} ${between(random, 1, 99)}`],
    [1, () => `${noun()}: the ${adjective()} ${noun()}`],
    [1, () => `no ${noun()} in the ${noun()}`],
    [1, () => `how to ${verb()} your ${noun()}`],
    [1, () => `${verb()}, ${verb()}, ${verb()}`],
    [1, () => sample(random, lexicon.rareNouns, between(random, 1, 4)).join(" ")],
    [1, () => strangeWord(random)],
    [
      1,
      () =>
        pick(random, lexicon.sentences)
          .split(" ")
          .slice(0, between(random, 2, 7))
          .join(" ")
          .replace(/[^\w\s']/g, ""),
    ],
  ])();
  return capitals(text);
}

export function capitals(text: string): string {
  return text
    .replace(
      /(^|[\s-])(?!(?:of|the|and|for|in|to|who|a)\b)(\p{Ll})/gu,
      (_, before: string, letter: string) => before + letter.toUpperCase(),
    )
    .replace(/^\p{Ll}/u, (letter) => letter.toUpperCase());
}

/** A value of no particular kind: names, titles, rare words, strange words. */
export function anything(situation: Situation): string {
  const { random, lexicon } = situation;
  return weighted<() => string>(random, [
    [4, () => madeUpTitle(situation)],
    [2, () => personName(situation)],
    [3, () => pick(random, lexicon.rareNouns)],
    [2, () => capitals(`${strangeWord(random)} ${strangeWord(random)}`)],
    [1, () => capitals(strangeWord(random))],
    [3, () => pick(random, pick(random, lexicon.categories).members)],
    [1, () => code(random)],
  ])();
}

export function personName({ random, lexicon }: Situation): string {
  const first = pick(random, lexicon.firstNames);
  const last = pick(random, lexicon.lists.get("person.last_name.generic") ?? lexicon.firstNames);
  return weighted(random, [
    [4, first],
    [6, `${first} ${last}`],
    [1, `${pick(random, ["Mr.", "Mrs.", "Ms.", "Dr."])} ${last}`],
    [1, `${first} ${pick(random, lexicon.firstNames)} ${last}`],
    [1, `${first} ${capitals(strangeWord(random))}`],
  ]);
}

/** An identifier such as an order has. */
export function code(random: Random): string {
  const letters = (count: number): string =>
    Array.from({ length: count }, () => pick(random, LETTERS)).join("");
  const digits = (count: number): string => Array.from({ length: count }, () => random.below(10)).join("");
  return weighted<() => string>(random, [
    [3, () => `${letters(between(random, 1, 4))}-${digits(between(random, 2, 5))}`],
    [3, () => digits(between(random, 3, 9))],
    [2, () => `${letters(between(random, 1, 3))}${digits(between(random, 2, 6))}`],
    [1, () => `#${digits(between(random, 2, 6))}`],
    [1, () => `${digits(3)}-${digits(between(random, 4, 7))}-${digits(2)}`],
    [1, () => `${letters(2).toLowerCase()}_${digits(3)}${letters(1).toLowerCase()}`],
  ])();
}

export const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ".split("");

export function phone(random: Random): string {
  const digits = (count: number): string => Array.from({ length: count }, () => random.below(10)).join("");
  return pick(random, [
    `${digits(3)}-${digits(3)}-${digits(4)}`,
    `(${digits(3)}) ${digits(3)}-${digits(4)}`,
    `+${between(random, 1, 99)} ${digits(3)} ${digits(3)} ${digits(3)}`,
    digits(10),
    `${digits(3)}-${digits(4)}`,
  ]);
}

export function emailAddress({ random, lexicon }: Situation): string {
  const user = pick(random, lexicon.firstNames).toLowerCase().replace(/\W/g, "");
  const host = chance(random, 0.5) ? strangeWord(random) : pick(random, lexicon.nouns);
  return `${user}${pick(random, ["", ".", "_"])}${pick(random, lexicon.nouns)}${chance(random, 0.3) ? between(random, 1, 99) : ""}@${host}.${pick(random, ["com", "org", "net", "io", "co.uk", "edu"])}`;
}

export function address({ random, lexicon }: Situation): string {
  const street = pick(random, lexicon.lists.get("location.street_name") ?? []);
  return chance(random, 0.8) ? `${between(random, 1, 2999)} ${street}` : street;
}

export function message({ random, lexicon }: Situation): string {
  return pick(random, lexicon.sentences);
}

export function restaurant(situation: Situation): string {
  const { random, lexicon } = situation;
  const first = pick(random, lexicon.firstNames);
  const noun = capitals(pick(random, lexicon.nouns));
  return weighted<() => string>(random, [
    [2, () => `${first}'s`],
    [
      2,
      () =>
        `${first}'s ${pick(random, ["Diner", "Kitchen", "Grill", "Place", "Pizza", "Steakhouse", "Cafe"])}`,
    ],
    [2, () => `The ${capitals(pick(random, lexicon.adjectives))} ${noun}`],
    [1, () => `The ${noun} and ${capitals(pick(random, lexicon.nouns))}`],
    [1, () => `${pick(random, ["Chez", "Casa", "La", "Le", "El", "Il"])} ${capitals(strangeWord(random))}`],
    [1, () => `${noun} ${pick(random, ["House", "Bar", "Bistro", "Tavern", "Room", "Garden"])}`],
    [1, () => capitals(strangeWord(random))],
    [1, () => madeUpTitle(situation)],
  ])();
}
