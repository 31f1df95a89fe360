import { contentHash, type Call, type Progress, type Task, type Variant } from "../core/index.ts";
import type { AssignmentRow, Store } from "../store/index.ts";
import { createAssigner } from "./assign.ts";
import { clusterPartition, type Group } from "./cluster.ts";
import { fingerprintOf, Interner, MIN_TASK_CALLS, type AnswerForm, type Fingerprint } from "./fingerprint.ts";
import { kindOf } from "./kind.ts";
import { namesOf } from "./name.ts";
import { fixedTextOf, variantOf } from "./variant.ts";
import { mergeVersions } from "./versions.ts";

export type Discovery = {
  readonly tasks: readonly Task[];
  readonly assignments: readonly AssignmentRow[];
  /** Calls of no task: one-offs and what is too rare yet. */
  readonly unassigned: number;
};

/**
 * Finds the recurring tasks in the store's calls (structure first: tools, output form, fixed lines of the prompt; then
 * prompt versions of one task put together), assigns every call by its prompt alone, and writes both to the store.
 * Deterministic. Memory: a fingerprint per call and each distinct line once. O(calls × variants of its tools).
 */
export function discover(store: Store, options: { readonly progress?: Progress } = {}): Discovery {
  const total = store.calls.count().calls;
  const report = (stage: string, done: number): void =>
    options.progress?.({ stage, done, total, unit: "calls" });
  const interners = { masked: new Interner(), raw: new Interner() };
  const fingerprints: Fingerprint[] = [];
  for (const call of store.calls.iterate()) {
    fingerprints.push(fingerprintOf(call, interners));
    if (fingerprints.length % 500 === 0) report("discover: read prompts", fingerprints.length);
  }
  const found = findTasks(fingerprints, interners);
  const known = keepIds(found, store);
  const assignments = assignAll(store.calls.iterate(), known, (done) =>
    report("discover: assign calls", done),
  );
  const tasks = countTasks(known, assignments, fingerprints);
  const ids = new Set(tasks.map(({ id }) => id));
  const kept = assignments.filter(({ taskId }) => ids.has(taskId));
  store.tasks.replaceAll(tasks, kept);
  return { tasks, assignments: kept, unassigned: total - kept.length };
}

/** Tasks in fingerprints alone; ids are provisional. */
export function findTasks(
  fingerprints: readonly Fingerprint[],
  interners: { readonly masked: Interner; readonly raw: Interner },
): Task[] {
  const partitions = new Map<string, Fingerprint[]>();
  for (const call of fingerprints) {
    const key = `${call.toolsHash}|${call.formatHash}|${call.hasSystem}`;
    const partition = partitions.get(key);
    if (partition === undefined) partitions.set(key, [call]);
    else partition.push(call);
  }
  const large = [...partitions.values()].filter(({ length }) => length >= MIN_TASK_CALLS);
  const merged = mergeVersions(large.flatMap((calls) => clusterPartition(calls, interners.masked)));
  return nameTasks(merged.map((groups) => draftOf(groups, interners.raw)));
}

type Draft = Omit<Task, "name"> & { readonly fixedText: string };

function draftOf(groups: readonly Group[], raw: Interner): Draft {
  const variants = groups.map((group) => variantOf(group, raw)).sort(byAge);
  const calls = groups.flatMap((group) => group.calls);
  const forms = calls.flatMap(({ form }): AnswerForm[] => (form === null ? [] : [form]));
  const distinct = new Map(variants.map((variant) => [variant.id, variant]));
  return {
    id: `task_${contentHash(variants[0].id, 10)}`,
    kind: kindOf(forms),
    variants: [...distinct.values()],
    calls: calls.length,
    sessions: new Set(calls.map(({ session }) => session)).size,
    fixedText: fixedTextOf(variants[0].templates).join("\n"),
  };
}

const byAge = (a: Variant, b: Variant): number =>
  (a.firstAt ?? "") < (b.firstAt ?? "")
    ? -1
    : (a.firstAt ?? "") > (b.firstAt ?? "")
      ? 1
      : a.id < b.id
        ? -1
        : 1;

