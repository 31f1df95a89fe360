// The text that the encoder of sentences is made to agree with its teacher on: one a line.
// Usage: node scripts/text-encoder/corpus.ts --out FILE [--public FOLDER] [--without FILE] [--seed 1] [--cache FOLDER]
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { seededRandom, type Random } from "../../src/core/index.ts";
import { chance, pick } from "../pretrain/draw.ts";
import type { Domain } from "../pretrain/intents.ts";
import { readLexicon, type Lexicon } from "../pretrain/lexicon.ts";
import { makeMaterial } from "../pretrain/mixture.ts";
import { anyDay } from "../pretrain/numbers.ts";
import { CACHE } from "../pretrain/paths.ts";
import { fetchSources } from "../pretrain/sources.ts";
import { say } from "../pretrain/utterance.ts";
import { FRAMES } from "./frames.ts";
import { publicTexts } from "./public.ts";
import { readServices, serviceRequest } from "./services.ts";
import { vary } from "./vary.ts";

/** Texts of each kind. A teacher reads about 400 a second on a core. */
const REQUESTS = 26_000;
const FRAMED = 52_000;
const SENTENCES = 24_000;
const GLOSSES = 12_000;
const PARAGRAPHS = 3_000;
const SERVICES = 130_000;
const VARIED = 90_000;
/** Share of the variants that are made of texts which people wrote, where there are any. */
const VARIED_OF_PEOPLE = 0.7;
/** Longer texts are cut: what is learnt is how words work together, and that shows in sentences. */
const LONGEST = 300;

const { values } = parseArgs({
  options: {
    out: { type: "string" },
    public: { type: "string" },
    without: { type: "string" },
    seed: { type: "string", default: "1" },
    cache: { type: "string", default: CACHE },
  },
});
if (values.out === undefined) throw new Error("Cannot write the corpus: name a file with --out");
const lexicon = await readLexicon(fetchSources(resolve(values.cache)));
const material = makeMaterial(lexicon);
const random = seededRandom(`encoder ${values.seed}`);
const texts = new Set<string>();
const domains = [...material.training.domains, ...material.heldOut.domains];
fill(REQUESTS, () => request(domains));
fill(FRAMED, () => framed(lexicon, random));
fill(SENTENCES, () => pick(random, lexicon.sentences));
fill(GLOSSES, () => pick(random, lexicon.glosses));
fill(PARAGRAPHS, () => pick(random, lexicon.paragraphs));
const services = readServices(new URL("services.txt", import.meta.url));
const said = values.public === undefined ? [] : publicTexts(resolve(values.public));
const asked = Array.from({ length: SERVICES }, () => serviceRequest(services, random));
for (const text of [...said, ...asked]) texts.add(text);
const words = [...new Set([...texts].flatMap((text) => text.toLowerCase().match(/[a-z']{3,}/g) ?? []))];
const short = said.filter((text) => text.split(" ").length <= 16);
fill(VARIED, () => {
  const from = short.length > 0 && chance(random, VARIED_OF_PEOPLE) ? short : asked;
  return vary(pick(random, from), random, { words, others: short.length > 0 ? short : asked });
});
// What a bench will ask must not be in here, even by chance.
const tested = values.without === undefined ? [] : readFileSync(resolve(values.without), "utf8").split("\n");
const keys = new Set(tested.map(plain));
for (const text of texts) if (keys.has(plain(text))) texts.delete(text);
writeFileSync(values.out, [...texts].join("\n"));
console.log(`${texts.size} texts`);

/** Adds up to this many distinct texts. */
function fill(count: number, draw: () => string): void {
  for (let at = 0; at < count; at += 1) texts.add(draw().replace(/\s+/g, " ").trim().slice(0, LONGEST));
}

/** A text without its case and marks. */
function plain(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, " ")
    .trim();
}

function request(from: readonly Domain[]): string {
  const domain = pick(random, from);
  const situation = { random, lexicon, today: anyDay(random) };
  return say(pick(random, domain.intents), situation).text;
}

function framed(words: Lexicon, draw: Random): string {
  const kinds: { readonly [key: string]: () => string } = {
    n: () => pick(draw, words.nouns),
    v: () => pick(draw, words.verbs),
    a: () => pick(draw, words.adjectives),
    r: () => pick(draw, words.rareNouns),
    p: () => pick(draw, words.firstNames),
    k: () => String(draw.below(chance(draw, 0.5) ? 12 : 1000)),
  };
  const text = pick(draw, FRAMES).replace(/\{(\w)\}/g, (_, key: string) => kinds[key]());
  return chance(draw, 0.15) ? `${text}?` : text;
}
