import { existsSync, fsyncSync, mkdtempSync, openSync, closeSync, rmSync, writeSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { Agent, request } from "undici";
import { HouseError } from "../core/index.ts";
import { expiryOf, listenRules, readTls } from "../gateway/index.ts";
import { providerFiles } from "../models/index.ts";
import { openStore } from "../store/index.ts";
import type { Config } from "./config.ts";
import { countLiveKeys } from "./keys.ts";
import { upstreamsOf } from "./upstreams.ts";

export type Finding = {
  readonly check: string;
  readonly isOk: boolean;
  readonly detail: string;
  readonly fix: string | null;
};

type Environment = { readonly [name: string]: string | undefined };

const DAY_MS = 86_400_000;
/** A certificate that ends sooner should be renewed now. */
const TLS_DAYS = 14;
const FSYNC_TRIES = 9;
/** Each durable call waits for a sync, shared with those beside it: above this, answers wait noticeably. */
const SLOW_FSYNC_MS = 20;
const ONLINE_MS = 5000;
/** Certificates and signatures (Bedrock) fail when the clock is off by minutes. */
const MAX_CLOCK_SKEW_MS = 60_000;

/** What serving needs: port, rules of listening, TLS, providers and their keys, the disk's speed; with `isOnline` the providers themselves. */
export async function gatewayChecks(
  config: Config,
  env: Environment,
  isOnline: boolean,
): Promise<readonly Finding[]> {
  return [
    await checkPort(config),
    checkListening(config),
    ...checkTls(config),
    await checkProviders(config, env),
    checkFsync(config),
    ...(isOnline ? await Promise.all(originsOf(config).map(async (origin) => checkOnline(origin))) : []),
  ];
}

const ok = (check: string, detail: string): Finding => ({ check, isOk: true, detail, fix: null });
const wrong = (check: string, detail: string, fix: string | null): Finding => ({
  check,
  isOk: false,
  detail,
  fix,
});

/** The line of a HouseError as a finding. Other errors are ours. */
function failed(check: string, error: unknown): Finding {
  if (error instanceof HouseError) return wrong(check, error.message, null);
  throw error;
}

async function checkPort(config: Config): Promise<Finding> {
  const { host, port } = config;
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<NodeJS.ErrnoException | null>();
  server.once("error", resolve);
  server.listen({ host, port }, () => resolve(null));
  const error = await promise;
  server.close();
  const where = `${host}:${port}`;
  if (error === null) return ok("port", `${where} is free`);
  if (error.code !== "EADDRINUSE")
    return wrong(
      "port",
      `${where} cannot be listened on: ${error.code}`,
      "choose another with --host or --port",
    );
  if (await isGateway(config)) return ok("port", `a gateway answers on ${where} already`);
  return wrong("port", `${where} is in use`, "stop what listens there, or choose another with --port");
}

/** Whether what listens there says what our /healthz says. */
async function isGateway({ host, port, gateway }: Config): Promise<boolean> {
  const name = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
  // The certificate is for the name that clients use, which is not this one.
  const agent = new Agent({ connect: { timeout: ONLINE_MS, rejectUnauthorized: false } });
  const limits = { dispatcher: agent, headersTimeout: ONLINE_MS, bodyTimeout: ONLINE_MS };
  try {
    const scheme = gateway.tls === undefined ? "http" : "https";
    const { body } = await request(`${scheme}://${name}:${port}/healthz`, limits);
    return (await body.text()) === '{"status":"ok"}';
  } catch {
    return false;
  } finally {
    await agent.destroy();
  }
}

function checkListening(config: Config): Finding {
  const { store, key, host, gateway } = config;
  try {
    let liveKeys = 0;
    if (existsSync(store)) {
      const open = openStore({ dir: store, key, nowMs: () => Date.now() });
      liveKeys = countLiveKeys(open, Date.now());
      open.close();
    }
    const hasTls = gateway.tls !== undefined;
    const rules = listenRules({ host, hasTls, keysRequired: gateway.keysRequired, liveKeys });
    if (rules.warning !== null) return wrong("listening", rules.warning, null);
    const needed = rules.keysRequired ? "needed" : "not needed on this machine";
    return ok("listening", `${liveKeys} keys let in; a key is ${needed}`);
  } catch (error) {
    return failed("listening", error);
  }
}

function checkTls({ gateway: { tls } }: Config): readonly Finding[] {
  if (tls === undefined) return [];
  try {
    const expires = expiryOf(readTls(tls));
    const days = Math.floor((expires.getTime() - Date.now()) / DAY_MS);
    const detail = `${tls.certFile} is good until ${expires.toISOString().slice(0, 10)}`;
    if (days >= TLS_DAYS) return [ok("tls", detail)];
    const state = days < 0 ? `${tls.certFile} has expired` : `${detail}, ${days} days`;
    return [wrong("tls", state, "renew it: a running gateway takes the new files by itself")];
  } catch (error) {
    return [failed("tls", error)];
  }
}

async function checkProviders(config: Config, env: Environment): Promise<Finding> {
  const { providers, models } = config.gateway;
  const source = { config: config.gateway, prices: config.prices };
  try {
    const upstreams = await upstreamsOf(source, { nowMs: () => Date.now(), random: Math.random, env });
    await upstreams?.close();
    const names = Object.keys(providers);
    if (names.length === 0) return ok("providers", "none in the config");
    return ok(
      "providers",
      `${names.join(", ")}, with their keys; ${Object.keys(models).length} models named`,
    );
  } catch (error) {
    return failed("providers", error);
  }
}

/** The median time of a small write with a sync, where the store is or will be. */
function checkFsync({ store }: Config): Finding {
  const dir = mkdtempSync(join(existsSync(store) ? store : tmpdir(), "doctor-"));
  try {
    const file = openSync(join(dir, "probe"), "w", 0o600);
    const times = Array.from({ length: FSYNC_TRIES }, () => {
      const begun = performance.now();
      writeSync(file, Buffer.alloc(4096, 1));
      fsyncSync(file);
      return performance.now() - begun;
    });
    closeSync(file);
    const median = times.toSorted((a, b) => a - b)[Math.floor(FSYNC_TRIES / 2)];
    const detail = `a small write reaches the disk in ${median.toFixed(1)} ms`;
    return median <= SLOW_FSYNC_MS
      ? ok("fsync", detail)
      : wrong(
          "fsync",
          detail,
          'put the store on a faster disk, or choose recording.mode "intent" or "async"',
        );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Where the providers are, by their addresses in the config or those they have by themselves. */
function originsOf({ upstream, gateway }: Config): readonly string[] {
  const urls = [
    upstream === null || upstream.url.startsWith("replay:") ? null : upstream.url,
    ...Object.values(gateway.providers).map(
      ({ type, url }) => url ?? providerFiles.get(type)?.defaultUrl ?? null,
    ),
  ];
  const origins = urls.flatMap((url) => (url !== null && URL.canParse(url) ? [new URL(url).origin] : []));
  return [...new Set(origins)];
}

/** Whether something answers there, without a key; and whether its clock and ours agree. */
async function checkOnline(origin: string): Promise<Finding> {
  const check = `online ${origin}`;
  const agent = new Agent({ connect: { timeout: ONLINE_MS } });
  const begun = performance.now();
  try {
    const { headers, body, statusCode } = await request(origin, {
      dispatcher: agent,
      headersTimeout: ONLINE_MS,
      bodyTimeout: ONLINE_MS,
    });
    await body.dump();
    const took = `answers with ${statusCode} in ${Math.round(performance.now() - begun)} ms`;
    const skewMs = typeof headers.date === "string" ? Math.abs(Date.parse(headers.date) - Date.now()) : 0;
    if (skewMs > MAX_CLOCK_SKEW_MS)
      return wrong(
        check,
        `${took}; its clock and this one differ by ${Math.round(skewMs / 1000)} s`,
        "set this machine's clock (NTP)",
      );
    return ok(check, took);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    return wrong(
      check,
      `cannot be reached: ${code}`,
      "check the address, the network and a proxy in between",
    );
  } finally {
    await agent.close();
  }
}
