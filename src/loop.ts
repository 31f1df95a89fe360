import { HouseError, type Effects, type Progress, type Task } from "./core/index.ts";
import { curateTask } from "./curate/index.ts";
import { createAssigner, discover } from "./discover/index.ts";
import { buildReport, certifyStep, type Report } from "./evaluate/index.ts";
import { familiesOn, type PriceTable } from "./models/index.ts";
import { isOffered, isServable } from "./route/index.ts";
import { planFor, profileOf } from "./select/index.ts";
import { once, type Store } from "./store/index.ts";
import { lastTraining, trainStep, type FitPool } from "./train/index.ts";

/** Raised when discovery finds other tasks in the same calls. */
const DISCOVER_VERSION = 2;

export type LoopOptions = {
  /** Bound on the disagreement of what is served, among the calls served. */
  readonly epsilon: number;
  /** Chance, at most, that a certificate is false; per task. */
  readonly delta: number;
  readonly seed: number;
  /** Whether families whose fits take minutes of all cores are tried, where cheaper ones do not suffice. */
  readonly generative: boolean;
  /** Folder of the model that generative specialists are adapted from; the one that ships with this package when not given. */
  readonly base?: string;
  readonly prices: PriceTable;
  readonly effects: Effects;
  /** Milliseconds, monotonic; for figures only. */
  readonly clockMs: () => number;
  /** Where specialists are fitted; as many tasks are in work at once. */
  readonly pool: FitPool;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
};

export const LOOP_DEFAULTS = { epsilon: 0.02, delta: 0.05, seed: 1, generative: false } as const;

/** One turn of the loop over the calls in the store: tasks, examples, specialists, certificates, report. Each step finds what it did before. */
export async function convert(store: Store, options: LoopOptions): Promise<Report> {
  discoverTasks(store, options);
  await forEachTask(store.tasks.all(), options, async (task) => {
    await trainOne(store, task, options);
    await certifyOne(store, task, options);
  });
  return reportOn(store, options);
}

/** The largest task first, as many at once as the pool can fit. What one does not depend on the others, nor on their order. */
export async function forEachTask(
  tasks: readonly Task[],
  { pool, progress }: Pick<LoopOptions, "pool" | "progress">,
  work: (task: Task) => Promise<void> | void,
): Promise<void> {
  const queue = [...tasks].sort((a, b) => b.calls - a.calls || (a.id < b.id ? -1 : 1));
  const lane = async (): Promise<void> => {
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
      progress?.({
        stage: `tasks: ${task.name}`,
        done: tasks.length - queue.length - 1,
        total: tasks.length,
        unit: "tasks",
      });
      await work(task);
    }
  };
  await Promise.all(Array.from({ length: pool.size }, lane));
}

/** Calls → tasks. */
export function discoverTasks(store: Store, { progress }: Pick<LoopOptions, "progress">): void {
  once(
    store,
    "discover",
    [DISCOVER_VERSION, store.calls.digest()],
    () => discover(store, { progress }).unassigned,
  );
}

/** Calls of a task → examples → a specialist. */
export async function trainOne(store: Store, task: Task, options: LoopOptions): Promise<void> {
  if (options.signal?.aborted === true) {
    throw new HouseError(
      "cancelled",
      `Stopped before task "${task.name}": run the same command again to go on`,
    );
  }
  const assign = createAssigner(store.tasks.all());
  const { style, form } = curateTask(store, task, { seed: options.seed, assign });
  const families = familiesOn(options.base);
  const tried = options.generative ? families : families.filter(({ threads }) => threads !== "all");
  const plan = planFor(profileOf(task, store.examples.forTask(task.id, ["train"])), tried);
  await trainStep(store, { ...options, task, plan, style, form });
}

/** A specialist → its certificate. Nothing where there is no specialist. */
export async function certifyOne(store: Store, task: Task, options: LoopOptions): Promise<void> {
  const specialistId = lastTraining(store, task.id)?.specialistId ?? null;
  if (specialistId === null) return;
  const assign = createAssigner(store.tasks.all());
  const rules = { assign, isServable, isAllowed: isOffered, clockMs: options.clockMs };
  await certifyStep(store, { ...options, task, specialistId, rules });
}

/** The present state. */
export function reportOn(store: Store, { prices }: Pick<LoopOptions, "prices">): Report {
  return buildReport(store, { prices, trainingOf: (taskId) => lastTraining(store, taskId) });
}
