import { createKey } from "../../src/cli/keys.ts";
import { plainStyle, type Certificate, type Json, type Task } from "../../src/core/index.ts";
import { familyOf, policyHashOf } from "../../src/models/index.ts";
import { openStore } from "../../src/store/index.ts";

/** What the system text of the task's requests is: in the corpus too. */
const PROMPT = "Name the kind of ticket.\nAnswer with one word.";
const TASK: Task = {
  id: "task_ticket",
  name: "ticket",
  kind: "label",
  variants: [
    {
      id: "v1",
      toolsHash: null,
      formatHash: null,
      models: ["m"],
      templates: [{ role: "system", lines: PROMPT.split("\n"), patterns: [], maxExtraLines: 0 }],
      calls: 10,
      firstAt: null,
      lastAt: null,
    },
  ],
  calls: 10,
  sessions: 10,
};
const INFO: { readonly [field: string]: Json } = { calibration: { kind: "none" }, style: plainStyle };

/** A store with a task, a specialist that serves it, and a key: what a request meets in production. Returns the key. */
export async function prepareStore(dir: string): Promise<string> {
  const nowMs = Date.now();
  const store = openStore({ dir, nowMs: () => nowMs });
  const examples = Array.from({ length: 40 }, (_, at) => ({
    input: {
      parts: [
        { role: "user" as const, text: at % 2 === 0 ? `My card ${at} is lost` : `Top-up ${at} failed` },
      ],
      tools: [],
    },
    answer: { type: "text" as const, text: at % 2 === 0 ? "lost_card" : "top_up" },
  }));
  const artifact = (await familyOf("closed-set")?.fit(examples, { seed: 1 })) ?? new Uint8Array();
  const id = "a".repeat(64);
  const described = {
    id,
    taskId: TASK.id,
    family: "closed-set",
    attempt: 1,
    bytes: 1,
    info: INFO,
    madeFrom: "m",
  };
  store.tasks.replaceAll([TASK], []);
  store.specialists.put({ ...described, description: { kind: "closed-set", parameters: 1 } }, artifact);
  // What routing does not read is left out.
  const certificate = {
    taskId: TASK.id,
    policyHash: policyHashOf(id, INFO, TASK),
    threshold: 0,
    verdict: "certified",
    specialistId: id,
    attempt: 1,
  };
  store.certificates.put(certificate as Certificate & { readonly specialistId: string });
  const { key } = createKey(store, {}, nowMs);
  store.close();
  return key;
}
