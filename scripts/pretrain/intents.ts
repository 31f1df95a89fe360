// Hidden tasks: what can be asked, which slots it has, and how people say it.
import type { Random } from "../../src/core/index.ts";
import { conceptOf } from "./concepts.ts";
import type { Kind } from "./concept.ts";
import type { Situation } from "./values.ts";
import { chance, pick, sample, weighted } from "./draw.ts";
import type { Category, Lexicon } from "./lexicon.ts";
import type { Said } from "./numbers.ts";
import { LEISURE, SHARED } from "./phrases-leisure.ts";
import { WORK } from "./phrases-work.ts";
import { compile, expand, slotsOf, type Node, type Stretch } from "./template.ts";

export type Slot = {
  /** As patterns name it. */
  readonly key: string;
  /** Other names a schema may give it. */
  readonly names: readonly string[];
  readonly kind: Kind;
  readonly description: string | null;
  readonly draw: (situation: Situation) => string | Said;
};

export type Intent = {
  readonly names: readonly string[];
  readonly slots: readonly Slot[];
  utter(situation: Situation): Stretch[];
};

export type Domain = { readonly name: string; readonly intents: readonly Intent[] };

/** The domains written by hand. */
export function handmadeDomains(): Domain[] {
  const shared = new Map<string, Node>();
  for (const line of lines(SHARED)) {
    const [name, pattern] = line.split(/: (.+)/);
    shared.set(name, compile(pattern, shared));
  }
  const domains: { name: string; intents: Intent[] }[] = [];
  let names: string[] = [];
  let patterns: Node[] = [];
  const close = (): void => {
    if (patterns.length > 0) domains[domains.length - 1].intents.push(handmade(names, patterns));
    patterns = [];
  };
  for (const line of [...lines(LEISURE), ...lines(WORK)]) {
    if (!/^[#=] /.test(line)) {
      patterns.push(compile(line, shared));
      continue;
    }
    close();
    if (line.startsWith("#")) domains.push({ name: line.slice(2), intents: [] });
    else names = line.slice(2).split(" ");
  }
  close();
  return domains;
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

function handmade(names: readonly string[], patterns: readonly Node[]): Intent {
  const slots = new Map<string, string>();
  for (const pattern of patterns) slotsOf(pattern, slots);
  return {
    names,
    slots: Array.from(slots, ([key, name]) => {
      const concept = conceptOf(name);
      return { key, names: concept.names, kind: concept.kind, description: null, draw: concept.draw };
    }),
    utter: ({ random }) => expand(pick(random, patterns), random),
  };
}

const VERBS = (
  "find book order cancel rate add remove rent buy reserve schedule check update compare send show list open close start stop " +
  "create delete move copy share print track report request describe classify record log assign review approve reject ship " +
  "return repair replace install inspect measure count sort filter search fetch load save edit rename merge split join invite " +
  "register enroll submit publish archive restore export import block allow pause resume play watch read draw paint build fix " +
  "clean cook serve deliver collect borrow lend sell trade exchange donate donate hire train feed wash pack ride drive visit"
).split(" ");

const OPENERS = [
  "",
  "",
  "please ",
  "can you ",
  "could you ",
  "i want to ",
  "i need to ",
  "i'd like to ",
  "help me ",
  "we should ",
  "let's ",
  "go ahead and ",
  "just ",
  "quickly ",
  "don't forget to ",
  "would you ",
];
const ARTICLES = ["a ", "the ", "my ", "an extra ", "another ", "this ", "our ", "some ", ""];

// "%c" is where the name of the slot stands, "%v" its value.
const NAMED = [
  " with %c %v",
  " with %v as the %c",
  " whose %c is %v",
  ", the %c is %v",
  " where %c is %v",
  ", %c %v",
  ", %c: %v",
  " (%c %v)",
  " for %c %v",
  " and make the %c %v",
  " using %v as %c",
  " and the %c should be %v",
  " that has %v as its %c",
  ", %c = %v",
  " from the %c %v",
  " by %c %v",
  " under %c %v",
  " set the %c to %v",
  " in the %c called %v",
  ", i think the %c was %v",
  " with the %v %c",
  ". %c is %v",
  ". its %c is %v",
  " having a %c of %v",
  ", choose %v for the %c",
  ", %v for %c",
  " - %c %v",
  " the %c named %v",
  " marked with %c %v",
];
const BARE = [
  " with %v",
  " for %v",
  " from %v",
  " in %v",
  " using %v",
  " and %v",
  ", %v",
  " by %v",
  " like %v",
  " such as %v",
  " about %v",
  " near %v",
  " without %v",
  " plus %v",
  " on %v",
  " %v",
];
const DISTRACTIONS = [
  ", not %v",
  " instead of %v",
  ", forget about %v",
  " (last time it was %v)",
  ", unlike %v",
  " and nothing about %v",
  ", no %v please",
  " rather than %v",
];

/** A domain made up from kinds of things: intents are a verb and a thing, slots are kinds, values their members. */
export function inventedDomain(situation: Situation, categories: readonly Category[]): Domain {
  const { random, lexicon } = situation;
  const count = weighted(random, [
    [5, 1],
    [2, 2],
    [2, 3],
    [1, 4],
  ]);
  const thing = pick(random, lexicon.nouns);
  const intents = Array.from({ length: count }, () =>
    inventedIntent(situation, chance(random, 0.6) ? thing : pick(random, lexicon.nouns), categories),
  );
  return { name: thing, intents };
}

function inventedIntent(
  { random, lexicon }: Situation,
  thing: string,
  categories: readonly Category[],
): Intent {
  const verb = pick(random, chance(random, 0.7) ? VERBS : lexicon.verbs);
  const kinds = sample(
    random,
    categories,
    weighted(random, [
      [2, 1],
      [4, 2],
      [4, 3],
      [2, 4],
      [1, 5],
    ]),
  );
  const slots = kinds.map((category) => inventedSlot(random, category));
  const isNamed = chance(random, 0.75);
  const utter = (situation: Situation): Stretch[] =>
    inventedUtterance(situation, { verb, thing, slots, isNamed });
  return { names: [`${verb}_${thing}`, `${thing}_${verb}`, verb], slots, utter };
}

const TYPED = [
  "integer:small",
  "number:number",
  "date:date",
  "time:time",
  "minutes:duration",
  "number:price",
] as const;

function inventedSlot(random: Random, category: Category): Slot {
  const key = category.name.replaceAll(" ", "_");
  if (chance(random, 0.14)) {
    const [, name] = pick(random, TYPED).split(":");
    const concept = conceptOf(name);
    return { key, names: concept.names, kind: concept.kind, description: null, draw: concept.draw };
  }
  const strange = conceptOf("anything");
  const strangeness = pick(random, [0, 0.1, 0.3, 0.7]);
  return {
    key,
    names: [],
    kind: "text",
    description: category.definition,
    draw: (situation) =>
      chance(situation.random, strangeness)
        ? strange.draw(situation)
        : pick(situation.random, category.members),
  };
}

type Invented = {
  readonly verb: string;
  readonly thing: string;
  readonly slots: readonly Slot[];
  readonly isNamed: boolean;
};

function inventedUtterance({ random, lexicon }: Situation, intent: Invented): Stretch[] {
  const { verb, thing, slots, isNamed } = intent;
  const said = random.shuffle(slots.filter(() => chance(random, 0.78)));
  const out: Stretch[] = [pick(random, OPENERS), verb, " "];
  if (chance(random, 0.08)) out.push(thing, "s");
  else out.push(pick(random, ARTICLES), thing);
  for (const slot of said) {
    const form = pick(random, isNamed || slot.kind !== "text" ? NAMED : BARE);
    attach(out, form.replace("%c", slot.key.replaceAll("_", " ")), slot);
  }
  if (chance(random, 0.12))
    out.push(
      pick(random, DISTRACTIONS).replace("%v", pick(random, pick(random, lexicon.categories).members)),
    );
  return out;
}

function attach(out: Stretch[], form: string, slot: Slot): void {
  const [before, after] = form.split("%v");
  out.push(before, { key: slot.key, concept: slot.key });
  if (after !== "") out.push(after);
}

/** Categories that training may use, and those kept for measuring. */
export function splitCategories(lexicon: Lexicon): {
  readonly seen: readonly Category[];
  readonly heldOut: readonly Category[];
} {
  return {
    seen: lexicon.categories.filter(({ heldOut }) => !heldOut),
    heldOut: lexicon.categories.filter(({ heldOut }) => heldOut),
  };
}

/** How many slots an intent is asked for at most; longer schemas do not fit a row with their utterance. */
const MOST_SLOTS = 8;

/** Some slots of an intent: the rest may be said, but is not asked for. */
export function askedSlots(random: Random, intent: Intent): readonly Slot[] {
  const some = chance(random, 0.25) ? intent.slots.filter(() => chance(random, 0.7)) : intent.slots;
  const kept = some.length > MOST_SLOTS ? some.slice(0, MOST_SLOTS) : some;
  return chance(random, 0.3) ? random.shuffle(kept) : kept;
}
