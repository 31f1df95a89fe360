import type { Command } from "commander";
import { canonicalJson, HouseError, type AnswerStyle, type TaskInput } from "../core/index.ts";
import {
  loadSpecialist,
  readSavedSpecialist,
  saveSpecialist,
  type Calibration,
  type SavedFolder,
  type SavedSpecialist,
  type SpecialistParts,
} from "../models/index.ts";
import type { Store } from "../store/index.ts";
import { lastTraining } from "../train/index.ts";
import type { Config } from "./config.ts";
import { printJson } from "./context.ts";
import { bytes, count } from "./print.ts";

/** Examples that a saved specialist must answer as the one in the store does. */
const CHECKED = 50;

export type SpecialistExport = SavedFolder & {
  readonly task: string;
  readonly specialist: string;
  readonly kind: string;
  /** Examples answered alike, to the last digit of the score, by the folder read again and by the store. */
  readonly checked: number;
};

type Flags = { readonly out?: string; readonly base?: string };

/** `understudy export specialist TASK --out DIR`: a task's specialist as one folder, read again and checked. */
export async function exportSpecialistFolder(
  store: Store,
  tasks: readonly string[],
  { out, base }: Flags,
): Promise<SpecialistExport> {
  if (out === undefined)
    throw new HouseError("bad-usage", "Cannot export specialist: name a new folder with --out DIR");
  const specialist = specialistOf(store, tasks);
  const { id: taskId } = specialist.task;
  const folder = saveSpecialist(out, specialist);
  const inputs = store.examples.forTask(taskId, ["train"]).slice(0, CHECKED);
  const [kept, read] = await Promise.all(
    [specialist, readSavedSpecialist(out)].map(async (parts) =>
      answersOf(
        parts,
        inputs.map(({ input }) => input),
        base,
      ),
    ),
  );
  const differs = kept.findIndex((answer, index) => answer !== read[index]);
  if (differs >= 0) {
    throw new Error(
      `Cannot trust the specialist in "${out}": it answers example "${inputs[differs].callId}" otherwise than the store's`,
    );
  }
  return {
    ...folder,
    task: taskId,
    specialist: specialist.id,
    kind: specialist.familyKind,
    checked: kept.length,
  };
}

async function answersOf(
  parts: SpecialistParts,
  inputs: readonly TaskInput[],
  base?: string,
): Promise<string[]> {
  const model = await loadSpecialist(parts, base);
  const answers: string[] = [];
  for (const input of inputs) answers.push(canonicalJson(await model.respond(input)));
  await model.close();
  return answers;
}

function specialistOf(store: Store, names: readonly string[]): SavedSpecialist {
  if (names.length !== 1)
    throw new HouseError("bad-usage", `Cannot export specialist: name one task, ${names.length} were given`);
  const [name] = names;
  const task = store.tasks.all().find((each) => each.id === name || each.name === name);
  if (task === undefined)
    throw new HouseError("bad-usage", `Cannot find task "${name}": understudy discover lists them`);
  const id = lastTraining(store, task.id)?.specialistId ?? null;
  const row = id === null ? null : store.specialists.get(id);
  if (row === null)
    throw new HouseError(
      "bad-usage",
      `Cannot export a specialist of task "${task.name}": it has none; understudy train makes one`,
    );
  const held = store.certificates.forTask(task.id).findLast(({ specialistId }) => specialistId === row.id);
  // Written by `train` in this form.
  const { calibration, style, ...training } = row.info as { calibration: Calibration; style: AnswerStyle };
  return {
    id: row.id,
    familyKind: row.family,
    task: { id: task.id, name: task.name },
    description: row.description,
    artifact: store.specialists.artifact(row.id),
    calibration,
    style,
    training,
    madeFrom: row.madeFrom,
    certificate: held === undefined ? null : { ...held },
  };
}

/** Says what was written; the exit code. */
export function tellSpecialist(exported: SpecialistExport, { json }: { readonly json?: boolean }): number {
  if (json === true) printJson(exported);
  else {
    const files = exported.files.map(({ name, bytes: size }) => `  ${name}  ${bytes(size)}\n`).join("");
    process.stdout.write(
      `${exported.dir}: ${exported.kind} ${exported.specialist.slice(0, 12)}, read again: answers ${exported.checked} examples as the store's does\n${files}`,
    );
  }
  return 0;
}

/** Adds `understudy specialist DIR`: whether a saved specialist is whole, and what it is. */
export function addSpecialist(root: Command, configOf: (command: Command) => Config): void {
  root
    .command("specialist")
    .argument("<dir>", "folder that understudy export specialist wrote")
    .description("checks a saved specialist and says what it is")
    .option("--json", "one JSON document on stdout")
    .action(async (dir: string, flags: { json?: boolean }, command: Command) => {
      const { artifact, ...told } = readSavedSpecialist(dir);
      const model = await loadSpecialist({ ...told, artifact }, configOf(command).base);
      await model.close();
      if (flags.json === true) printJson({ ...told, bytes: artifact.length });
      else
        process.stdout.write(
          `${dir}: whole\n  ${told.familyKind} ${told.id}\n  for the task "${told.task.name}", ${count(told.description.parameters)} learnt numbers, ${bytes(artifact.length)}\n`,
        );
    });
}
