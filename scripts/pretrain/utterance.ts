// An utterance with the values that are in it, in one of the ways people type.
import type { Json, Random } from "../../src/core/index.ts";
import type { Situation } from "./values.ts";
import { chance, pick, weighted } from "./draw.ts";
import type { Intent, Slot } from "./intents.ts";

export type Value = {
  /** As it stands in the utterance. */
  readonly text: string;
  /** What it means: a number, an ISO date; the text itself where it has no other form. */
  readonly json: Json;
};

export type Utterance = {
  readonly text: string;
  /** By the slot's key, in the order of appearance. */
  readonly values: ReadonlyMap<string, Value>;
};

type Piece = { readonly text: string; readonly key: string | null; readonly json: Json };

const BEFORE = [
  "hey ",
  "hi, ",
  "hello, ",
  "ok ",
  "okay so ",
  "um ",
  "please ",
  "so ",
  "hey there, ",
  "good morning, ",
  "well ",
  "actually, ",
  "assistant, ",
  "yo ",
  "quick one: ",
  "hi there ",
  "listen, ",
  "excuse me, ",
];
const AFTER = [
  " please",
  " thanks",
  ", thanks",
  ", thank you",
  " pls",
  " if you can",
  " right away",
  ", ok?",
  " when you have time",
  " for me",
  ", would you",
  " asap",
  ", cheers",
];

/** Says an intent: draws a pattern and its values, then spells it as people do. */
export function say(intent: Intent, situation: Situation): Utterance {
  const { random } = situation;
  const slots = new Map(intent.slots.map((slot) => [slot.key, slot]));
  const pieces: Piece[] = [];
  if (chance(random, 0.12)) pieces.push(carrier(pick(random, BEFORE)));
  for (const stretch of intent.utter(situation)) {
    if (typeof stretch === "string") pieces.push(carrier(stretch));
    else pieces.push(valuePiece(slots.get(stretch.key), situation));
  }
  if (chance(random, 0.1)) pieces.push(carrier(pick(random, AFTER)));
  return spelled(pieces, random);
}

function carrier(text: string): Piece {
  return { text, key: null, json: null };
}

function valuePiece(slot: Slot | undefined, situation: Situation): Piece {
  if (slot === undefined) throw new RangeError("a pattern names a slot that its intent has not");
  const drawn = slot.draw(situation);
  return typeof drawn === "string"
    ? { text: drawn, key: slot.key, json: null }
    : { text: drawn.text, key: slot.key, json: drawn.json };
}

type Spelling = "lower" | "natural" | "sentence" | "upper";

function spelled(pieces: readonly Piece[], random: Random): Utterance {
  const spelling = weighted<Spelling>(random, [
    [50, "lower"],
    [15, "natural"],
    [34, "sentence"],
    [1, "upper"],
  ]);
  const quotes = chance(random, 0.05) ? '"' : "";
  const typoAt = chance(random, 0.1) ? random.below(pieces.length) : -1;
  const values = new Map<string, Value>();
  let text = "";
  for (const [at, piece] of pieces.entries()) {
    let part = cased(piece.text, spelling);
    if (piece.key === null) {
      if (at === typoAt) part = mistyped(part, random);
      text = joined(text, part);
      continue;
    }
    if (!values.has(piece.key)) values.set(piece.key, { text: part, json: piece.json ?? part });
    const isQuoted = quotes !== "" && piece.json === null && !part.includes('"');
    text = joined(text, isQuoted ? `"${part}"` : part);
  }
  text = text.trim();
  if (spelling !== "sentence") return { text, values };
  return sentence(text, values, random);
}

/** Optional parts leave spaces on both sides; one is enough. */
function joined(text: string, part: string): string {
  if (text === "" || text.endsWith(" ")) return text + part.trimStart();
  return /^\s*[,.:?]/.test(part) ? text.trimEnd() + part.trimStart() : text + part;
}

function cased(text: string, spelling: Spelling): string {
  if (spelling === "lower") return text.toLowerCase();
  return spelling === "upper" ? text.toUpperCase() : text;
}

/** A capital first, except where a value comes first and would no longer be copied as it stands; a mark at the end. */
function sentence(text: string, values: ReadonlyMap<string, Value>, random: Random): Utterance {
  const [first] = values.values();
  const startsWithValue = first !== undefined && text.startsWith(first.text);
  const start = startsWithValue ? text : text[0].toUpperCase() + text.slice(1);
  const isQuestion =
    /^(what|when|where|who|how|is|are|can|could|will|does|do|did|should|which|has|would)\b/i.test(text);
  const end = /[.?!]$/.test(text) ? "" : isQuestion ? "?" : pick(random, [".", ".", ".", "!", ""]);
  return {
    text: start.replace(/\bi\b(?=[ '])/g, "I") === start ? start + end : keepValues(start, end, values),
    values,
  };
}

/** "I" is a capital in carrier text only: a value must stand in the text as it is copied. */
function keepValues(text: string, end: string, values: ReadonlyMap<string, Value>): string {
  const proper = text.replace(/\bi\b(?=[ '])/g, "I");
  const isWhole = [...values.values()].every((value) => proper.includes(value.text));
  return (isWhole ? proper : text) + end;
}

/** One slip: two letters swapped, one left out or one doubled, in a word of the carrier text. */
function mistyped(text: string, random: Random): string {
  const places = [...text.matchAll(/[a-z]{4,}/gi)];
  if (places.length === 0) return text;
  const place = pick(random, places);
  const at = place.index + 1 + random.below(place[0].length - 2);
  const [before, one, two, after] = [text.slice(0, at), text[at], text[at + 1] ?? "", text.slice(at + 2)];
  return pick(random, [before + two + one + after, before + two + after, before + one + one + two + after]);
}
