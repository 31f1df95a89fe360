// Variants of texts as people might have put them: another word, one less, two sentences at once, a slip of the finger.
import type { Random } from "../../src/core/index.ts";
import { chance, pick } from "../pretrain/draw.ts";

/** One variant of a text; `words` are what may stand in for one of its words, `others` what may follow it. */
export function vary(
  text: string,
  random: Random,
  { words, others }: { readonly words: readonly string[]; readonly others: readonly string[] },
): string {
  const said = text.split(" ");
  const kind = random.next();
  if (kind < 0.7) {
    const times = said.length >= 6 && chance(random, 0.5) ? 2 : 1;
    for (let time = 0; time < times; time += 1) said[longWord(said, random)] = pick(random, words);
  } else if (kind < 0.8) {
    if (said.length > 3) said.splice(random.below(said.length), 1);
  } else if (kind < 0.9) said.push(pick(random, others));
  else {
    const place = longWord(said, random);
    said[place] = slip(said[place], random);
  }
  return said.join(" ");
}

/** The place of a word that carries meaning, where there is one. */
function longWord(said: readonly string[], random: Random): number {
  const long = said.flatMap((word, place) => (word.length > 3 ? [place] : []));
  return long.length > 0 ? pick(random, long) : random.below(said.length);
}

/** Two letters of a word changed places, or one left out. */
function slip(word: string, random: Random): string {
  if (word.length < 4) return word;
  const at = 1 + random.below(word.length - 2);
  const swapped = chance(random, 0.5) ? word[at + 1] + word[at] : word[at + 1];
  return word.slice(0, at) + swapped + word.slice(at + 2);
}
