import {
  agrees,
  contentHash,
  HouseError,
  type AnswerStyle,
  type Example,
  type HeldOut,
  type Json,
  type Prediction,
  type Progress,
  type Specialist,
  type SpecialistDescription,
  type SpecialistFamily,
  type TaskForm,
} from "../core/index.ts";
import { auroc, expectedCalibrationError, fitCappedPlatt, riskCoverage } from "../learn/index.ts";
import { calibratedScore, logOdds, specialistIdOf, type Calibration } from "../models/index.ts";
import { doubtsOf, noDoubts, type Doubts, type Evidence } from "./doubts.ts";
import type { FitPool } from "./pool.ts";
import type { SpecialistRow } from "../store/index.ts";

/** Fewer calibration examples of either outcome leave the score as the family made it. */
const MIN_CALIBRATION = 20;

export type Trained = {
  readonly row: SpecialistRow;
  readonly artifact: Uint8Array;
  readonly calibration: Calibration;
};

/** What a training run has to go by. `train` fits, `calibration` chooses the family and fits the score; nothing else is seen. */
export type TrainingJob = {
  readonly taskId: string;
  /** For progress. */
  readonly taskName: string;
  readonly train: readonly Example[];
  readonly calibration: readonly Example[];
  readonly families: readonly SpecialistFamily[];
  readonly pool: FitPool;
  readonly style: AnswerStyle;
  readonly form: TaskForm | null;
  readonly seed: number;
  readonly attempt: number;
  readonly madeFrom: string;
  /** Milliseconds, any origin; for the figures of the run only. */
  readonly clockMs: () => number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
};

/** Mean coverage of a cheaper family above which minutes of all cores are not worth their chance. */
const ENOUGH = 0.9;

type Candidate = {
  readonly family: SpecialistFamily;
  /** On the calibration part, in order. */
  readonly scores: readonly number[];
  readonly losses: readonly number[];
  readonly doubts: Doubts;
  readonly worth: number;
  readonly trainMs: number;
};

/** What became of each family tried, for the report. */
export type Tried = {
  readonly family: string;
  readonly agreement: number | null;
  readonly meanCoverage: number | null;
  readonly trainMs: number;
  readonly failure: string | null;
};

const NOT_TRIED = { agreement: null, meanCoverage: null, trainMs: 0 };

export type TaskTraining = {
  /** Null when no family could be fitted. */
  readonly trained: Trained | null;
  readonly tried: readonly Tried[];
  /** As the chosen family's answers show. */
  readonly doubts: Doubts;
};

/**
 * Trains every family of the plan on the training part and keeps the one that could serve most of the calibration part
 * within the usual risks (the cheaper at a tie). Deterministic by seed.
 */
export async function trainTask(job: TrainingJob): Promise<TaskTraining> {
  const candidates: Candidate[] = [];
  const tried: Tried[] = [];
  for (const family of job.families) {
    const started = job.clockMs();
    if (family.threads === "all" && candidates.some(({ worth }) => worth >= ENOUGH)) {
      tried.push({
        ...NOT_TRIED,
        family: family.kind,
        failure: "not needed: a cheaper family serves nearly all",
      });
      continue;
    }
    try {
      const candidate = await fitFamily(job, family, started);
      candidates.push(candidate);
      tried.push(triedOf(candidate));
    } catch (error) {
      // A family that cannot learn this task is an answer; anything else is not ours to hide.
      if (!(error instanceof HouseError) || error.code !== "nothing-to-do") throw error;
      tried.push({
        family: family.kind,
        agreement: null,
        meanCoverage: null,
        trainMs: job.clockMs() - started,
        failure: error.message,
      });
    }
  }
  const best = candidates.reduce<Candidate | null>(
    (top, next) => (top === null || next.worth > top.worth ? next : top),
    null,
  );
  if (best === null) return { trained: null, tried, doubts: noDoubts };
  return { trained: await finish(job, best, tried), tried, doubts: best.doubts };
}

async function fitFamily(job: TrainingJob, family: SpecialistFamily, started: number): Promise<Candidate> {
  const held: HeldOut[] = [];
  const artifact = await fitOn(job, family, { examples: job.train, onHeldOut: (one) => void held.push(one) });
  const predictions = await predictAll(job, await family.load(artifact));
  const scores = predictions.map(({ score }) => score);
  const losses = predictions.map(({ answer }, index) =>
    agrees(answer, job.calibration[index].answer) ? 0 : 1,
  );
  const fitted = held.map(({ place, ...said }): Evidence => ({ example: job.train[place], ...said }));
  const judged = predictions.map((prediction, index): Evidence => {
    return { example: job.calibration[index], prediction, rank: null };
  });
  return {
    family,
    scores,
    losses,
    doubts: doubtsOf(fitted, judged),
    worth: worthOf(scores, losses),
    trainMs: job.clockMs() - started,
  };
}

