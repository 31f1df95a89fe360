import type { Command } from "commander";
import {
  HouseError,
  plainStyle,
  writeJson,
  type Answer,
  type Example,
  type Part,
  type Task,
} from "../core/index.ts";
import type { Store } from "../store/index.ts";
import { lastTraining, type Suspect } from "../train/index.ts";
import type { Config } from "./config.ts";
import { numberFlag, printJson } from "./context.ts";
import { clip, count, paint, percent } from "./print.ts";
import { noteAudit, withStore } from "./with-store.ts";

const DEFAULT_LIMIT = 20;
/** What a line of a terminal can show. */
const INPUT_WIDTH = 100;
const ANSWER_WIDTH = 60;

type Flags = { readonly suspect?: boolean; readonly limit?: number; readonly json?: boolean };

/** Adds `understudy examples [TASK] [--suspect]`. */
export function addExampleList(root: Command, configOf: (command: Command) => Config): void {
  root
    .command("examples")
    .argument("[task]", "id or name; all tasks when not given")
    .description("what was learnt from, masked; with --suspect the recorded answers that are likely wrong")
    .option(
      "--suspect",
      "likely wrong answers, the likeliest first: not trained on, and for a person to look at",
    )
    .option("--limit <n>", `so many (default ${DEFAULT_LIMIT})`, numberFlag("--limit"))
    .option("--json", "one JSON document on stdout")
    .action((task: string | undefined, flags: Flags, command: Command) => {
      withStore(configOf(command), (store) => examplesCommand(store, task, flags));
    });
}

/** An example as it is shown. The last three only of a suspect. */
export type ShownExample = {
  readonly callId: string;
  readonly task: string;
  readonly part: Part;
  /** Masked, the variable text of its messages in one line. */
  readonly input: string;
  readonly recorded: string;
  /** What the specialist would say, how sure it is, and the chance that the record is wrong. */
  readonly said?: string;
  readonly score?: number;
  readonly chance?: number;
};

function examplesCommand(store: Store, name: string | undefined, flags: Flags): void {
  const { shown, of } = readExamples(store, name, flags);
  if (flags.json === true) printJson({ of, examples: shown });
  else process.stdout.write(describeExamples(shown, of, flags.suspect === true));
}

/** Examples as they are shown, and how many there are. Noted in the audit trail: masked, they are content all the same. */
export function readExamples(store: Store, name: string | undefined, flags: Flags): Found {
  const limit = flags.limit ?? DEFAULT_LIMIT;
  if (!Number.isInteger(limit) || limit < 1)
    throw new HouseError("bad-usage", `Cannot use --limit "${limit}": expected a whole number from 1`);
  const tasks = chosen(store, name);
  noteAudit(store, "content-read", { what: "examples", tasks: tasks.map(({ id }) => id) });
  return flags.suspect === true ? suspectsOf(store, tasks, limit) : examplesOf(store, tasks, limit);
}

function chosen(store: Store, name: string | undefined): readonly Task[] {
  const tasks = store.tasks
    .all()
    .filter((task) => name === undefined || task.id === name || task.name === name);
  if (tasks.length > 0) return tasks;
  throw new HouseError(
    "bad-usage",
    name === undefined
      ? "Cannot show examples: the store has no tasks; run understudy convert first"
      : `Cannot find task "${name}": understudy discover lists them`,
  );
}

export type Found = { readonly shown: readonly ShownExample[]; readonly of: number };

function examplesOf(store: Store, tasks: readonly Task[], limit: number): Found {
  const shown: ShownExample[] = [];
  let of = 0;
  for (const task of tasks) {
    const examples = store.examples.forTask(task.id);
    of += examples.length;
    shown.push(...examples.slice(0, limit - shown.length).map((example) => shownOf(task, example)));
  }
  return { shown, of };
}

function suspectsOf(store: Store, tasks: readonly Task[], limit: number): Found {
  const found = tasks.flatMap((task) =>
    (lastTraining(store, task.id)?.doubts.suspects ?? []).map((suspect) => ({ task, suspect })),
  );
  found.sort((a, b) => b.suspect.chance - a.suspect.chance);
  const wanted = found.slice(0, limit);
  const shown = tasks.flatMap((task) => {
    const own = new Map(
      wanted.flatMap((one) => (one.task.id === task.id ? [[one.suspect.callId, one.suspect]] : [])),
    );
    if (own.size === 0) return [];
    const examples = store.examples.forTask(task.id, ["train", "calibration"]);
    return examples.flatMap((example) => {
      const suspect = own.get(example.callId);
      return suspect === undefined ? [] : [{ ...shownOf(task, example), ...saidOf(suspect) }];
    });
  });
  return { shown: shown.sort((a, b) => b.chance - a.chance), of: found.length };
}

function shownOf(task: Task, { callId, part, input, answer }: Example): ShownExample {
  const text = input.parts.map((one) => one.text).join(" ⏎ ");
  return { callId, task: task.name, part, input: oneLine(text), recorded: oneLine(textOf(answer)) };
}

const saidOf = ({ said, score, chance }: Suspect): { said: string; score: number; chance: number } => ({
  said: oneLine(textOf(said)),
  score,
  chance,
});

function textOf(answer: Answer): string {
  switch (answer.type) {
    case "text":
      return answer.text;
    case "json":
      return writeJson(answer.value, plainStyle);
    case "tool-calls":
      return answer.calls.map((call) => `${call.name}(${JSON.stringify(call.arguments)})`).join(" ");
  }
}

/** Without line ends and what else would move the cursor of a terminal. */
// eslint-disable-next-line no-control-regex -- control characters are what is taken out.
const oneLine = (text: string): string => text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, " ").trim();

/** Examples for people. */
export function describeExamples(shown: readonly ShownExample[], of: number, isSuspect: boolean): string {
  if (shown.length === 0)
    return isSuspect ? "No recorded answer looks wrong\n" : "There are no examples yet\n";
  const rows = shown.map((example) => (isSuspect ? suspectRow(example) : exampleRow(example)));
  const rest = of > shown.length ? `${count(shown.length)} of ${count(of)}; --limit shows more\n` : "";
  return `${rows.join("\n")}\n${rest}`;
}

function exampleRow({ callId, task, part, input, recorded }: ShownExample): string {
  return `${paint("dim", `${task}  ${part}  ${callId}`)}\n  ${clip(input, INPUT_WIDTH)}\n  → ${clip(recorded, INPUT_WIDTH)}\n`;
}

function suspectRow({ callId, task, input, recorded, said, score, chance }: ShownExample): string {
  const doubt = `${percent(chance ?? 0, 0)} likely wrong`;
  return [
    `${paint("yellow", doubt)}  ${paint("dim", `${task}  ${callId}`)}`,
    `  ${clip(input, INPUT_WIDTH)}`,
    `  recorded    ${clip(recorded, ANSWER_WIDTH)}`,
    `  specialist  ${clip(said ?? "", ANSWER_WIDTH)} ${paint("dim", `(${percent(score ?? 0, 0)} sure)`)}`,
    "",
  ].join("\n");
}
