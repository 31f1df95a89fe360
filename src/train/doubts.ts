import { agrees, type Answer, type Example, type Prediction } from "../core/index.ts";
import { chanceWrong, fitDoubt, predictCappedPlatt, type DoubtModel, type Held } from "../learn/index.ts";
import { logOdds } from "../models/index.ts";

/** What a model that had not seen an example says of it. */
export type Evidence = {
  readonly example: Example;
  readonly prediction: Prediction;
  /** As HeldOut has it. */
  readonly rank: number | null;
};

/** An example whose recorded answer is likely wrong. */
export type Suspect = {
  readonly callId: string;
  /** What the specialist would say, and the chance that a record would agree with it. */
  readonly said: Answer;
  readonly score: number;
  /** That the recorded answer is wrong. */
  readonly chance: number;
};

/** What out-of-fold answers show about the recorded ones. */
export type Doubts = {
  /** Share of the examples whose recorded answer seems wrong at random: no specialist agrees with these. Null where too few were looked at. */
  readonly noise: number | null;
  /** Examples looked at. */
  readonly n: number;
  /** The likeliest first. */
  readonly suspects: readonly Suspect[];
};

export const noDoubts: Doubts = { noise: null, n: 0, suspects: [] };

/** From fewer examples a share of errors cannot be told from chance. */
const MIN_EXAMPLES = 100;
/** A suspect is more likely wrong than not. */
const MIN_CHANCE = 0.5;
/** Kept per task, the likeliest: more than a person will look through. */
const MAX_SUSPECTS = 1000;

/**
 * Finds recorded answers that are likely wrong, from answers of models that had not seen them. fitted: from the folds of the training part; judged: any
 * other unseen examples. The certification part is never among them: an answer the large model gave counts there, right or wrong.
 */
export function doubtsOf(fitted: readonly Evidence[], judged: readonly Evidence[]): Doubts {
  const material = fitted.length >= MIN_EXAMPLES ? fitted : [...fitted, ...judged];
  if (material.length < MIN_EXAMPLES) return { ...noDoubts, n: material.length };
  const model = fitDoubt(material.map(heldOf));
  const suspects = [...fitted, ...judged].flatMap((evidence) => suspectOf(evidence, model));
  suspects.sort((a, b) => b.chance - a.chance || (a.callId < b.callId ? -1 : 1));
  return { noise: model.noise, n: material.length, suspects: suspects.slice(0, MAX_SUSPECTS) };
}

const heldOf = ({ example, prediction, rank }: Evidence): Held => ({
  score: logOdds(prediction.score),
  agrees: agrees(prediction.answer, example.answer),
  rank,
});

function suspectOf(evidence: Evidence, model: DoubtModel): Suspect[] {
  const held = heldOf(evidence);
  const chance = held.agrees ? 0 : chanceWrong(model, held);
  if (chance < MIN_CHANCE) return [];
  const { example, prediction } = evidence;
  return [
    {
      callId: example.callId,
      said: prediction.answer,
      score: predictCappedPlatt(model, held.score),
      chance,
    },
  ];
}