async function predictAll(
  { calibration, signal }: TrainingJob,
  specialist: Specialist,
): Promise<Prediction[]> {
  const predictions: Prediction[] = [];
  try {
    for (const { input } of calibration) {
      const prediction = specialist.predict(input, signal);
      predictions.push(prediction instanceof Promise ? await prediction : prediction);
    }
  } finally {
    await specialist.close?.();
  }
  return predictions;
}

type Material = {
  readonly examples: readonly Example[];
  readonly onHeldOut?: (held: HeldOut) => void;
};

async function fitOn(
  job: TrainingJob,
  family: SpecialistFamily,
  { examples, onHeldOut }: Material,
): Promise<Uint8Array> {
  const { seed, form, signal } = job;
  const progress: Progress = (step) => job.progress?.({ ...step, stage: `${job.taskName}: ${family.kind}` });
  progress({ stage: "", done: 0, total: null, unit: "fits" });
  const material = examples.map(({ input, answer, session }) => ({ input, answer, session }));
  return job.pool.fit(family, material, { seed, form, progress, signal, onHeldOut });
}

/** Disagreements a user may allow; families are compared by what they could serve within each. */
const RISKS = [0.01, 0.02, 0.05, 0.1];

/**
 * The mean, over the risks a user may allow, of the coverage whose empirical risk stays within it, with one imagined
 * disagreement more: so that a handful of lucky examples at the top are not taken for a good specialist.
 */
export function worthOf(scores: readonly number[], losses: readonly number[]): number {
  const points = riskCoverage(scores, losses);
  const coverageAt = (risk: number): number =>
    points.findLast(({ n, k }) => (k + 1) / (n + 1) <= risk)?.coverage ?? 0;
  const agreement = 1 - losses.reduce((sum, loss) => sum + loss, 0) / Math.max(1, losses.length);
  // Agreement decides where no coverage can be told apart.
  return RISKS.reduce((sum, risk) => sum + coverageAt(risk), 0) / RISKS.length + agreement / 1000;
}

function triedOf({ family, losses, worth, trainMs }: Candidate): Tried {
  const agreement =
    losses.length === 0 ? null : 1 - losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  return {
    family: family.kind,
    agreement,
    meanCoverage: losses.length === 0 ? null : Math.floor(worth * 100) / 100,
    trainMs,
    failure: null,
  };
}

/**
 * Fits the chosen family once more, on calibration examples too: what they had to tell, they have told. Not on suspects: a wrong answer teaches wrong
 * ones. They stay in what calibrated the score, so that it tells how often the record is agreed with.
 */
async function finish(job: TrainingJob, best: Candidate, tried: readonly Tried[]): Promise<Trained> {
  const calibration = calibrate(best);
  const suspected = new Set(best.doubts.suspects.map(({ callId }) => callId));
  const examples = [...job.train, ...job.calibration].filter(({ callId }) => !suspected.has(callId));
  const artifact = await fitOn(job, best.family, { examples });
  const calibrated = best.scores.map((score) => calibratedScore(calibration, score));
  const outcomes = best.losses.map((loss) => 1 - loss);
  const info = {
    calibration,
    style: job.style,
    seed: job.seed,
    trainExamples: job.train.length,
    calibrationExamples: job.calibration.length,
    suspects: suspected.size,
    noise: best.doubts.noise,
    calibrationErrors: best.losses.reduce((sum, loss) => sum + loss, 0),
    auroc: auroc(best.scores, outcomes),
    ece: best.scores.length === 0 ? null : expectedCalibrationError(calibrated, outcomes),
    tried,
    trainedOn: contentHash(job.train.map(({ callId }) => callId)),
  };
  const row: SpecialistRow = {
    id: specialistIdOf(job.taskId, { artifact, calibration, style: job.style }),
    taskId: job.taskId,
    family: best.family.kind,
    attempt: job.attempt,
    bytes: artifact.length,
    description: await describe(best.family, artifact),
    // All values above are plain data; the store takes JSON.
    info: JSON.parse(JSON.stringify(info)) as { [field: string]: Json },
    madeFrom: job.madeFrom,
  };
  return { row, artifact, calibration };
}

async function describe(family: SpecialistFamily, artifact: Uint8Array): Promise<SpecialistDescription> {
  const specialist = await family.load(artifact);
  await specialist.close?.();
  return specialist.description;
}

function calibrate({ scores, losses, doubts }: Candidate): Calibration {
  const wrong = losses.reduce((sum, loss) => sum + loss, 0);
  if (scores.length < MIN_CALIBRATION || wrong === 0 || wrong === scores.length) return { kind: "none" };
  const outcomes = losses.map((loss) => 1 - loss);
  const model = fitCappedPlatt(scores.map(logOdds), outcomes, doubts.noise ?? undefined);
  // A falling slope would turn the order round: then the calibration sample is too small to say anything.
  return model.slope > 0 ? { kind: "capped-platt", ...model } : { kind: "none" };
}
