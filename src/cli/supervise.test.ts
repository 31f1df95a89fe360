import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { tempFolder } from "../../test/open-serve.ts";
import type { LogLine } from "../core/index.ts";
import { supervise, WORKER_VARIABLE } from "./supervise.ts";

/** Supervises small workers written for the test; their lines and the supervisor's come to `lines`. */
function start(source: string, workers = 2) {
  const dir = tempFolder();
  const script = join(dir, "worker.mjs");
  const out = join(dir, "out");
  const prelude = `
    const worker = process.env.${WORKER_VARIABLE};
    process.on("disconnect", () => process.exit(0));
    process.on("SIGTERM", () => process.exit(0));
  `;
  writeFileSync(script, prelude + source);
  const stopping = new AbortController();
  onTestFinished(() => stopping.abort());
  const logged: LogLine[] = [];
  let wake = (): void => {};
  let ready = 0;
  const info = (): void => {
    ready += 1;
    wake();
  };
  const log = { info, warn: () => {}, error: (line: LogLine) => (logged.push(line), wake()) };
  let reload = (): void => {};
  const ended = supervise(
    { script, args: [out], workers },
    {
      env: { ...process.env },
      nowMs: () => Date.now(),
      log,
      signal: stopping.signal,
      onReload: (listener) => ((reload = listener), () => {}),
    },
  );
  const logs = async (count: number): Promise<readonly LogLine[]> => {
    while (logged.length < count) await new Promise<void>((resolve) => (wake = resolve));
    return logged;
  };
  const areReady = async (count: number): Promise<void> => {
    while (ready < count) await new Promise<void>((resolve) => (wake = resolve));
  };
  return { ended, logs, areReady, stop: () => stopping.abort(), reload: () => reload() };
}

test("a worker that ends is started again after waits that double, while the others run on", async () => {
  const { logs, stop, ended } = start(`
    process.send({ type: "ready" });
    if (worker === "1") process.exit(7);
    setInterval(() => {}, 1000);
  `);
  const lines = await logs(2);
  expect(lines.map(({ worker, code, restartMs }) => ({ worker, code, restartMs }))).toEqual([
    { worker: 1, code: 7, restartMs: 500 },
    { worker: 1, code: 7, restartMs: 1000 },
  ]);
  stop();
  expect(await ended).toBe(0);
});

test("a worker that cannot use its config stops all, with its exit code", async () => {
  const { ended } = start(`if (worker === "2") process.exit(2); setInterval(() => {}, 1000);`);
  expect(await ended).toBe(2);
});

test("a worker that was killed is named by its signal", async () => {
  const { logs, stop, ended } = start(`process.kill(process.pid, "SIGKILL");`, 1);
  const [line] = await logs(1);
  expect(line).toMatchObject({ event: "worker-ended", code: null, signal: "SIGKILL" });
  stop();
  expect(await ended).toBe(0);
});

test("SIGHUP goes to every worker", async () => {
  const { logs, areReady, reload, stop, ended } = start(`
    process.on("SIGHUP", () => process.exit(9));
    setInterval(() => {}, 1000);
    process.send({ type: "ready" });
  `);
  await areReady(2);
  reload();
  const codes = (await logs(2)).map(({ worker, code }) => `${String(worker)}: ${String(code)}`);
  expect(new Set(codes)).toEqual(new Set(["1: 9", "2: 9"]));
  stop();
  expect(await ended).toBe(0);
});

test("a worker that is asked for metrics has those of all", async () => {
  const line = JSON.stringify(pathToFileURL(resolve(import.meta.dirname, "supervise.ts")).href);
  const { logs, stop, ended } = start(`
    const { workerLine } = await import(${line});
    const { ready, gather } = workerLine(process);
    const gathered = gather(async () => ["of " + worker]);
    ready();
    setInterval(() => {}, 1000);
    if (worker === "2") {
      let all = [];
      // The other may still be starting.
      while (all.length < 2) all = await gathered();
      process.exit(all.flat().sort().join(", ") === "of 1, of 2" ? 42 : 43);
    }
  `);
  const [{ code }] = await logs(1);
  expect(code).toBe(42);
  stop();
  expect(await ended).toBe(0);
});
