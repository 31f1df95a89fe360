import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Pool } from "undici";
import type { Call } from "../../src/core/index.ts";
import type { Mode } from "./rounds.ts";

const CLI = resolve(import.meta.dirname, "../../bin/understudy.js");
const CLIENTS = 16;
const QUESTIONS = 20;

const question = (at: number, pad: number) => ({
  model: "m",
  messages: [{ role: "user", content: `${at}?`.padEnd(pad, "why ") }],
});
const answer = (at: number): string => `answer to ${at} `.repeat(20);

/** `understudy serve` as a process, under load, until it is killed. */
export type LoadedGateway = {
  readonly child: ChildProcess;
  /** Ids of calls that a client has whole, and which question it was; of which it has the head. */
  readonly whole: ReadonlyMap<string, number>;
  readonly begun: ReadonlyMap<string, number>;
  /** How many responses had a status. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Resolves when so many are whole, or have a status. */
  until(count: number, status?: number): Promise<void>;
  kill(): Promise<void>;
};

export type LoadOptions = {
  /** For what the gateway reads. */
  readonly folder: string;
  readonly store: string;
  readonly mode: Mode;
  readonly onFailure?: "refuse" | "serve";
  /** Characters of a question. */
  readonly pad?: number;
};

export async function startLoadedGateway(options: LoadOptions): Promise<LoadedGateway> {
  const { folder, store, mode, onFailure = "refuse", pad = 0 } = options;
  mkdirSync(folder, { recursive: true });
  const [log, config] = [join(folder, "log.jsonl"), join(folder, "config.json")];
  const lines = Array.from({ length: QUESTIONS }, (_, at) => ({
    request: question(at, pad),
    response: { message: { role: "assistant", content: answer(at) }, finish_reason: "stop" },
  }));
  writeFileSync(log, lines.map((line) => JSON.stringify(line)).join("\n"));
  writeFileSync(config, JSON.stringify({ recording: { mode, onFailure } }));
  const args = [
    CLI,
    "serve",
    "--store",
    store,
    "--config",
    config,
    "--port",
    "0",
    "--upstream",
    `replay:${log}`,
  ];
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const load = new Load(await urlOf(child), pad);
  const gone = new Promise<void>((done) => child.once("exit", () => done()));
  return {
    child,
    whole: load.whole,
    begun: load.begun,
    statuses: load.statuses,
    until: (count, status) => load.until(count, status),
    async kill() {
      child.kill("SIGKILL");
      await gone;
      await load.ended;
    },
  };
}

function urlOf(child: ChildProcess): Promise<string> {
  return new Promise((done, fail) => {
    let text = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const match = /listens on (\S+)/.exec(text);
      if (match) done(match[1]);
    });
    child.once("exit", () => fail(new Error("the gateway ended before it listened")));
  });
}

class Load {
  readonly whole = new Map<string, number>();
  readonly begun = new Map<string, number>();
  readonly statuses = new Map<number, number>();
  readonly ended: Promise<unknown>;
  readonly #pad: number;
  readonly #pool: Pool;
  readonly #waiting = new Set<() => void>();

  constructor(url: string, pad: number) {
    this.#pad = pad;
    this.#pool = new Pool(url, { connections: CLIENTS });
    const clients = Array.from({ length: CLIENTS }, (_, at) => this.#client(at));
    this.ended = Promise.all(clients).then(() => this.#pool.destroy());
  }

  until(count: number, status?: number): Promise<void> {
    return new Promise((done) => {
      const check = (): void => {
        const reached = status === undefined ? this.whole.size : (this.statuses.get(status) ?? 0);
        if (reached < count) return;
        this.#waiting.delete(check);
        done();
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Asks until the gateway is gone. */
  async #client(first: number): Promise<void> {
    for (let at = first; ; at += 1) {
      const isStream = at % 2 === 0;
      const body = JSON.stringify({ ...question(at % QUESTIONS, this.#pad), stream: isStream });
      try {
        const reply = await this.#pool.request({ path: "/v1/chat/completions", method: "POST", body });
        const id = String(reply.headers["x-understudy-call"]);
        if (reply.statusCode === 200) this.begun.set(id, at % QUESTIONS);
        const text = await reply.body.text();
        this.statuses.set(reply.statusCode, (this.statuses.get(reply.statusCode) ?? 0) + 1);
        const isWhole = isStream ? text.endsWith("data: [DONE]\n\n") : text.endsWith("}");
        if (reply.statusCode === 200 && isWhole) this.whole.set(id, at % QUESTIONS);
      } catch {
        // The kill breaks what is under way.
        return;
      }
      for (const check of this.#waiting) check();
    }
  }
}

/** What was acknowledged and is not in these calls as it was. */
export function missingIn(
  calls: (id: string) => Call | null,
  { whole, begun }: Pick<LoadedGateway, "whole" | "begun">,
  mode: Mode,
  pad = 0,
): string[] {
  const isAsked = (id: string, at: number): boolean =>
    calls(id)?.request.messages[0].content === question(at, pad).messages[0].content;
  const isAnswered = (id: string, at: number): boolean => calls(id)?.response?.message.content === answer(at);
  // In the mode `intent` the answer is written a moment after its end: its request is what was promised.
  return [
    ...[...whole].filter(([id, at]) => !isAsked(id, at) || (mode === "durable" && !isAnswered(id, at))),
    ...[...begun].filter(([id, at]) => mode === "intent" && !isAsked(id, at)),
  ].map(([id]) => id);
}
