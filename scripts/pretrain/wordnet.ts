import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A set of words of one meaning. */
export type Synset = {
  readonly words: readonly string[];
  readonly definition: string;
  readonly examples: readonly string[];
  /** Indices of the kinds of this one. */
  readonly narrower: number[];
  /** How often its first word was met in this meaning in tagged text. */
  readonly frequency: number;
  /** WordNet's file of meanings: `noun.food`. */
  readonly topic: string;
};

export type WordNet = {
  readonly nouns: readonly Synset[];
  readonly verbs: readonly Synset[];
  readonly adjectives: readonly Synset[];
};

// WordNet marks what should not be said; a model that writes answers need not learn it.
const UNWANTED =
  /\b(offensive|disparag|derogatory|vulgar|obscen|ethnic slur|slang|genital|penis|vagina|sexual|intercourse|prostitut|rape|racial|excrement|slave|torture|suicide|murder|genocide|copulat|masturbat|defecat|fornicat|nazi)/i;

// lexnames(5WN), in the order of their numbers.
const TOPICS = (
  "adj.all adj.pert adv.all noun.tops noun.act noun.animal noun.artifact noun.attribute noun.body noun.cognition " +
  "noun.communication noun.event noun.feeling noun.food noun.group noun.location noun.motive noun.object noun.person " +
  "noun.phenomenon noun.plant noun.possession noun.process noun.quantity noun.relation noun.shape noun.state " +
  "noun.substance noun.time verb.body verb.change verb.cognition verb.communication verb.competition verb.consumption " +
  "verb.contact verb.creation verb.emotion verb.motion verb.perception verb.possession verb.social verb.stative " +
  "verb.weather adj.ppl"
).split(" ");

/** Reads the dict folder of WordNet 3.1 (format: wndb(5WN)). */
export function readWordNet(folder: string): WordNet {
  const counts = senseCounts(join(folder, "index.sense"));
  const read = (part: string, kind: number): Synset[] => readPart(join(folder, `data.${part}`), counts, kind);
  return { nouns: read("noun", 1), verbs: read("verb", 2), adjectives: read("adj", 3) };
}

/** Times a word was tagged with a synset, by "kind offset word". */
function senseCounts(file: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const line of readFileSync(file, "utf8").split("\n")) {
    const [key, offset, , count] = line.split(" ");
    if (count === undefined || count === "0") continue;
    const [word, rest] = key.split("%");
    // Satellite adjectives (5) live in the file of adjectives.
    const kind = rest[0] === "5" ? "3" : rest[0];
    counts.set(`${kind} ${offset} ${word}`, Number(count));
  }
  return counts;
}

function readPart(file: string, counts: ReadonlyMap<string, number>, kind: number): Synset[] {
  const synsets: Synset[] = [];
  const places = new Map<string, number>();
  const narrower: string[][] = [];
  for (const line of readFileSync(file, "utf8").split("\n")) {
    const bar = line.indexOf(" | ");
    if (bar < 0 || line.startsWith(" ")) continue;
    const gloss = line.slice(bar + 3).trim();
    if (UNWANTED.test(gloss)) continue;
    const fields = line.slice(0, bar).split(" ");
    const wordCount = Number.parseInt(fields[3], 16);
    const words = Array.from({ length: wordCount }, (_, at) => clean(fields[4 + 2 * at]));
    places.set(fields[0], synsets.length);
    narrower.push(pointers(fields, 4 + 2 * wordCount));
    synsets.push({
      words,
      ...glossParts(gloss),
      narrower: [],
      frequency: counts.get(`${kind} ${fields[0]} ${fields[4].toLowerCase()}`) ?? 0,
      topic: TOPICS[Number(fields[1])],
    });
  }
  for (const [at, offsets] of narrower.entries()) {
    for (const offset of offsets) {
      const place = places.get(offset);
      if (place !== undefined) synsets[at].narrower.push(place);
    }
  }
  return synsets;
}

/** Offsets of hyponyms and instances. */
function pointers(fields: readonly string[], at: number): string[] {
  const count = Number(fields[at]);
  const out: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const symbol = fields[at + 1 + 4 * index];
    if (symbol === "~" || symbol === "~i") out.push(fields[at + 2 + 4 * index]);
  }
  return out;
}

function clean(word: string): string {
  return word.replace(/\(.*\)$/, "").replaceAll("_", " ");
}

function glossParts(gloss: string): { definition: string; examples: string[] } {
  const quote = gloss.indexOf('"');
  const definition = (quote < 0 ? gloss : gloss.slice(0, quote)).replace(/[;:\s]+$/, "");
  const examples =
    quote < 0 ? [] : [...gloss.slice(quote).matchAll(/"([^"]+)"/g)].map((match) => match[1].trim());
  return { definition, examples: examples.filter((example) => example.length > 8) };
}