function nameTasks(drafts: readonly Draft[]): Task[] {
  const ordered = [...drafts].sort((a, b) => b.calls - a.calls || (a.id < b.id ? -1 : 1));
  const names = namesOf(ordered);
  return ordered.map(({ id, kind, variants, calls, sessions }, index) => ({
    id,
    name: names[index],
    kind,
    variants,
    calls,
    sessions,
  }));
}

/** A task found before keeps its id and name: the old task most of whose variants or calls are in the new one. */
function keepIds(found: readonly Task[], store: Store): Task[] {
  const old = store.tasks.all();
  if (old.length === 0) return [...found];
  const byVariant = new Map(
    old.flatMap((task) => task.variants.map((variant) => [variant.id, task] as const)),
  );
  const assignOld = createAssigner(old);
  const votes = votesOf(store.calls.iterate(), createAssigner(found), assignOld);
  const taken = new Set<string>();
  const previous = found.map((task) => {
    const shared = task.variants.map(({ id }) => byVariant.get(id)).find((known) => known !== undefined);
    const voted = votes.get(task.id);
    const before = shared ?? old.find(({ id }) => id === voted);
    if (before === undefined || taken.has(before.id)) return undefined;
    taken.add(before.id);
    return before;
  });
  return found.map((task, index) => {
    const before = previous[index];
    if (before !== undefined) return { ...task, id: before.id, name: before.name };
    const id = freeId(task.id, taken);
    taken.add(id);
    return { ...task, id };
  });
}

/** The id itself, or one made from it while another task has it: ids of old tasks stay with them. */
function freeId(id: string, taken: ReadonlySet<string>): string {
  return taken.has(id) ? freeId(`task_${contentHash(id, 10)}`, taken) : id;
}

/** For each new task, the old task most of its calls were in, where that is more than half of those that were in any. */
function votesOf(
  calls: Iterable<Call>,
  assignNew: ReturnType<typeof createAssigner>,
  assignOld: ReturnType<typeof createAssigner>,
): Map<string, string> {
  const counts = new Map<string, Map<string, number>>();
  for (const { request } of calls) {
    const now = assignNew(request)?.taskId;
    const before = assignOld(request)?.taskId;
    if (now === undefined || before === undefined) continue;
    const row = counts.get(now) ?? new Map<string, number>();
    counts.set(now, row.set(before, (row.get(before) ?? 0) + 1));
  }
  const winners = new Map<string, string>();
  for (const [task, row] of counts) {
    const [best, votes] = [...row].sort((a, b) => b[1] - a[1])[0];
    if (votes > [...row.values()].reduce((sum, count) => sum + count, 0) / 2) winners.set(task, best);
  }
  return winners;
}

function assignAll(
  calls: Iterable<Call>,
  tasks: readonly Task[],
  progress: (done: number) => void,
): AssignmentRow[] {
  const assign = createAssigner(tasks);
  const rows: AssignmentRow[] = [];
  let done = 0;
  for (const { id, request } of calls) {
    const assignment = assign(request);
    if (assignment !== null)
      rows.push({ callId: id, taskId: assignment.taskId, variantId: assignment.variantId });
    done += 1;
    if (done % 500 === 0) progress(done);
  }
  return rows;
}

/** The tasks with what was really assigned to them; those that kept too few calls are gone. */
function countTasks(
  tasks: readonly Task[],
  assignments: readonly AssignmentRow[],
  fingerprints: readonly Fingerprint[],
): Task[] {
  const sessionOf = new Map(fingerprints.map(({ callId, session }) => [callId, session]));
  const calls = new Map<string, number>();
  const sessions = new Map<string, Set<string>>();
  for (const { callId, taskId } of assignments) {
    calls.set(taskId, (calls.get(taskId) ?? 0) + 1);
    const seen = sessions.get(taskId) ?? new Set<string>();
    sessions.set(taskId, seen.add(sessionOf.get(callId) ?? callId));
  }
  return tasks
    .map((task) => ({ ...task, calls: calls.get(task.id) ?? 0, sessions: sessions.get(task.id)?.size ?? 0 }))
    .filter((task) => task.calls >= MIN_TASK_CALLS);
}
