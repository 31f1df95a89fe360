import type { Random } from "../../src/core/index.ts";
import { chance, expand, lines, pickCommon, sections, type Slots } from "./grammar.ts";
import { HUMAN_TEXT, NEUTRAL_TEXT, SENTIMENT_TEXT, URGENCY_TEXT } from "./text-flags.ts";
import { BACKGROUND, INTENT_TEXT } from "./text-intents.ts";
import { customerText } from "./voice.ts";
import { SLOTS } from "./words.ts";

const INTENT_LINES = sections(INTENT_TEXT);
export const INTENTS = [...INTENT_LINES.keys()];
const URGENCY_LINES = sections(URGENCY_TEXT);
const SENTIMENT_LINES = sections(SENTIMENT_TEXT);
const NEUTRAL_LINES = lines(NEUTRAL_TEXT);
const HUMAN_LINES = lines(HUMAN_TEXT);
const BACKGROUND_LINES = lines(BACKGROUND);

export type Flags = { readonly urgency: string; readonly sentiment: string; readonly needs_human: boolean };
export type CustomerMessage = { readonly text: string; readonly intent: string; readonly flags: Flags };

/** Intents are not equally common: the share falls with the place in a shuffled list. */
const INTENT_WEIGHTS = INTENTS.map((_, index) => 1 / (7 + ((index * 7) % INTENTS.length)));

/** What a customer writes about one matter, sometimes with background that belongs to another. */
export function plainMessage(random: Random): CustomerMessage {
  const intent = drawIntent(random);
  const slots: Slots = new Map();
  const core = fromLines(INTENT_LINES.get(intent) ?? [], random, slots);
  const extras = chance(0.12, random) ? [fromLines(BACKGROUND_LINES, random, slots)] : [];
  if (chance(0.06, random)) extras.push(fromLines(NEUTRAL_LINES, random, slots));
  const flags = { urgency: "normal", sentiment: "neutral", needs_human: intent === "human_agent" };
  return { text: customerText(core, extras, random, slots), intent, flags };
}

/** A message whose urgency, feeling and wish for a person are said in sentences of their own. */
export function flaggedMessage(random: Random): CustomerMessage {
  const intent = drawIntent(random);
  const slots: Slots = new Map();
  const urgency = weighted(
    [
      ["normal", 0.45],
      ["high", 0.33],
      ["low", 0.22],
    ],
    random,
  );
  const sentiment = weighted(
    [
      ["neutral", 0.42],
      ["negative", 0.35],
      ["positive", 0.23],
    ],
    random,
  );
  const asksForHuman = chance(0.16, random);
  const core = fromLines(INTENT_LINES.get(intent) ?? [], random, slots);
  const extras = [
    ...partOf(URGENCY_LINES, urgency, random, slots),
    ...partOf(SENTIMENT_LINES, sentiment, random, slots),
    ...(asksForHuman ? [fromLines(HUMAN_LINES, random, slots)] : []),
  ];
  if (chance(0.12, random)) extras.push(fromLines(NEUTRAL_LINES, random, slots));
  if (chance(0.08, random)) extras.push(fromLines(BACKGROUND_LINES, random, slots));
  const flags = { urgency, sentiment, needs_human: asksForHuman || intent === "human_agent" };
  return { text: customerText(core, random.shuffle(extras), random, slots), intent, flags };
}

/** One of the values, by weight. The weights need not sum to 1. */
export function weighted<T>(choices: readonly (readonly [T, number])[], random: Random): T {
  let rest = random.next() * choices.reduce((sum, [, weight]) => sum + weight, 0);
  const found = choices.find(([, weight]) => (rest -= weight) < 0);
  return (found ?? choices[0])[0];
}

export function fromLines(templates: readonly string[], random: Random, slots: Slots): string {
  return expand(pickCommon(templates, random), random, SLOTS, slots);
}

function drawIntent(random: Random): string {
  return weighted(
    INTENTS.map((intent, index) => [intent, INTENT_WEIGHTS[index]] as const),
    random,
  );
}

function partOf(parts: Map<string, string[]>, value: string, random: Random, slots: Slots): string[] {
  const templates = parts.get(value);
  return templates === undefined ? [] : [fromLines(templates, random, slots)];
}
