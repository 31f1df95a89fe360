import { describe, expect, test } from "vitest";
import { openGateway, send, SPACED_BODY } from "../../test/open-gateway.ts";
import { scriptedProvider, type MadeAnswer } from "../models/index.ts";
import { silentLog } from "../core/index.ts";
import { createAnswerCache } from "./answer-cache.ts";
import { watchErasures } from "./erasures.ts";

const asked = JSON.stringify({ model: "m", messages: [{ role: "user", content: "Hi" }] });
const servedBy = (reply: { readonly headers: { readonly [name: string]: unknown } }): unknown =>
  reply.headers["x-understudy-served-by"];

type Cached = Awaited<ReturnType<typeof openGateway>> & {
  readonly provider: ReturnType<typeof scriptedProvider>;
  readonly clock: { nowMs: number };
};

async function open(answer: (turn: number) => MadeAnswer, taskId = "task_a"): Promise<Cached> {
  const clock = { nowMs: 0 };
  let turn = 0;
  const provider = scriptedProvider(() => answer(turn++));
  const ttlMs = (task: string): number | null => (task === "task_a" ? 1000 : null);
  const cache = createAnswerCache({ ttlMs, nowMs: () => clock.nowMs });
  const gateway = await openGateway({ provider, taskId, deps: { cache } });
  return { ...gateway, provider, clock };
}

describe("the answer cache", () => {
  test("gives the answer that was given before, for as long as it is kept, also as a stream", async () => {
    const { url, provider, clock, calls } = await open(() => ({ pieces: [SPACED_BODY] }));
    const replies = [await send(url, asked), await send(url, asked)];
    const stream = await send(url, JSON.stringify({ ...(JSON.parse(asked) as object), stream: true }));
    clock.nowMs = 1000;
    replies.push(await send(url, asked));
    expect(replies.map(servedBy)).toEqual(["provider", "cache", "provider"]);
    expect([servedBy(stream), stream.body.includes('"content":"Hé"')]).toEqual(["cache", true]);
    expect(provider.asked.length).toBe(2);
    expect(calls().map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  test("asks again when calls were erased", async () => {
    const { url, provider, forget } = await open(() => ({ pieces: [SPACED_BODY] }));
    await send(url, asked);
    let last = 0;
    const watch = watchErasures({ lastErasure: () => last }, { forget }, silentLog, 1);
    last = 1;
    await expect.poll(async () => servedBy(await send(url, asked))).toBe("provider");
    watch.close();
    expect(provider.asked.length).toBe(2);
  });

  test("asks once for identical requests at once", async () => {
    const gate = Promise.withResolvers<void>();
    const { url, provider } = await open(() => ({ pieces: [SPACED_BODY], gate: gate.promise }));
    const replies = Promise.all([send(url, asked), send(url, asked), send(url, asked)]);
    await expect.poll(() => provider.asked.length).toBe(1);
    gate.resolve();
    expect((await replies).filter((reply) => servedBy(reply) === "cache").length).toBe(2);
    expect(provider.asked.length).toBe(1);
  });

  test("does not give a failure on: the next who waits asks itself", async () => {
    const gate = Promise.withResolvers<void>();
    const failure = { status: 500, pieces: ['{"error":{"message":"no"}}'], gate: gate.promise };
    const { url, provider } = await open((turn) => (turn === 0 ? failure : { pieces: [SPACED_BODY] }));
    const replies = Promise.all([send(url, asked), send(url, asked)]);
    await expect.poll(() => provider.asked.length).toBe(1);
    gate.resolve();
    expect(new Set((await replies).map(({ status }) => status))).toEqual(new Set([200, 500]));
  });

  test.each<[string, { readonly headers?: object; readonly body?: string; readonly task?: string }]>([
    ["another key", { headers: { authorization: "Bearer other" } }],
    ["another question", { body: asked.replace("Hi", "Ho") }],
    ["a task that keeps none", { task: "task_b" }],
  ])("asks the provider for %s", async (_, { headers = {}, body = asked, task }) => {
    const { url, provider } = await open(() => ({ pieces: [SPACED_BODY] }), task);
    await send(url, asked);
    await send(url, body, { headers });
    expect(provider.asked.length).toBe(2);
  });

  test("does not keep an answer that was cut off", async () => {
    const cut = SPACED_BODY.replace('"stop"', '"length"');
    const { url, provider } = await open(() => ({ pieces: [cut] }));
    await send(url, asked);
    await send(url, asked);
    expect(provider.asked.length).toBe(2);
  });
});
