import {
  contentHash,
  type FamilyForm,
  type AnswerStyle,
  type Progress,
  type SpecialistFamily,
  type Task,
  type TaskForm,
} from "../core/index.ts";
import { lexicalFamilies } from "../learn/index.ts";
import { ANSWER_VERSION } from "../models/index.ts";
import type { Store } from "../store/index.ts";
import type { FitPool } from "./pool.ts";
import { noDoubts, type Doubts } from "./doubts.ts";
import { formsOf } from "./forms.ts";
import { trainTask } from "./train.ts";

/** Raised when training makes something else of the same examples. */
const TRAIN_VERSION = 2;

/** What the last training run of a task came to. */
export type Training = {
  readonly specialistId: string | null;
  readonly why: string | null;
  /** What kept it from a specialist: too few calls, or answers that no family can give; null with one. */
  readonly cause: "few-calls" | "form" | null;
  readonly doubts: Doubts;
  /** What each family tried could say at all; of all lexical families where none was tried. The most able first. */
  readonly forms: readonly FamilyForm[];
};

export type TrainStep = {
  readonly task: Task;
  /** Families to try; or why none. */
  readonly plan:
    | { readonly action: "train"; readonly families: readonly SpecialistFamily[] }
    | { readonly action: "skip"; readonly reason: string; readonly cause: "few-calls" | "form" };
  readonly style: AnswerStyle;
  readonly form: TaskForm | null;
  readonly pool: FitPool;
  readonly seed: number;
  readonly clockMs: () => number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
};

/** Trains a task's specialist into the store, unless the same examples and options were trained before. */
export async function trainStep(store: Store, step: TrainStep): Promise<Training> {
  const { task, plan, style, form, seed } = step;
  const train = store.examples.forTask(task.id, ["train"]);
  const calibration = store.examples.forTask(task.id, ["calibration"]);
  const plans = plan.action === "skip" ? plan.reason : await Promise.all(plan.families.map(nameOf));
  const ids = [train, calibration].map((part) => part.map(({ callId }) => callId));
  const input = [TRAIN_VERSION, ANSWER_VERSION, seed, plans, style, task.variants, ids];
  // Left out where there is none: what was trained before forms were known need not be trained again.
  const madeFrom = contentHash(form === null ? input : [...input, form], 32);
  const found = store.runs.find(`train:${task.id}`, madeFrom) as Training | undefined;
  if (found !== undefined) return remember(store, task, found);
  const made = await make(store, step, { train, calibration, madeFrom });
  store.runs.put(`train:${task.id}`, madeFrom, made);
  return remember(store, task, made);
}

/** A family by what its fits depend on. */
async function nameOf(family: SpecialistFamily): Promise<string> {
  const start = await family.startsFrom?.();
  return start === undefined ? family.kind : `${family.kind} on ${start}`;
}

/** What the last training run came to; null when the task was never trained. */
export function lastTraining(store: Store, taskId: string): Training | null {
  const found = store.runs.find(`trained:${taskId}`, LATEST) as Partial<Training> | undefined;
  if (found === undefined) return null;
  // A run of an older program told less.
  const none = { specialistId: null, why: null, cause: null, doubts: noDoubts, forms: [] };
  return { ...none, ...found };
}

const LATEST = "latest";

function remember(store: Store, task: Task, training: Training): Training {
  store.runs.put(`trained:${task.id}`, LATEST, training);
  return training;
}

type Material = Pick<Parameters<typeof trainTask>[0], "train" | "calibration" | "madeFrom">;

async function make(store: Store, step: TrainStep, material: Material): Promise<Training> {
  const { plan, seed } = step;
  const kinds = (plan.action === "skip" ? lexicalFamilies : plan.families).map(({ kind }) => kind);
  const forms = formsOf(material.train, kinds, seed);
  if (plan.action === "skip") {
    const { reason: why, cause } = plan;
    return { specialistId: null, why, cause, doubts: noDoubts, forms };
  }
  const attempt = store.specialists.forTask(step.task.id).length + 1;
  const { families } = plan;
  const { trained, tried, doubts } = await trainTask({
    ...step,
    ...material,
    taskId: step.task.id,
    taskName: step.task.name,
    families,
    attempt,
  });
  if (trained === null) {
    const why = tried.map(({ failure }) => failure).join("; ");
    return { specialistId: null, why, cause: "form", doubts, forms };
  }
  store.specialists.put(trained.row, trained.artifact);
  return { specialistId: trained.row.id, why: null, cause: null, doubts, forms };
}
