import { fork, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Tokenizer } from "../../src/engine/index.ts";
import { MAX_TOKENS, type Writer } from "./decoding.ts";
import type { LlamaReply, LlamaRequest } from "./llama-messages.ts";
import type { Measured } from "./measure.ts";

const VERSION = "3.22.1";
const PEERS = resolve(import.meta.dirname, "../.peers");
const LIBRARY = join(PEERS, "node_modules/node-llama-cpp/dist/index.js");
const BINARIES: Readonly<Record<string, string>> = {
  "linux-x64": "linux-x64",
  "linux-arm64": "linux-arm64",
  "darwin-arm64": "mac-arm64-metal",
  "darwin-x64": "mac-x64",
  "win32-x64": "win-x64",
};
// 85 MB; a slow connection gets this long.
const INSTALL_MS = 180_000;
const REPLY_MS = 120_000;

/** node-llama-cpp in a process of its own; or why there is none. */
export type Llama = { open(path: string, name: string): Promise<Writer>; close(): void };

/** A string says why it cannot be had here. */
export async function startLlama(
  gbnf: string,
  tokenizer: Tokenizer,
  say: (line: string) => void,
): Promise<Llama | string> {
  const missing = install(say);
  if (missing !== null) return missing;
  const child = fork(join(import.meta.dirname, "llama-process.ts"), { stdio: ["ignore", 2, 2, "ipc"] });
  try {
    await ask(child, { kind: "open", library: LIBRARY, grammar: gbnf, maxTokens: MAX_TOKENS });
  } catch (error) {
    child.kill();
    return error instanceof Error ? error.message : String(error);
  }
  return {
    async open(path, name) {
      await ask(child, { kind: "model", path });
      return writerOf(child, { path, name, tokenizer });
    },
    close: () => void child.kill(),
  };
}

function writerOf(
  child: ChildProcess,
  { path, name, tokenizer }: { path: string; name: string; tokenizer: Tokenizer },
): Writer {
  return {
    name,
    async round(prompts) {
      const reply = await ask(child, { kind: "decode", path, prompts });
      if (reply.kind !== "decoded") throw new TypeError(`llama.cpp answered "${reply.kind}"`);
      const texts = reply.answers.map((tokens) => tokenizer.decode(tokens));
      const { measured } = reply;
      const characters: Measured = { ...measured, units: texts.join("").length };
      return { written: measured, computed: measured, characters, texts };
    },
    async prefill(tokens) {
      const reply = await ask(child, { kind: "prefill", path, tokens });
      if (reply.kind !== "prefilled") throw new TypeError(`llama.cpp answered "${reply.kind}"`);
      return reply.measured;
    },
    close: async () => {},
  };
}

async function ask(child: ChildProcess, request: LlamaRequest): Promise<LlamaReply> {
  const isAnswered = new AbortController();
  const signal = AbortSignal.any([isAnswered.signal, AbortSignal.timeout(REPLY_MS)]);
  const ended = once(child, "exit", { signal }).then(([code, killedBy]) => {
    throw new Error(`llama.cpp ended with ${String(code ?? killedBy)}`);
  });
  child.send(request);
  try {
    const [reply] = (await Promise.race([once(child, "message", { signal }), ended])) as [LlamaReply];
    if (reply.kind === "failed") throw new Error(`llama.cpp failed: ${reply.reason}`);
    return reply;
  } finally {
    // Takes the other listener away, whose end nobody waits for.
    ended.catch(() => {});
    isAnswered.abort();
  }
}

/** Into a folder that git ignores, not among the project's dependencies. Null when it is there. */
function install(say: (line: string) => void): string | null {
  if (existsSync(LIBRARY)) return null;
  const binary = BINARIES[`${process.platform}-${process.arch}`];
  if (binary === undefined) return `node-llama-cpp has no build for ${process.platform}-${process.arch}`;
  say(`installing node-llama-cpp ${VERSION} into bench/.peers to compare with (once, 85 MB)…`);
  mkdirSync(PEERS, { recursive: true });
  writeFileSync(join(PEERS, "package.json"), '{"private":true}\n');
  // Without `--ignore-scripts` it would look for a compiler, without `--omit=optional` fetch 640 MB of CUDA and Vulkan.
  const flags = ["--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const packages = [`node-llama-cpp@${VERSION}`, `@node-llama-cpp/${binary}@${VERSION}`];
  const { status } = spawnSync(
    process.platform === "win32" ? "npm.cmd" : "npm",
    ["install", ...flags, ...packages],
    { cwd: PEERS, stdio: ["ignore", 2, 2], timeout: INSTALL_MS, shell: process.platform === "win32" },
  );
  if (status === 0 && existsSync(LIBRARY)) return null;
  return `node-llama-cpp ${VERSION} could not be installed (npm ended with ${String(status)})`;
}

/**
 * Our grammar in the dialect of llama.cpp, which differs only above ASCII: there ours names bytes, llama.cpp characters.
 * Throws RangeError on such a grammar.
 */
export function gbnfOf(ebnf: string): string {
  const escape = /\\u([0-9a-f]{4})/g;
  for (const [all, digits] of ebnf.matchAll(escape)) {
    if (Number.parseInt(digits, 16) > 0x7f)
      throw new RangeError(`Cannot write ${all} for llama.cpp: it is no ASCII`);
  }
  return ebnf;
}
