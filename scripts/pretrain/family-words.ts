// Copying, normalising and transforming of words, numbers and small JSON.
import { anything, code, emailAddress, madeUpTitle, strangeWord, type Situation } from "./values.ts";
import { between, chance, pick, sample, weighted } from "./draw.ts";
import { keyed } from "./forms.ts";
import { arrange, single, type Family, type Item } from "./items.ts";
import {
  isoDay,
  saidDate,
  saidDecimal,
  saidDuration,
  saidInteger,
  saidMoney,
  saidTime,
  weekday,
  type Said,
} from "./numbers.ts";

/** Copies a text or a part of it. */
export const copying: Family = (situation) => {
  const { random, lexicon } = situation;
  const words = Array.from({ length: between(random, 2, 9) }, () => oneWord(situation));
  const text = words.join(" ");
  const at = random.below(words.length);
  const start = random.below(words.length - 1);
  const end = between(random, start + 1, words.length - 1);
  const phrase = words.slice(start, end + 1).join(" ");
  const other = pick(random, lexicon.nouns);
  return weighted<() => Item>(random, [
    [3, () => single("copy", `${pick(random, ["repeat", "copy", "say", "echo", "write"])}: ${text}`, text)],
    [
      2,
      () =>
        single(
          "copy",
          `in quotes: ${words.slice(0, start).join(" ")} "${phrase}" ${words.slice(end + 1).join(" ")}`,
          phrase,
        ),
    ],
    [2, () => single("copy", `after "${words[at]}": ${text}`, words[at + 1] ?? "")],
    [2, () => single("copy", `from ${words[start]} to ${words[end]}: ${text}`, phrase)],
    [1, () => single("copy", `word ${at + 1}: ${text}`, words[at])],
    [
      1,
      () =>
        single(
          "copy",
          `${pick(random, ["last word", "the last word of"])}: ${text}`,
          words[words.length - 1],
        ),
    ],
    [
      1,
      () => single("copy", `reverse: ${words.slice(0, 5).join(" ")}`, words.slice(0, 5).reverse().join(" ")),
    ],
    [1, () => single("copy", `upper case: ${text}`, text.toUpperCase())],
    [1, () => single("copy", `lower case: ${text}`, text.toLowerCase())],
    [1, () => single("copy", `json list: ${words.join(", ")}`, JSON.stringify(words))],
    [
      1,
      () =>
        single("copy", `without ${words[at]}: ${text}`, words.filter((word) => word !== words[at]).join(" ")),
    ],
    [
      1,
      () =>
        single(
          "copy",
          `replace ${words[at]} by ${other}: ${text}`,
          words.map((word) => (word === words[at] ? other : word)).join(" "),
        ),
    ],
    [1, () => single("copy", `snake case: ${text.toLowerCase()}`, text.toLowerCase().replace(/\W+/g, "_"))],
  ])();
};

function oneWord(situation: Situation): string {
  const { random, lexicon } = situation;
  return weighted<() => string>(random, [
    [5, () => pick(random, lexicon.nouns)],
    [3, () => pick(random, lexicon.rareNouns)],
    [2, () => strangeWord(random)],
    [2, () => pick(random, lexicon.firstNames)],
    [1, () => code(random)],
    [1, () => String(between(random, 0, 9999))],
    [2, () => pick(random, lexicon.adjectives)],
  ])();
}

/** Numbers, dates, times and the like to their normal forms. */
export const normalising: Family = (situation) => {
  const { random, today } = situation;
  const kinds: readonly (readonly [number, readonly [string, () => Said]])[] = [
    [3, ["number", () => saidInteger(random, 0, pick(random, [20, 100, 1000, 90000]))]],
    [1, ["number", () => saidDecimal(random)]],
    [2, ["amount", () => saidMoney(random)]],
    [3, ["time", () => saidTime(random)]],
    [2, ["minutes", () => saidDuration(random)]],
    [4, ["date", () => saidDate(random, today)]],
  ];
  const drawn = Array.from(
    {
      length: weighted(random, [
        [6, 1],
        [2, 2],
        [1, 3],
      ]),
    },
    () => {
      const [kind, draw] = weighted(random, kinds);
      return { kind, ...draw() };
    },
  );
  const context = drawn.some(({ kind }) => kind === "date")
    ? [`today is ${isoDay(today)}, ${weekday(today)}`]
    : [];
  if (drawn.length > 1) {
    const answer = JSON.stringify(drawn.map(({ json }) => json));
    return single(
      "normalise",
      arrange(random, [...context, "as a list of normal forms"], drawn.map(({ text }) => text).join(", ")),
      answer,
    );
  }
  const [{ kind, text, json }] = drawn;
  const plain = typeof json === "string" ? json : JSON.stringify(json);
  const isJson = chance(random, 0.5);
  return single(
    "normalise",
    arrange(random, [...context, isJson ? `json: ${kind}` : kind], text),
    isJson ? JSON.stringify({ [kind]: json }) : plain,
  );
};

/** Small JSON to other small JSON: pick, drop, rename, look up, list. */
export const reshaping: Family = (situation) => {
  const { random, lexicon } = situation;
  const keys = [...new Set(sample(random, lexicon.nouns, between(random, 2, 5)))].map((key) =>
    keyed(key, "snake", 0),
  );
  const pairs = keys.map((key): [string, string | number | boolean] => [key, scalar(situation)]);
  const record = Object.fromEntries(pairs);
  const text = JSON.stringify(record);
  const [key, value] = pick(random, pairs);
  const name = pick(random, lexicon.nouns);
  const kept = pairs.filter(() => chance(random, 0.6));
  const plain = (item: unknown): string => (typeof item === "string" ? item : JSON.stringify(item));
  return weighted<() => Item>(random, [
    [3, () => single("json", arrange(random, [`${key}?`], text), plain(value))],
    [
      2,
      () =>
        single(
          "json",
          arrange(random, [`only ${kept.map(([key]) => key).join(", ") || "nothing"}`], text),
          JSON.stringify(Object.fromEntries(kept)),
        ),
    ],
    [
      1,
      () =>
        single(
          "json",
          arrange(random, [`without ${key}`], text),
          JSON.stringify(Object.fromEntries(pairs.filter(([each]) => each !== key))),
        ),
    ],
    [
      1,
      () =>
        single(
          "json",
          arrange(random, [`rename ${key} to ${name}`], text),
          JSON.stringify(
            Object.fromEntries(pairs.map(([each, value]) => [each === key ? name : each, value])),
          ),
        ),
    ],
    [
      2,
      () =>
        single(
          "json",
          `json: ${pairs.map(([key, value]) => `${key} ${pick(random, ["is", "=", ":"])} ${plain(value)}`).join(", ")}`,
          text,
        ),
    ],
    [1, () => single("json", arrange(random, ["keys"], text), JSON.stringify(keys))],
    [
      1,
      () =>
        single(
          "json",
          arrange(random, ["as lines"], text),
          pairs.map(([key, value]) => `${key}: ${plain(value)}`).join("\n"),
        ),
    ],
  ])();
};

function scalar(situation: Situation): string | number | boolean {
  const { random } = situation;
  return weighted<() => string | number | boolean>(random, [
    [5, () => anything(situation)],
    [2, () => madeUpTitle(situation).toLowerCase()],
    [3, () => between(random, 0, 9999)],
    [2, () => chance(random, 0.5)],
    [1, () => emailAddress(situation)],
  ])();
}
