import {
  choiceProbabilities,
  conditionalDefaults,
  fitConditionalLogit,
  type DenseChoice,
} from "../linear/conditional-logit.ts";
import { fitLogistic, logisticDefaults, predictLogistic, type LogisticModel } from "../linear/logistic.ts";
import type { Proposal } from "./template-fill-model.ts";

/** How to choose among proposals and how sure to be. */
export type Judge = {
  /** Weights of a proposal's features. */
  readonly rerank: readonly number[];
  /** Per template: how often it was chosen on unseen examples, and how often rightly. */
  readonly chosen: readonly number[];
  readonly right: readonly number[];
  /** Share of right choices over all templates. */
  readonly shareRight: number;
  /** Nearly all right choices were of templates with an example at least this like the input. */
  readonly usualLikeness: number;
  readonly score: LogisticModel;
};

/** The proposals for an example by a model that did not see it, and which of them say what was recorded. */
export type Trial = {
  /** Its place; null for an imagined one. */
  readonly item: number | null;
  readonly proposals: readonly Proposal[];
  readonly isRight: readonly boolean[];
};

/** Learns from trials, of which at least one has proposals. templates: how many ids there are. */
export function fitJudge(trials: readonly Trial[], templates: number): Judge {
  const rerank = fitRerank(trials);
  const choices = trials.flatMap(({ proposals, isRight }) => {
    if (proposals.length === 0) return [];
    const choice = choose(proposals, rerank);
    return [{ ...choice, outcome: isRight[choice.place] ? 1 : 0 }];
  });
  const chosen = Array.from({ length: templates }, () => 0);
  const right = Array.from({ length: templates }, () => 0);
  for (const { template, outcome } of choices) {
    chosen[template] += 1;
    right[template] += outcome;
  }
  const shareRight = choices.reduce((sum, { outcome }) => sum + outcome, 0) / Math.max(1, choices.length);
  // An example's own outcome must not speak for it.
  const features = choices.map(({ features: own, template, outcome }) => [
    ...own,
    trustOf({ right: right[template] - outcome, chosen: chosen[template] - 1, shareRight }),
  ]);
  const score = fitLogistic({ features, outcomes: choices.map(({ outcome }) => outcome) }, logisticDefaults);
  const usualLikeness = usualOf(
    choices.flatMap((choice) => (choice.outcome === 1 ? [choice.features[LIKENESS]] : [])),
  );
  return { rerank, chosen, right, shareRight, usualLikeness, score };
}

/** The best proposal, by place, and how sure it is. */
export function judgeProposals(
  judge: Judge,
  proposals: readonly Proposal[],
): { place: number; score: number } {
  const { place, template, features } = choose(proposals, judge.rerank);
  const trust = trustOf({
    right: judge.right[template],
    chosen: judge.chosen[template],
    shareRight: judge.shareRight,
  });
  // Farther from all examples than any right choice was: what speaks for the answer was learnt elsewhere.
  const nearness = Math.min(1, Math.max(0, features[LIKENESS]) / judge.usualLikeness);
  return { place, score: nearness * predictLogistic(judge.score, [...features, trust]) };
}

/** The first two features of a proposal: its template's score and its likeness to the nearest example. */
const SCORE = 0;
const LIKENESS = 1;
/** Share of right choices that may be less like any example. */
const SHARE_UNUSUAL = 0.01;
const LEAST_LIKENESS = 1e-3;

function usualOf(likeness: readonly number[]): number {
  const sorted = likeness.toSorted((a, b) => a - b);
  return Math.max(LEAST_LIKENESS, sorted[Math.floor(SHARE_UNUSUAL * sorted.length)] ?? 0);
}

/** Choices that the mean over all templates counts as, against a template's own. */
const PRIOR = 3;

function trustOf(counts: {
  readonly right: number;
  readonly chosen: number;
  readonly shareRight: number;
}): number {
  return (counts.right + PRIOR * counts.shareRight) / (counts.chosen + PRIOR);
}

function fitRerank(trials: readonly Trial[]): number[] {
  const choices = trials.flatMap(({ proposals, isRight }): DenseChoice[] => {
    const chosen = isRight.indexOf(true);
    return chosen < 0 ? [] : [{ features: proposals.map(({ features }) => features), chosen }];
  });
  const weights = fitConditionalLogit(choices, conditionalDefaults);
  // Without one right proposal nothing is learnt; any fixed order will do.
  const width = trials.find(({ proposals }) => proposals.length > 0)?.proposals[0].features.length ?? 0;
  return weights.length > 0 ? weights : Array.from({ length: width }, () => 1);
}

// Keeps the log odds of a sole proposal finite.
const LEAST_DOUBT = 1e-4;

type Choice = { readonly place: number; readonly template: number; readonly features: number[] };

/** The best of some proposals, and what speaks for it; every feature rises with how sure one may be. */
function choose(proposals: readonly Proposal[], rerank: readonly number[]): Choice {
  const probabilities = choiceProbabilities(
    proposals.map(({ features }) => features),
    rerank,
  );
  const [place, next] = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
  const top = probabilities[place];
  const margin = next === undefined ? 1 : top - probabilities[next];
  const logOdds = Math.log((top + LEAST_DOUBT) / (1 - top + LEAST_DOUBT));
  const rival = (feature: number): number =>
    Math.max(0, ...proposals.flatMap(({ features }, other) => (other === place ? [] : [features[feature]])));
  const { template, features } = proposals[place];
  return { place, template, features: [...features, margin, logOdds, -rival(SCORE), -rival(LIKENESS)] };
}
