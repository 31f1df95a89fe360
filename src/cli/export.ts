import { closeSync, writeSync } from "node:fs";
import { HouseError, plainStyle, writeJson, type Answer, type Example, type Task } from "../core/index.ts";
import { openOut, type Context } from "./context.ts";
import { exportAdapter, tellExport, type ModelFlags } from "./export-model.ts";
import { count } from "./print.ts";
import { exportSpecialistFolder, tellSpecialist } from "./specialist.ts";
import { noteAudit } from "./with-store.ts";

export const EXPORTS = ["dataset", "certificates", "specialist", "adapter", "base"] as const;

/**
 * `understudy export dataset|certificates [TASK…] [--out FILE]`: the masked examples as OpenAI chat fine-tuning JSONL
 * (with the part each belongs to), or every certificate as JSON Lines. `export specialist TASK --out DIR`: see specialist.ts; `export adapter TASK
 * --out DIR`: see export-model.ts.
 */
export async function exportCommand(
  { store }: Context,
  what: string,
  tasks: readonly string[],
  flags: ModelFlags,
): Promise<number> {
  // Examples and what a specialist has learnt from them are content; certificates are numbers.
  if (what !== "certificates") noteAudit(store, "content-read", { what, tasks: [...tasks] });
  if (what === "specialist") return tellSpecialist(await exportSpecialistFolder(store, tasks, flags), flags);
  if (what === "adapter") return tellExport(await exportAdapter(store, tasks, flags), flags);
  const chosen = store.tasks
    .all()
    .filter(({ id, name }) => tasks.length === 0 || tasks.includes(id) || tasks.includes(name));
  if (chosen.length === 0)
    throw new HouseError(
      "bad-usage",
      "Cannot export: no such task in the store; understudy discover lists them",
    );
  const out = flags.out === undefined ? 1 : openOut("--out", flags.out);
  let lines = 0;
  const write = (value: unknown): void => {
    writeSync(out, `${JSON.stringify(value)}\n`);
    lines += 1;
  };
  for (const task of chosen) {
    if (what === "dataset")
      for (const example of store.examples.forTask(task.id)) write(datasetLine(task, example));
    else if (what === "certificates")
      for (const certificate of store.certificates.forTask(task.id)) write(certificate);
    else throw new HouseError("bad-usage", `Cannot export "${what}": expected one of ${EXPORTS.join(", ")}`);
  }
  if (flags.out !== undefined) {
    closeSync(out);
    process.stderr.write(`${count(lines)} lines in ${flags.out}\n`);
  }
  return 0;
}

function datasetLine(task: Task, { callId, part, input, answer }: Example): object {
  const messages = [
    ...input.parts.map(({ role, text }) => ({ role, content: text })),
    { role: "assistant", ...written(answer) },
  ];
  return { messages, metadata: { task: task.name, task_id: task.id, call_id: callId, part } };
}

function written(answer: Answer): object {
  switch (answer.type) {
    case "text":
      return { content: answer.text };
    case "json":
      return { content: writeJson(answer.value, plainStyle) };
    case "tool-calls":
      return {
        content: answer.text === "" ? null : answer.text,
        tool_calls: answer.calls.map((call, index) => ({
          id: `call_${index}`,
          type: "function",
          function: { name: call.name, arguments: JSON.stringify(call.arguments) },
        })),
      };
  }
}
