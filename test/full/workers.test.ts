import { spawn, type ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { openStore } from "../../src/store/index.ts";
import { send, type Reply } from "../open-gateway.ts";
import { tempFolder } from "../open-serve.ts";

const CLI = resolve(import.meta.dirname, "../../bin/understudy.js");
const LIMIT = 40;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((take) => server.listen(0, "127.0.0.1", take));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((take) => server.close(() => take()));
  return port;
}

type Workers = {
  readonly url: string;
  readonly child: ChildProcess;
  readonly dir: string;
  readonly log: () => string;
};

/** `understudy serve` with three workers over a recorded log, as a user starts it. */
async function startWorkers(): Promise<Workers> {
  const dir = tempFolder();
  const port = await freePort();
  const questions = Array.from({ length: 20 }, (_, at) => ({
    request: { model: "m", messages: [{ role: "user", content: `${at}?` }] },
    response: { message: { role: "assistant", content: "yes" }, finish_reason: "stop" },
  }));
  writeFileSync(join(dir, "log.jsonl"), questions.map((line) => JSON.stringify(line)).join("\n"));
  const config = {
    workers: 3,
    port,
    upstream: { url: `replay:${join(dir, "log.jsonl")}` },
    limits: [{ per: "month", requests: LIMIT }],
  };
  writeFileSync(join(dir, "config.json"), JSON.stringify(config));
  const args = [CLI, "serve", "--config", join(dir, "config.json"), "--store", join(dir, "store"), "--log"];
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...args], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let log = "";
  const { promise: ready, resolve: setReady } = Promise.withResolvers<void>();
  child.stderr.on("data", (chunk: Buffer) => {
    log += chunk.toString();
    if (log.split('"worker-ready"').length > 3) setReady();
  });
  await ready;
  return { url: `http://127.0.0.1:${port}`, child, dir, log: () => log };
}

const ask = (url: string, at: number): Promise<Reply> =>
  send(url, JSON.stringify({ model: "m", messages: [{ role: "user", content: `${at % 20}?` }] }));

/** Asks until a line of the metrics has a value: folding and restarts take their time. */
async function metric(url: string, line: RegExp): Promise<number> {
  const { body } = await send(url, null, { path: "/metrics", method: "GET" });
  return [...body.matchAll(line)].reduce((sum, [, value]) => sum + Number(value), 0);
}

test("three workers share a budget, their metrics and a store; one that is killed is started again", async () => {
  const { url, child, dir, log } = await startWorkers();
  const statuses = await Promise.all(
    Array.from({ length: 60 }, async (_, at) => (await ask(url, at)).status),
  );
  const count = (status: number): number => statuses.filter((one) => one === status).length;
  // Parts that other workers hold come back within a second: until then less may be let through, never more.
  expect(count(200)).toBeLessThanOrEqual(LIMIT);
  expect(count(200) + count(429)).toBe(60);
  let served = count(200);
  for (let at = 0; at < 200 && served < LIMIT; at += 1) {
    if ((await ask(url, at)).status === 200) served += 1;
    else await wait(100);
  }
  expect(served).toBe(LIMIT);
  expect((await ask(url, 1)).status).toBe(429);
  expect(await metric(url, /^understudy_calls_total\{.*outcome="ok"\} (\d+)$/gm)).toBe(LIMIT);

  const pid = /"event":"worker-ready","worker":2,"pid":(\d+)/.exec(log())?.[1];
  process.kill(Number(pid), "SIGKILL");
  while (!/"event":"worker-ended","worker":2/.test(log())) await wait(50);
  const during = await Promise.all(
    Array.from(
      { length: 10 },
      async () => (await send(url, null, { path: "/healthz", method: "GET" })).status,
    ),
  );
  expect(during).toEqual(during.map(() => 200));
  while (log().split('"worker-ready"').length < 5) await wait(50);

  const ended = new Promise<number | null>((take) => child.on("exit", take));
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
  const store = openStore({ dir: join(dir, "store"), nowMs: () => Date.now() });
  const { calls } = store.calls.count();
  expect([calls, store.audit.verify().problems]).toEqual([LIMIT, []]);
  store.close();
}, 120_000);
