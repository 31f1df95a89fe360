import type { SpecialistFamily, TaskProfile } from "../core/index.ts";

/** With fewer training examples than this nothing is worth training: no certificate could follow. */
export const MIN_TRAINING_EXAMPLES = 30;

/** What to train for a task, cheapest first; or why nothing. */
export type Plan =
  | { readonly action: "train"; readonly families: readonly SpecialistFamily[] }
  | { readonly action: "skip"; readonly reason: string; readonly cause: "few-calls" | "form" };

/** The rungs of the ladder that suit a task. */
export function planFor(profile: TaskProfile, families: readonly SpecialistFamily[]): Plan {
  if (profile.examples < MIN_TRAINING_EXAMPLES) {
    return {
      action: "skip",
      cause: "few-calls",
      reason: `only ${profile.examples} training examples, needs ${MIN_TRAINING_EXAMPLES}`,
    };
  }
  const suited = families.filter((family) => family.suits(profile)).sort((a, b) => a.rank - b.rank);
  if (suited.length > 0) return { action: "train", families: suited };
  const reason = `no specialist can express its answers yet: ${describe(profile)}`;
  return { action: "skip", cause: "form", reason };
}

function describe({ kind, answers, shareRepeatedAnswers, shareCopied }: TaskProfile): string {
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  return `${kind}, ${answers} different answers, ${percent(shareRepeatedAnswers)} given more than once, ${percent(shareCopied)} of values copied from the input`;
}
