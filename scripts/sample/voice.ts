import type { Random } from "../../src/core/index.ts";
import { chance, expand, lines, pick, type Slots } from "./grammar.ts";
import { SLOTS } from "./words.ts";

const OPENERS = lines(`
  {hi|hello|hey}{ there| team| $shop team|}{,|!|}
  good {morning|afternoon|evening},
  dear {support|customer service|$shop|Sir or Madam},
  hi, {quick question|a question|I have a question}:
  {hello|hi} again,
  {sorry to bother you|excuse me|sorry},
  {hallo|hola|bonjour|servus|moin},
  ok so
  {question|help}:
  {could you help me?|can anyone help?}
  {I hope you are well.|hope this finds you well.}
`);
const CLOSERS = lines(`
  {thanks|thank you|many thanks|cheers|thx}{!|}
  {thanks|thank you} {in advance|for your help|for a quick answer}
  {best|kind|best} regards{, $first|}
  {please let me know|let me know}{ soon|}
  {danke|gracias|merci|obrigado|vielen Dank}
  {can you help|can you look into it|what can be done}?
  {waiting for your answer|looking forward to hearing from you}
  $first
  {greetings from $city|regards from $city}
  {bye|have a nice day}
`);
const SHORTENED: readonly (readonly [RegExp, string])[] = [
  [/\bplease\b/gi, "pls"],
  [/\byou\b/gi, "u"],
  [/\bare\b/gi, "r"],
  [/\border\b/gi, "ordr"],
  [/\bthanks\b/gi, "thx"],
  [/\bbecause\b/gi, "cuz"],
  [/\band\b/gi, "&"],
  [/\btomorrow\b/gi, "tmrw"],
];

/** How a person writes a message around its core: greetings, background, habits of typing. */
export function customerText(core: string, extras: readonly string[], random: Random, slots: Slots): string {
  if (extras.length === 0 && chance(0.14, random)) return typed(core, random);
  const parts = [sentence(core), ...extras.map(sentence)];
  // Not everybody begins with the matter.
  const ordered = chance(0.4, random) ? random.shuffle(parts) : parts;
  if (chance(0.45, random)) ordered.unshift(expand(pick(OPENERS, random), random, SLOTS, slots));
  if (chance(0.42, random)) ordered.push(expand(pick(CLOSERS, random), random, SLOTS, slots));
  return typed(ordered.join(chance(0.05, random) ? "\n" : " "), random);
}

/** The habits of one keyboard: capitals, punctuation, short forms, slips. */
export function typed(text: string, random: Random): string {
  let result = article(tidy(text));
  const habit = random.next();
  if (habit < 0.45) result = capitalised(result);
  else if (habit < 0.8) result = result.toLowerCase();
  else if (habit < 0.97) result = result.replace(/[.,!?]+(?=\s|$)/g, "").toLowerCase();
  else result = result.toUpperCase();
  if (chance(0.1, random)) for (const [long, short] of SHORTENED) result = result.replace(long, short);
  if (chance(0.2, random)) result = misspelt(result, 1 + random.below(3), random);
  return result;
}

/** Puts "an" where the grammar left "a" before a vowel. */
export const article = (text: string): string => text.replace(/\b([Aa]) (?=[aeio](?!ne\b))/g, "$1n ");

export const capitalised = (text: string): string =>
  text.replace(
    /(^|[.!?]\s+|\n)([a-z])/g,
    (_, before: string, letter: string) => before + letter.toUpperCase(),
  );

/** A text with its full stop or question mark. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (/[.!?]$/.test(trimmed)) return trimmed;
  return trimmed + (QUESTION.test(trimmed) ? "?" : ".");
}

const QUESTION =
  /^(where|what(?! a )|how|can|could|is|are|do|does|did|when|which|who|why|has|have you|will|would|may|was|wo|wann)\b/i;

/** Without the double spaces and stray gaps that empty choices leave. */
export const tidy = (text: string): string =>
  text
    .replace(/ +/g, " ")
    .replace(/ (?=[.,!?](\s|$))/g, "")
    .replace(/\n /g, "\n")
    .trim();

function misspelt(text: string, slips: number, random: Random): string {
  const words = text.split(" ");
  for (let count = 0; count < slips; count += 1) {
    const index = random.below(words.length);
    if (/^[a-zA-Z']{4,}$/.test(words[index])) words[index] = slipOf(words[index], random);
  }
  return words.join(" ");
}

function slipOf(word: string, random: Random): string {
  const at = 1 + random.below(word.length - 2);
  const [head, letter, next, tail] = [word.slice(0, at), word[at], word[at + 1], word.slice(at + 2)];
  switch (random.below(4)) {
    case 0:
      return head + next + letter + tail;
    case 1:
      return head + next + tail;
    case 2:
      return head + letter + letter + next + tail;
    default:
      return head + pick(["e", "r", "n", "s", "a", "i"], random) + next + tail;
  }
}
