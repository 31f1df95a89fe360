import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, expect, test } from "vitest";
import { Pool } from "undici";
import { silentLog } from "../core/index.ts";
import { foldSegments } from "../collect/index.ts";
import { protocols } from "../models/index.ts";
import { openStore, segmentsFolderOf } from "../store/index.ts";
import { serve, type ServeEffects } from "./serve.ts";

const folders: string[] = [];
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const QUESTIONS = Array.from({ length: 20 }, (_, at) => ({
  model: "m",
  messages: [{ role: "user", content: `${at}?` }],
}));

function logFolder(): { store: string; log: string } {
  const folder = mkdtempSync(join(tmpdir(), "understudy-serve-"));
  folders.push(folder);
  const log = join(folder, "log.jsonl");
  const response = { message: { role: "assistant", content: "yes ".repeat(50) }, finish_reason: "stop" };
  writeFileSync(log, QUESTIONS.map((request) => JSON.stringify({ request, response })).join("\n"));
  return { store: join(folder, "store"), log };
}

// The command in a process of its own, as the binary runs it.
const PROGRAM = `
  import { randomUUID } from "node:crypto";
  import { serve } from ${JSON.stringify(pathToFileURL(resolve(import.meta.dirname, "serve.ts")).href)};
  const log = { info() {}, warn() {}, error() {} };
  const effects = { nowMs: Date.now, newId: (prefix) => prefix + "_" + randomUUID(), log, env: {},
    print: (line) => console.log(line), signal: new AbortController().signal };
  await serve(JSON.parse(process.argv[1]), effects);
`;

function spawnServer(options: object): { child: ChildProcess; url: Promise<string> } {
  const child = spawn(process.execPath, ["--input-type=module", "-e", PROGRAM, JSON.stringify(options)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  let text = "";
  const url = new Promise<string>((resolve, reject) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const match = /listens on (\S+)/.exec(text);
      if (match) resolve(match[1]);
    });
    child.on("exit", () => reject(new Error("the server ended")));
  });
  return { child, url };
}

test("serve() loses no acknowledged call when it is killed in the middle of a load", async () => {
  const { store, log } = logFolder();
  const { child, url } = spawnServer({ store, host: "127.0.0.1", port: 0, upstream: `replay:${log}` });
  const pool = new Pool(await url, { connections: 32 });
  const acknowledged: string[] = [];
  let isAlive = true;
  const client = async (at: number): Promise<void> => {
    while (isAlive) {
      const body = JSON.stringify({ ...QUESTIONS[at % QUESTIONS.length], stream: at % 2 === 0 });
      try {
        const answer = await pool.request({ path: "/v1/chat/completions", method: "POST", body });
        const text = await answer.body.text();
        const isWhole = at % 2 === 0 ? text.endsWith("data: [DONE]\n\n") : text.endsWith("}");
        if (answer.statusCode === 200 && isWhole)
          acknowledged.push(String(answer.headers["x-understudy-call"]));
      } catch {
        // The kill breaks what is under way.
        isAlive = false;
      }
      if (acknowledged.length < 300) continue;
      isAlive = false;
      child.kill("SIGKILL");
    }
  };
  await Promise.all(Array.from({ length: 32 }, (_, at) => client(at)));
  await pool.destroy();
  const kept = openStore({ dir: store, nowMs: () => 0 });
  foldSegments(kept, { dir: segmentsFolderOf(store), protocols, nowMs: () => 0 });
  const ids = new Set([...kept.calls.iterateMeta()].map((call) => call.id));
  kept.close();
  expect(acknowledged.length).toBeGreaterThanOrEqual(300);
  expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
});

test("serve() says where to point the client, and ends when it is told to", async () => {
  const { store, log } = logFolder();
  const stop = new AbortController();
  const lines: string[] = [];
  const effects: ServeEffects = {
    nowMs: () => 0,
    newId: (prefix) => prefix,
    log: silentLog,
    env: {},
    print: (line) => {
      lines.push(line);
      if (line.startsWith("Point")) stop.abort();
    },
    signal: stop.signal,
  };
  const code = await serve({ store, host: "127.0.0.1", port: 0, upstream: `replay:${log}` }, effects);
  expect(code).toBe(0);
  expect(lines.map((line) => line.replaceAll(/:\d+/g, ":PORT"))).toEqual([
    "Understudy listens on http://127.0.0.1:PORT",
    "No task is certified yet: every call goes to the provider and is recorded",
    "Everything else goes to replay",
    "Point the client here: OPENAI_BASE_URL=http://127.0.0.1:PORT/v1 or ANTHROPIC_BASE_URL=http://127.0.0.1:PORT",
    "Stopping: calls in flight may end",
  ]);
});

test("serve() says which variable the upstream's key is missing from", async () => {
  const { store } = logFolder();
  const effects: ServeEffects = {
    nowMs: () => 0,
    newId: (prefix) => prefix,
    log: silentLog,
    env: {},
    print: () => {},
    signal: AbortSignal.abort(),
  };
  const options = {
    store,
    host: "127.0.0.1",
    port: 0,
    upstream: "https://api.example.com/v1",
    upstreamKeyEnv: "A_KEY",
  };
  await expect(serve(options, effects)).rejects.toThrow("set the environment variable A_KEY");
});
