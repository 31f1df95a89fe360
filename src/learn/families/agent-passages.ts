import { hash32, type Json } from "../../core/index.ts";
import { clockOf, dateOf, type Anchor } from "./agent-moments.ts";
import type { AgentState } from "./agent-state.ts";
import { numberOf } from "./span-rules.ts";

/** A run of words in a passage. */
export type PassageSpan = {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Hash of its look: which kinds of words, how many. */
  readonly look: number;
};

/** A day, time or number that a run of words says. */
export type Normal = PassageSpan & { readonly rule: string; readonly value: Json };

/** A text values may be copied from. */
export type Passage = {
  /** Who said it, and how long ago: `user0` is the newest of the user. */
  readonly where: string;
  readonly lower: readonly string[];
  /** The words, each between spaces: a phrase is said where it stands in here. */
  readonly phrase: string;
  readonly spans: readonly PassageSpan[];
  readonly normals: readonly Normal[];
};

const MAX_SPAN = 9;
const MAX_NORMAL = 6;
// The newest words of a long message; values stand in what is short.
const MAX_WORDS = 120;
const USER_PASSAGES = 4;
const ASSISTANT_PASSAGES = 2;

/** The newest messages, the first of the user, and a result that is plain text. O(words × longest span). */
export function passagesOf({ happenings }: AgentState, anchor: Anchor): Passage[] {
  const said = (role: string): string[] =>
    happenings.flatMap((one) => (one.kind === "said" && one.role === role ? [one.text] : []));
  const user = said("user");
  const newest = (texts: readonly string[], count: number, name: string): [string, string][] =>
    texts
      .slice(-count)
      .reverse()
      .map((text, ago) => [`${name}${ago}`, text]);
  const last = happenings.at(-1);
  const texts: [string, string][] = [
    ...newest(user, USER_PASSAGES, "user"),
    ...(user.length > USER_PASSAGES ? ([["first", user[0]]] as [string, string][]) : []),
    ...newest(said("assistant"), ASSISTANT_PASSAGES, "assistant"),
    ...(last?.kind === "result" && last.leaves.length === 0
      ? ([["result", last.text]] as [string, string][])
      : []),
    ...newest(said("system"), 1, "system"),
  ];
  return texts.map(([where, text]) => passageOf(where, text, anchor));
}

type Word = { readonly text: string; readonly start: number; readonly end: number };

// Signs inside a word hold it together (mail addresses, dates, file names); a placeholder is one word.
const WORD =
  /<[A-Z][A-Z0-9_]*>|[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}]|[_.@\-'’/:+&](?=[\p{L}\p{N}])|(?<=\d),(?=\d))*|[^\s]/gu;

export function wordsIn(text: string): Word[] {
  return [...text.matchAll(WORD)].map((match) => ({
    text: match[0],
    start: match.index,
    end: match.index + match[0].length,
  }));
}

export const phraseOf = (value: string): string =>
  ` ${wordsIn(value)
    .map(({ text }) => text.toLowerCase())
    .join(" ")} `;

function passageOf(where: string, text: string, anchor: Anchor): Passage {
  const words = wordsIn(text).slice(-MAX_WORDS);
  const spans: PassageSpan[] = [];
  const normals: Normal[] = [];
  const looks = words.map((word) => lookOf(word.text));
  for (let start = 0; start < words.length; start += 1) {
    const canSay = START_OF_NORMAL.test(words[start].text);
    let look = 0;
    for (let end = start + 1; end <= Math.min(words.length, start + MAX_SPAN); end += 1) {
      if (end === start + 1 || looks[end - 1] !== looks[end - 2]) look = mixed(look, looks[end - 1]);
      const cut = text.slice(words[start].start, words[end - 1].end);
      const span = { start, end, text: cut, look: mixed(look, end - start) };
      spans.push(span);
      if (canSay && end - start <= MAX_NORMAL) normals.push(...normalsOf(span, anchor));
    }
  }
  const lower = words.map((word) => word.text.toLowerCase());
  return { where, lower, phrase: ` ${lower.join(" ")} `, spans, normals };
}

/** What a day, a time or a number begins with. */
const START_OF_NORMAL =
  /^(?:\$|[+-]?\d|the$|half$|zero$|one$|two$|three$|four|five$|six|seven|eight|nine|ten$|eleven$|twelve$|thir|fif|twenty|forty|dozen$|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)/i;

const mixed = (a: number, b: number): number => {
  const hash = Math.imul(Math.imul(a, 31) ^ b ^ 0x9e3779b1, 0x85ebca6b);
  return (hash ^ (hash >>> 15)) >>> 0;
};

/** Which kind of word it is, as a number. */
const lookOf = (word: string): number => hash32(kindOfWord(word));

function kindOfWord(word: string): string {
  if (word.startsWith("<") && word.length > 1) return word.replace(/_?\d+>$/, ">");
  if (/^\d+$/.test(word)) return "9";
  if (word.includes("@")) return "@";
  if (/^\d+[-/]\d+[-/]\d+$/.test(word)) return "d";
  if (/^\d+:\d+$/.test(word)) return "t";
  if (/^\d[\d.,]*$/.test(word)) return "n";
  if (word.includes("_")) return "_";
  if (/\d/.test(word) && /\p{L}/u.test(word)) return "x";
  if (/[./]/.test(word) && word.length > 1) return ".";
  if (/^\p{Lu}{2,}$/u.test(word)) return "A";
  if (/^\p{Lu}/u.test(word)) return "Aa";
  return /^\p{L}/u.test(word) ? "a" : word;
}

function normalsOf(span: PassageSpan, anchor: Anchor): Normal[] {
  const found: Normal[] = [];
  // Articles are no counts.
  const number = /^an?$/i.test(span.text) ? undefined : numberOf(span.text.replace(/^\$/, ""));
  if (number !== undefined) {
    found.push(
      { ...span, rule: "number", value: number },
      { ...span, rule: "digits", value: String(number) },
    );
  }
  const date = dateOf(span.text, anchor);
  if (date !== undefined) found.push({ ...span, rule: "date", value: date });
  const clock = clockOf(span.text);
  if (clock !== undefined) found.push({ ...span, rule: "clock", value: clock });
  return found;
}
