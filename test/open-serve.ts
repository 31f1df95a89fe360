import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { gatewayForm, type GatewayConfig } from "../src/cli/gateway-config.ts";
import { serve, type ServeHost, type ServeOptions } from "../src/cli/serve.ts";
import type { LogLine } from "../src/core/index.ts";

/** What the config file says about serving, as a person writes it. */
export type Written = Partial<{ [field in keyof GatewayConfig]: unknown }>;

export type Served = {
  readonly url: string;
  /** Everything that was said: lines for the person, and log lines as JSON. */
  readonly said: string[];
  /** Reads another config, as SIGHUP does; ends when a log line says how it went. */
  readonly reload: (config: Written) => Promise<string>;
  readonly stop: () => Promise<void>;
};

export type ServeSetup = {
  readonly config?: Written;
  readonly dir?: string;
  readonly env?: { readonly [name: string]: string };
  readonly options?: Partial<ServeOptions>;
};

/** `understudy serve` in this process, over a store in a folder; stopped when the test ends. */
export async function openServe({
  config = {},
  dir = tempFolder(),
  env = {},
  options = {},
}: ServeSetup): Promise<Served> {
  const said: string[] = [];
  const stopping = new AbortController();
  let listener = (): void => {};
  let written = config;
  let ids = 0;
  const { promise: ready, resolve: setReady, reject } = Promise.withResolvers<void>();
  const { promise: url, resolve: setUrl } = Promise.withResolvers<string>();
  let told: ((line: string) => void) | null = null;
  const say = (line: LogLine): void => {
    said.push(JSON.stringify(line));
    if (line.event === "config-reloaded" || line.event === "reload-failed") told?.(JSON.stringify(line));
  };
  const optionsOf = (): ServeOptions => ({
    store: dir,
    host: "127.0.0.1",
    port: 0,
    gateway: gatewayForm.parse(written),
    ...options,
  });
  const host: ServeHost = {
    reread: optionsOf,
    onReload: (take) => ((listener = take), () => {}),
    reloadOthers: () => {},
    stop: () => stopping.abort(),
    report: () => Promise.resolve('{"calls":0}'),
    gather: (own) => async () => [await own()],
    ready: () => setReady(),
  };
  const running = serve(optionsOf(), {
    nowMs: () => Date.now(),
    newId: (prefix) => `${prefix}_${(ids += 1)}`,
    log: { info: say, warn: say, error: say },
    env,
    print(line) {
      said.push(line);
      const listens = /listens on (\S+)/.exec(line);
      if (listens !== null) setUrl(listens[1]);
    },
    signal: stopping.signal,
    host,
  });
  running.catch((error: unknown) => reject(error as Error));
  const stop = async (): Promise<void> => {
    stopping.abort();
    await running;
  };
  await ready;
  onTestFinished(stop);
  return {
    url: await url,
    said,
    stop,
    reload(next) {
      written = next;
      const { promise, resolve } = Promise.withResolvers<string>();
      told = resolve;
      listener();
      return promise;
    },
  };
}

/** A folder that is gone when the test ends. */
export function tempFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), "understudy-serve-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** An upstream on a free port of this machine. */
export async function openUpstream(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => answer(request, response, Buffer.concat(chunks).toString()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

/** A plain answer of a model that says a text. */
export function chatAnswer(text: string): string {
  return JSON.stringify({
    id: "c1",
    object: "chat.completion",
    created: 1,
    model: "m",
    choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: text } }],
    usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
  });
}
