import type { TaskKind } from "../core/index.ts";

/** Words that say how to speak or answer, not what the task is. */
const STOP = new Set(
  (
    "a an and answer answers any are as assistant at be by can choose content day do each exactly following for from give given helpful id if in into is it " +
    "its json know language like make model must name named new no not of on one only or output please provide provided question questions reply " +
    "respond return role schema services some step string such system text that the their them then there these they this to today type use used user users " +
    "using value values want we what when which who will with without word write you your yourself below above instructions rules message messages response format " +
    "present solution than it's here has have how should would could about per all"
  ).split(" "),
);
const NAME_WORDS = 3;
/** A prompt says what it is about in its first words. */
const WORDS_READ = 40;

export type Nameable = { readonly kind: TaskKind; readonly fixedText: string };

/**
 * A short name for each task from the first words of its fixed text, those before others that few other tasks have
 * (class-based TF-IDF, Grootendorst 2022); made unique by a number.
 */
export function namesOf(tasks: readonly Nameable[]): string[] {
  const openings = tasks.map(({ fixedText }) => openingOf(fixedText));
  const spread = new Map<string, number>();
  for (const words of openings) for (const word of words) spread.set(word, (spread.get(word) ?? 0) + 1);
  const used = new Map<string, number>();
  return openings.map((words, index) => {
    const score = (word: string, at: number): number =>
      Math.log(1 + tasks.length / (spread.get(word) ?? 1)) / (1 + at / 6);
    const best = words
      .map((word, at) => ({ word, at, score: score(word, at) }))
      .sort((a, b) => b.score - a.score || a.at - b.at);
    const chosen = best.slice(0, NAME_WORDS).sort((a, b) => a.at - b.at);
    const name = chosen.length > 0 ? chosen.map(({ word }) => word).join("-") : `${tasks[index].kind}-task`;
    const times = (used.get(name) ?? 0) + 1;
    used.set(name, times);
    return times === 1 ? name : `${name}-${times}`;
  });
}

/** The first distinct words that mean something. */
function openingOf(text: string): string[] {
  const words = text.toLowerCase().match(/\p{L}[\p{L}\d]{2,30}/gu) ?? [];
  return [...new Set(words.slice(0, WORDS_READ).filter((word) => !STOP.has(word)))];
}
