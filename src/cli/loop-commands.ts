import { closeSync, writeSync } from "node:fs";
import { HouseError, type Task } from "../core/index.ts";
import { certifyOne, convert, discoverTasks, forEachTask, reportOn, trainOne } from "../loop.ts";
import { openOut, printJson, type Context } from "./context.ts";
import { describeImport, importFiles, type ImportFlags } from "./import.ts";
import { clip, count, paint, percent, table } from "./print.ts";
import { describeReport } from "./report.ts";

type JsonFlag = { readonly json?: boolean };

/** `understudy convert [FILE…]`: import, then one turn of the whole loop. */
export async function convertCommand(
  context: Context,
  files: readonly string[],
  flags: ImportFlags,
): Promise<number> {
  if (files.length > 0) {
    const { counts, first } = await importFiles(context, files, flags);
    context.clearProgress();
    if (flags.json !== true) process.stdout.write(describeImport(counts, first, flags.refused));
  }
  needCalls(context);
  const report = await convert(context.store, context.loop);
  context.clearProgress();
  if (flags.json === true) printJson(report);
  else process.stdout.write(describeReport(report));
  return 0;
}

/** `understudy discover [--assignments FILE]`. */
export function discoverCommand(
  context: Context,
  flags: JsonFlag & { readonly assignments?: string },
): number {
  needCalls(context);
  const { store, loop } = context;
  discoverTasks(store, loop);
  context.clearProgress();
  if (flags.assignments !== undefined) {
    const out = openOut("--assignments", flags.assignments);
    for (const { callId, taskId } of store.tasks.iterateAssignments()) {
      writeSync(
        out,
        `${JSON.stringify({ callId, taskId })}
`,
      );
    }
    closeSync(out);
  }
  const tasks = store.tasks.all();
  const { calls, sessions } = store.calls.count();
  if (flags.json === true) printJson({ calls, sessions, tasks: tasks.map((task) => summaryOf(task, calls)) });
  else process.stdout.write(describeTasks(tasks, calls));
  return 0;
}

/** `understudy train [TASK…]`. */
export async function trainCommand(
  context: Context,
  wanted: readonly string[],
  flags: JsonFlag,
): Promise<number> {
  await forEachTask(chosenTasks(context, wanted), context.loop, (task) =>
    trainOne(context.store, task, context.loop),
  );
  return showReport(context, flags);
}

/** `understudy certify [TASK…]`. */
export async function certifyCommand(
  context: Context,
  wanted: readonly string[],
  flags: JsonFlag,
): Promise<number> {
  for (const task of chosenTasks(context, wanted)) await certifyOne(context.store, task, context.loop);
  return showReport(context, flags);
}

function showReport(context: Context, flags: JsonFlag): number {
  const report = reportOn(context.store, context.loop);
  context.clearProgress();
  if (flags.json === true) printJson(report);
  else process.stdout.write(describeReport(report));
  return 0;
}

function needCalls({ store, config }: Context): void {
  if (store.calls.count().calls > 0) return;
  throw new HouseError(
    "bad-input",
    `Cannot find tasks in "${config.store}": it holds no calls; import a log first, for example: understudy import agent.jsonl.gz`,
  );
}

function chosenTasks({ store, config }: Context, wanted: readonly string[]): readonly Task[] {
  const tasks = store.tasks.all();
  if (tasks.length === 0)
    throw new HouseError(
      "bad-input",
      `Cannot find tasks in "${config.store}": run understudy discover first`,
    );
  if (wanted.length === 0) return tasks;
  return wanted.map((name) => {
    const task = tasks.find(({ id, name: known }) => id === name || known === name);
    if (task === undefined)
      throw new HouseError("bad-usage", `Cannot find task "${name}": understudy discover lists them`);
    return task;
  });
}

function summaryOf({ variants, ...task }: Task, calls: number): object {
  return { ...task, share: task.calls / calls, promptVersions: variants.length };
}

function describeTasks(tasks: readonly Task[], calls: number): string {
  const columns = [
    { title: "task" },
    { title: "id" },
    { title: "kind" },
    { title: "calls", right: true },
    { title: "of all", right: true },
    { title: "sessions", right: true },
    { title: "prompts", right: true },
  ];
  const rows = tasks.map((task) => [
    clip(task.name, 40),
    paint("dim", task.id),
    task.kind,
    count(task.calls),
    percent(task.calls / calls),
    count(task.sessions),
    count(task.variants.length),
  ]);
  const assigned = tasks.reduce((sum, task) => sum + task.calls, 0);
  return `\n${table(columns, rows)}\n\n  ${count(assigned)} of ${count(calls)} calls recur; ${count(calls - assigned)} are one-offs or too rare yet\n\n`;
}
