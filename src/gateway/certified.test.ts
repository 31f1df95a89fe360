import OpenAI from "openai";
import { expect, test } from "vitest";
import { answerOf, plainStyle, silentLog, type Certificate, type Json, type Task } from "../core/index.ts";
import { createAssigner } from "../discover/index.ts";
import { familyOf, loadSpecialist, policyHashOf } from "../models/index.ts";
import { openStore, type Store } from "../store/index.ts";
import { watchRouting } from "./routing.ts";
import { startGateway } from "./server.ts";
import { createStoreLog } from "../../test/store-log.ts";

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
const textOf = (at: number): string =>
  at % 2 === 0 ? `My card ${at} is lost` : `Top-up ${at} of anna${at}@example.org failed`;

async function certifiedStore(): Promise<{ store: Store; artifact: Uint8Array }> {
  const examples = Array.from({ length: 40 }, (_, at) => ({
    input: { parts: [{ role: "user" as const, text: textOf(at) }], tools: [] },
    answer: { type: "text" as const, text: at % 2 === 0 ? "lost_card" : "top_up" },
  }));
  const artifact = (await familyOf("closed-set")?.fit(examples, { seed: 1 })) ?? new Uint8Array();
  const store = openStore({ dir: ":memory:", nowMs: () => 0 });
  const id = "a".repeat(64);
  const description = { kind: "closed-set", parameters: 1 };
  store.tasks.replaceAll([TASK], []);
  store.specialists.put(
    {
      id,
      taskId: TASK.id,
      family: "closed-set",
      attempt: 1,
      bytes: 1,
      description,
      info: INFO,
      madeFrom: "m",
    },
    artifact,
  );
  const policyHash = policyHashOf(id, INFO, TASK);
  // What routing does not read is left out.
  const certificate = {
    taskId: TASK.id,
    policyHash,
    threshold: 0,
    verdict: "certified",
    specialistId: id,
    attempt: 1,
  };
  store.certificates.put(certificate as Certificate & { readonly specialistId: string });
  return { store, artifact };
}

test("a certified specialist answers through the gateway exactly as it does offline", async () => {
  const { store, artifact } = await certifiedStore();
  const watch = await watchRouting(store, createAssigner, silentLog);
  const effects = { nowMs: () => 0, newId: (prefix: string) => `${prefix}_${Math.random()}`, log: silentLog };
  const deps = {
    effects,
    store,
    upstreams: null,
    recording: { mode: "durable", onFailure: "refuse", log: createStoreLog(store) } as const,
    routing: () => watch.current(),
  };
  const gateway = await startGateway({ host: "127.0.0.1", port: 0 }, deps);
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "sk-client", maxRetries: 0 });
  const specialist = await loadSpecialist({
    familyKind: "closed-set",
    artifact,
    calibration: { kind: "none" },
    style: plainStyle,
  });
  const [online, offline]: unknown[][] = [[], []];
  for (let at = 40; at < 50; at += 1) {
    const messages = [
      { role: "system" as const, content: PROMPT },
      { role: "user" as const, content: textOf(at) },
    ];
    const { data, response } = await client.chat.completions.create({ model: "m", messages }).withResponse();
    const { content } = data.choices[0].message;
    online.push([answerOf({ role: "assistant", content }), response.headers.get("x-understudy-score")]);
    const input = createAssigner([TASK])({ model: "m", messages })?.input;
    const { answer, score } = await specialist.respond(input ?? { parts: [], tools: [] });
    offline.push([answer, score.toFixed(6)]);
  }
  await gateway.close();
  await watch.close();
  const served = [...store.calls.iterateMeta()].map((call) => call.servedBy);
  store.close();
  expect(online).toEqual(offline);
  expect(new Set(online.map((one) => JSON.stringify(one))).size).toBeGreaterThan(1);
  expect(served).toEqual(Array.from({ length: 10 }, () => "specialist"));
});
