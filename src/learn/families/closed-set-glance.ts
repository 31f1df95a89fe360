import { meanRisk } from "../calibrate/selection.ts";
import { fitLogistic, logisticDefaults, predictLogistic, type LogisticModel } from "../linear/logistic.ts";
import type { Evidence } from "./closed-set-model.ts";

/** How sure a glance must be to answer without a second look. */
export type Glance = {
  /** Of the features of a glance, P(its answer is the recorded one). */
  readonly score: LogisticModel;
  readonly above: number;
};

/** What models that had not seen an example say of it. */
export type Held = {
  readonly recorded: number;
  readonly glance: Evidence;
  readonly whole: Evidence;
  readonly wholeScore: number;
};

/** Shares of the held-out parts that a glance may answer, the largest first: more is not needed, less does not pay. */
const SHARES = [0.7, 0.6, 0.5, 0.4, 0.3];
/** Fewer held-out examples do not tell what a glance would change. */
const LEAST_HELD = 200;
/** At most this share of its answers may be other than those of the whole model. */
const MOST_CHANGED = 0.01;
/** A twentieth more of the area under risk and coverage is less than it differs by from seed to seed, and about what the guess as a second opinion takes off it. */
const AREA_KEPT = 1.05;

/**
 * The largest share of inputs that a glance may answer without loss on held-out parts: its answers are those of the whole model but for a few, by
 * these no fewer are the recorded ones (one standard error of a paired comparison, McNemar), and both scores in one order separate right from
 * wrong as well as the whole model's alone. Null where no share does. Both scores are P(recorded answer), learnt from the same examples, so
 * that one threshold is about both.
 */
export function chooseGlance(held: readonly Held[]): Glance | null {
  if (held.length < LEAST_HELD) return null;
  const score = fitLogistic(
    {
      features: held.map(({ glance }) => glance.features),
      outcomes: held.map((one) => hit(one, one.glance)),
    },
    logisticDefaults,
  );
  const glances = held.map(({ glance }) => predictLogistic(score, glance.features));
  const falling = glances.toSorted((a, b) => b - a);
  const whole = outcomeOf(held, glances, Infinity);
  for (const share of SHARES) {
    const above = falling[Math.floor(share * held.length) - 1];
    const { early, changed, gain, area } = outcomeOf(held, glances, above);
    const isAsRight = gain >= -Math.sqrt(changed);
    if (isAsRight && changed <= MOST_CHANGED * early && area <= AREA_KEPT * whole.area)
      return { score, above };
  }
  return null;
}

type Outcome = {
  readonly early: number;
  /** Of these, other than by the whole model. */
  readonly changed: number;
  /** Right ones more than by the whole model. */
  readonly gain: number;
  readonly area: number;
};

const hit = ({ recorded }: Held, { label }: Evidence): number => (label === recorded ? 1 : 0);

/** What the held-out examples come to where a glance answers from this score on. */
function outcomeOf(held: readonly Held[], glances: readonly number[], above: number): Outcome {
  const isEarly = (at: number): boolean => glances[at] >= above;
  const early = held.filter((_, at) => isEarly(at));
  const losses = held.map((one, at) => 1 - hit(one, isEarly(at) ? one.glance : one.whole));
  const scores = held.map(({ wholeScore }, at) => (isEarly(at) ? glances[at] : wholeScore));
  return {
    early: early.length,
    changed: early.filter(({ glance, whole }) => glance.label !== whole.label).length,
    gain: early.reduce((sum, one) => sum + hit(one, one.glance) - hit(one, one.whole), 0),
    area: meanRisk(scores, losses),
  };
}
