import { HouseError, type Task } from "../core/index.ts";
import {
  ADAPTER_FORMS,
  BASE_FORMS,
  exportBase,
  exportSpecialist,
  findBaseOf,
  GENERATIVE_KIND,
  openBase,
  type Exported,
} from "../models/index.ts";
import type { SpecialistRow, Store } from "../store/index.ts";
import { lastTraining } from "../train/index.ts";
import { printJson } from "./context.ts";
import { bytes } from "./print.ts";

export type ModelFlags = {
  readonly out?: string;
  readonly form?: string;
  readonly dtype?: string;
  /** Folder of the base; the shipped one when not given. */
  readonly base?: string;
  readonly json?: boolean;
};

/** What was written, of what. */
export type ModelExport = Exported & {
  readonly form: string;
  readonly task?: string;
  readonly specialist?: string;
  /** Policy hash of the specialist's newest certificate; null when it has none. */
  readonly certificate?: string | null;
};

/** `understudy export adapter TASK --form … --out DIR`: a generative specialist in a form that other engines load. */
export async function exportAdapter(
  store: Store,
  tasks: readonly string[],
  flags: ModelFlags,
): Promise<ModelExport> {
  const form = oneOf("--form", flags.form ?? "peft", ADAPTER_FORMS);
  const options = {
    form,
    dir: outOf(flags, "adapter"),
    dtype: oneOf("--dtype", flags.dtype ?? "f16", DTYPES),
  };
  const { task, row } = specialistOf(store, tasks);
  const artifact = store.specialists.artifact(row.id);
  const held = store.certificates.forTask(task.id).findLast(({ specialistId }) => specialistId === row.id);
  const order = {
    ...options,
    artifact,
    task: task.name,
    specialistId: row.id,
    certificate: held ?? null,
  };
  const exported = await exportSpecialist(order, await findBaseOf(artifact, flags.base));
  return { task: task.id, specialist: row.id, certificate: held?.policyHash ?? null, form, ...exported };
}

/** `understudy export base --out DIR [--form hf|gguf]`: the base that specialists are adapted from. Needs no store. */
export async function exportBaseModel(flags: ModelFlags): Promise<ModelExport> {
  const form = oneOf("--form", flags.form ?? "hf", BASE_FORMS);
  const options = { form, dir: outOf(flags, "base"), dtype: oneOf("--dtype", flags.dtype ?? "f16", DTYPES) };
  return { form, ...(await exportBase(await openBase(flags.base), options)) };
}

const DTYPES = ["f16", "q8_0"] as const;

function oneOf<T extends string>(flag: string, value: string, known: readonly T[]): T {
  const found = known.find((name) => name === value);
  if (found !== undefined) return found;
  throw new HouseError("bad-usage", `Cannot use ${flag} "${value}": expected one of ${known.join(", ")}`);
}

function outOf({ out }: ModelFlags, what: string): string {
  if (out !== undefined) return out;
  throw new HouseError("bad-usage", `Cannot export ${what}: name a new folder with --out DIR`);
}

function specialistOf(store: Store, names: readonly string[]): { task: Task; row: SpecialistRow } {
  if (names.length !== 1) {
    throw new HouseError("bad-usage", `Cannot export adapter: name one task, ${names.length} were given`);
  }
  const [name] = names;
  const task = store.tasks.all().find((each) => each.id === name || each.name === name);
  if (task === undefined)
    throw new HouseError("bad-usage", `Cannot find task "${name}": understudy discover lists them`);
  const id = lastTraining(store, task.id)?.specialistId ?? null;
  const row = id === null ? null : store.specialists.get(id);
  if (row?.family === GENERATIVE_KIND) return { task, row };
  const found = row === null ? "it has no specialist" : `its specialist is of the family "${row.family}"`;
  throw new HouseError(
    "bad-usage",
    `Cannot export an adapter of task "${task.name}": ${found}, and only generative ones have weights to export (understudy train --generative)`,
  );
}

/** Says what was written; the exit code. */
export function tellExport(exported: ModelExport, { json }: ModelFlags): number {
  if (json === true) printJson(exported);
  else {
    const files = exported.files.map(({ name, bytes: size }) => `  ${name}  ${bytes(size)}\n`).join("");
    process.stdout.write(`${exported.dir}: for the base ${exported.base.name}\n${files}`);
  }
  return 0;
}
