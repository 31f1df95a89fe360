import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtProgram } from "./package.ts";
import { freePort } from "../../scripts/gateway-process.ts";

/** A gateway under test, running. */
export type Peer = {
  readonly name: string;
  readonly port: number;
  readonly path: string;
  readonly headers: { readonly [name: string]: string };
  readonly pid: number;
  /** Of its store, where it has one. */
  readonly store?: string;
  stop(): Promise<void>;
};

const ROOT = join(import.meta.dirname, "../..");
const PEERS = join(ROOT, "bench/.peers");
const PORTKEY = "1.15.2";
/** Of its dependency: with the newest that its package.json allows, streams end as 500 ("immutable": it appends to headers of fetch). */
const PORTKEY_SERVER = "1.13.8";
const GATEWAY_CORE = "0";
const READY_TIMEOUT_MS = 90_000;
const PATH = "/v1/chat/completions";

/** Starts a peer in front of the provider at this port; null, with a line on stderr, where it is not to be had. */
export type Starter = (upstreamPort: number) => Promise<Peer | null>;

export const STARTERS: { readonly [name: string]: Starter } = {
  "understudy-durable": (upstream) => understudy("durable", upstream),
  "understudy-intent": (upstream) => understudy("intent", upstream),
  "understudy-async": (upstream) => understudy("async", upstream),
  bare,
  nginx,
  portkey,
};

async function understudy(mode: string, upstreamPort: number): Promise<Peer> {
  const folder = mkdtempSync(join(tmpdir(), "understudy-bench-"));
  const port = await freePort();
  const store = join(folder, "store");
  const config = join(folder, "understudy.config.json");
  writeFileSync(config, JSON.stringify({ store, port, keysRequired: true, recording: { mode } }));
  const cli = ["--disable-warning=ExperimentalWarning", builtProgram()];
  const made = execFileSync(
    process.execPath,
    [...cli, "keys", "create", "--role", "viewer", "--json", "--config", config],
    {
      encoding: "utf8",
    },
  );
  const { key } = JSON.parse(made) as { key: string };
  const args = [
    ...profileArgs(),
    ...cli,
    "serve",
    "--config",
    config,
    "--upstream",
    `http://127.0.0.1:${upstreamPort}/v1`,
  ];
  const child = pinned(process.execPath, args);
  return running(child, {
    name: `understudy-${mode}`,
    port,
    path: PATH,
    headers: { authorization: `Bearer ${key}` },
    store,
    clean: () => rmSync(folder, { recursive: true, force: true }),
  });
}

/** With BENCH_PROFILE=DIR the gateway writes a profile of its processor time there. */
function profileArgs(): string[] {
  const dir = process.env["BENCH_PROFILE"];
  return dir === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${dir}`];
}

async function bare(upstreamPort: number): Promise<Peer> {
  const port = await freePort();
  const file = join(import.meta.dirname, "bare-process.ts");
  const child = pinned(process.execPath, [file, `http://127.0.0.1:${upstreamPort}`, String(port)]);
  return running(child, { name: "bare", port, path: PATH, headers: KEY });
}

const KEY = { authorization: "Bearer sk-bench" };

async function nginx(upstreamPort: number): Promise<Peer | null> {
  const binary =
    ["/usr/sbin/nginx", "/usr/local/sbin/nginx"].find((path) => existsSync(path)) ?? installNginx();
  if (binary === null) return null;
  const folder = mkdtempSync(join(tmpdir(), "understudy-nginx-"));
  const port = await freePort();
  const file = join(folder, "nginx.conf");
  writeFileSync(file, nginxConfig(folder, port, upstreamPort));
  const child = pinned(binary, ["-c", file, "-p", folder, "-g", "daemon off;"]);
  const clean = (): void => rmSync(folder, { recursive: true, force: true });
  return running(child, { name: "nginx", port, path: PATH, headers: KEY, clean });
}

function installNginx(): string | null {
  if (process.getuid?.() !== 0) return skipped("nginx", "is not installed, and only root can install it");
  try {
    execFileSync("apt-get", ["install", "-y", "--no-install-recommends", "nginx-light"], { stdio: "ignore" });
  } catch {
    try {
      execFileSync("apt-get", ["install", "-y", "--no-install-recommends", "nginx"], { stdio: "ignore" });
    } catch (error) {
      return skipped("nginx", `could not be installed: ${(error as Error).message.split("\n")[0]}`);
    }
  }
  return existsSync("/usr/sbin/nginx") ? "/usr/sbin/nginx" : skipped("nginx", "was installed and not found");
}

function nginxConfig(folder: string, port: number, upstreamPort: number): string {
  return `worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log crit; ${process.getuid?.() === 0 ? "user root;" : ""}
events { worker_connections 8192; }
http { access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  upstream provider { server 127.0.0.1:${upstreamPort}; keepalive 2048; }
  server { listen 127.0.0.1:${port} reuseport; keepalive_requests 100000000;
    location / { proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; } } }`;
}

async function portkey(upstreamPort: number): Promise<Peer | null> {
  const folder = join(PEERS, `portkey-${PORTKEY}-${PORTKEY_SERVER}`);
  const entry = join(folder, "node_modules/@portkey-ai/gateway/build/start-server.js");
  if (!existsSync(entry)) {
    mkdirSync(folder, { recursive: true });
    const overrides = { "@hono/node-server": PORTKEY_SERVER };
    const dependencies = { "@portkey-ai/gateway": PORTKEY };
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies, overrides }));
    const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder];
    try {
      execFileSync("npm", args, { stdio: "ignore" });
    } catch (error) {
      return skipped("portkey", `could not be installed: ${(error as Error).message.split("\n")[0]}`);
    }
  }
  const port = await freePort();
  const child = pinned(process.execPath, [entry, "--headless", `--port=${port}`], "ignore");
  const headers = {
    ...KEY,
    "x-portkey-provider": "openai",
    "x-portkey-custom-host": `http://127.0.0.1:${upstreamPort}/v1`,
  };
  return running(child, { name: "portkey", port, path: PATH, headers });
}

function skipped(name: string, why: string): null {
  process.stderr.write(`${name} ${why}: its row is left out\n`);
  return null;
}

function pinned(
  program: string,
  args: readonly string[],
  errors: "inherit" | "ignore" = "inherit",
): ChildProcess {
  const env = { ...process.env, TRUSTED_CUSTOM_HOSTS: "127.0.0.1" };
  return spawn("taskset", ["-c", GATEWAY_CORE, program, ...args], {
    stdio: ["ignore", "ignore", errors],
    env,
  });
}

type Made = Pick<Peer, "name" | "port" | "path" | "headers" | "store"> & { readonly clean?: () => void };

async function running(child: ChildProcess, { clean, ...made }: Made): Promise<Peer> {
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    const cut = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(cut);
    clean?.();
  };
  const giveUpMs = performance.now() + READY_TIMEOUT_MS;
  while (!(await answers(made.port))) {
    if (performance.now() > giveUpMs || child.exitCode !== null) {
      await stop();
      throw new Error(`${made.name} did not start`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { ...made, pid: child.pid ?? 0, stop };
}

function answers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/healthz`).then(
    () => true,
    () => false,
  );
}
