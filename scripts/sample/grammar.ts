import type { Random } from "../../src/core/index.ts";

/** The values of one message: a slot filled once keeps its value, so the truth can be read off afterwards. */
export type Slots = Map<string, string>;

/** Makes the value of a slot such as `$item`; `$item2` is drawn anew from the same maker. */
export type SlotMakers = { readonly [name: string]: (random: Random) => string };

/** Expands `{a|b|}` choices (they may nest) and `$slot` names. The braces are the whole language. */
export function expand(
  template: string,
  random: Random,
  makers: SlotMakers,
  slots: Slots = new Map(),
): string {
  const chosen = choose(template, random);
  return chosen.replace(/\$([a-z]+)(\d?)/g, (_, name: string, index: string) => {
    const key = name + index;
    const known = slots.get(key);
    if (known !== undefined) return known;
    const maker = makers[name];
    if (maker === undefined) throw new RangeError(`Cannot expand "$${key}": no such slot in "${template}"`);
    const value = maker(random);
    slots.set(key, value);
    return value;
  });
}

/** One of the items, uniformly. */
export function pick<T>(items: readonly T[], random: Random): T {
  return items[random.below(items.length)];
}

/** One of the items, the earlier ones more often: people say the common thing in the common way. */
export function pickCommon<T>(items: readonly T[], random: Random): T {
  let rest = random.next() * items.reduce((sum, _, rank) => sum + shareOfRank(rank), 0);
  const index = items.findIndex((_, rank) => (rest -= shareOfRank(rank)) < 0);
  return items[Math.max(0, index)];
}

// Zipf with an exponent above 1: a few ways of saying it carry most of the traffic, the rest is a long tail.
const shareOfRank = (rank: number): number => (rank + 1) ** -2.5;

/** True with probability `share`. */
export function chance(share: number, random: Random): boolean {
  return random.next() < share;
}

/** Reads `# label` headings, each followed by one template per line. */
export function sections(text: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of lines(text)) {
    if (line.startsWith("# ")) found.set(line.slice(2), (current = []));
    else current.push(line);
  }
  return found;
}

/** The non-empty lines of a text, trimmed. */
export function lines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

const INNERMOST = /\{([^{}]*)\}/;

function choose(template: string, random: Random): string {
  let text = template;
  for (let match = INNERMOST.exec(text); match !== null; match = INNERMOST.exec(text)) {
    const option = pick(match[1].split("|"), random);
    text = text.slice(0, match.index) + option + text.slice(match.index + match[0].length);
  }
  return text;
}
