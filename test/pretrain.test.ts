import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseTokenizer } from "../src/engine/index.ts";
import { seededRandom } from "../src/core/index.ts";
import { fastEncoder } from "../scripts/pretrain/encode.ts";
import { handmadeDomains } from "../scripts/pretrain/intents.ts";
import type { Category, Lexicon } from "../scripts/pretrain/lexicon.ts";
import { items, makeMaterial } from "../scripts/pretrain/mixture.ts";
import { saidDate } from "../scripts/pretrain/numbers.ts";
import { BASE } from "../scripts/pretrain/paths.ts";
import { ROW, shardMaker } from "../scripts/pretrain/shard.ts";
import { say } from "../scripts/pretrain/utterance.ts";

const WORDS = ["apple", "river", "copper lamp", "Blue Moon", "naïve table", "old stone bridge"];
const category = (name: string, heldOut: boolean): Category => ({
  name,
  heldOut,
  members: WORDS,
  definition: `a ${name}`,
});
const NAMES = Array.from({ length: 8 }, (_, at) => `kind ${"abcdefgh"[at]}`);

/** A lexicon of a few words: every list that a concept asks for holds the same ones. */
const lexicon: Lexicon = {
  categories: NAMES.flatMap((name) => [category(name, false), category(`${name}x`, true)]),
  kinds: { get: () => WORDS } as unknown as ReadonlyMap<string, readonly string[]>,
  lists: { get: () => WORDS } as unknown as ReadonlyMap<string, readonly string[]>,
  nouns: ["lamp", "river", "stone", "table", "cup", "road"],
  rareNouns: ["zither", "quoin"],
  verbs: ["carry", "paint"],
  adjectives: ["old", "green"],
  sentences: ["the lamp is on the table", "she walked home"],
  glosses: ["lamp: a source of light"],
  topics: ["food", "animal", "plant", "act", "body"].map((topic) => ({ topic, texts: WORDS })),
  paragraphs: ["It was a long day on the river, and nobody spoke."],
  firstNames: ["Ada", "Bo"],
};
const tokenizer = parseTokenizer(
  {
    tokenizer: readFileSync(join(BASE, "tokenizer.json"), "utf8"),
    config: readFileSync(join(BASE, "tokenizer_config.json"), "utf8"),
  },
  "base",
);
const pairs = tokenizer.bytePairs;
if (pairs === null) throw new RangeError("base/tokenizer.json is not a byte-level BPE");
const buildShard = shardMaker(makeMaterial(lexicon), pairs);

describe("the base's tokenizer", () => {
  test("joins no space, digit or mark with a letter or digit", () => {
    const mixed = pairs.vocabulary
      .slice(16 + 256)
      .filter((token) => /[^\p{L}]/u.test(token) && /[a-z0-9]/i.test(token));
    expect(mixed.filter((token) => /^[\x20-\x7eĠ]*$/.test(token))).toEqual([]);
  });
  test("fastEncoder() gives the tokenizer's ids", () => {
    const encode = fastEncoder(pairs);
    for (const text of ['{"city":"Old Bridge"}', "  it's 12.50\n\nnaïve 😀", "'sunday' at 9pm"]) {
      const ids: number[] = [];
      encode(text, ids);
      expect(ids).toEqual(tokenizer.encode(text));
    }
  });
});

describe("items()", () => {
  test("an unstated answer holds only what stands in its prompt", () => {
    const source = items(makeMaterial(lexicon), 5);
    let seen = 0;
    while (seen < 200) {
      const item = source.next().value;
      if (item.kind !== "unstated" || "text" in item) continue;
      const [{ prompt, answer }] = item.turns;
      const { slots } = JSON.parse(answer) as { slots: Record<string, string> };
      expect(Object.values(slots).filter((value) => !prompt.includes(value))).toEqual([]);
      seen += 1;
    }
  });
  test("every pattern of every domain can be said", () => {
    const situation = { random: seededRandom(1), lexicon, today: Date.UTC(2026, 0, 5) };
    const intents = handmadeDomains().flatMap((domain) => domain.intents);
    const texts = intents.flatMap((intent) => Array.from({ length: 20 }, () => say(intent, situation).text));
    expect(
      texts.filter((text) => text === "" || /[{}@[\]|]| {2}/.test(text.replace(/\S+@\S+/g, "mail"))),
    ).toEqual([]);
  });
});

describe("saidDate()", () => {
  test("means the day it says, seen from today", () => {
    const monday = Date.UTC(2026, 0, 5);
    const said = Array.from({ length: 300 }, (_, seed) => saidDate(seededRandom(seed), monday));
    const meaning = new Map(said.map(({ text, json }) => [text, json]));
    expect(meaning.get("tomorrow")).toBe("2026-01-06");
    expect(meaning.get("Thursday")).toBe("2026-01-08");
    expect(meaning.get("in two weeks") ?? meaning.get("in 2 weeks") ?? "2026-01-19").toBe("2026-01-19");
  });
});

describe("shardMaker()", () => {
  test("the same seed gives the same shard, another seed another", () => {
    expect(buildShard(3, 4000)).toEqual(buildShard(3, 4000));
    expect(buildShard(4, 4000).ids).not.toEqual(buildShard(3, 4000).ids);
  });
  test("documents start rows, begin with <bos> and stay within their row", () => {
    const { ids, starts, weights } = buildShard(1, 20_000);
    expect(ids.length % ROW).toBe(0);
    expect(Array.from(starts).filter((start) => ids[start] !== tokenizer.bosTokenId)).toEqual([]);
    expect(Array.from(starts).filter((start) => weights[start] !== 0)).toEqual([]);
    const rows = new Set(Array.from(starts, (start) => Math.floor(start / ROW)));
    expect(rows.size).toBe(ids.length / ROW);
    expect(Array.from(ids).filter((id, at) => id === tokenizer.bosTokenId && !starts.includes(at))).toEqual(
      [],
    );
  });
});
