import { pino } from "pino";
import type { Effects, Log } from "../core/index.ts";
import { createAssigner } from "../discover/index.ts";
import { startFolding } from "../collect/index.ts";
import {
  createAnswerCache,
  startGateway,
  watchKeys,
  watchRouting,
  type Gateway,
  type GatewayDeps,
  type Routing,
} from "../gateway/index.ts";
import { LIST_PRICES, type PriceTable, type Upstreams } from "../models/index.ts";
import { openSegmentLog, openStore, segmentsFolderOf, type Store } from "../store/index.ts";
import { gatewayForm, type GatewayConfig } from "./gateway-config.ts";
import { upstreamsOf } from "./upstreams.ts";

export const DEFAULT_PORT = 4141;
export const DEFAULT_HOST = "127.0.0.1";

export type ServeOptions = {
  /** Folder of the store. */
  readonly store: string;
  /** The store's key; undefined when its key file is to be used. */
  readonly key?: Uint8Array;
  /** Folder of the base that generative specialists were adapted from, beside the one shipped. */
  readonly base?: string;
  readonly port: number;
  readonly host: string;
  /** A base URL, `replay:FILE`, or undefined: then only specialists answer. */
  readonly upstream?: string;
  /** Name of the environment variable that holds the upstream's key, for clients that send none. */
  readonly upstreamKeyEnv?: string;
  /** Of the config file; its defaults when left out. */
  readonly gateway?: GatewayConfig;
  readonly prices?: PriceTable;
  /** JSON log lines on stderr. */
  readonly log?: boolean;
};

/** What a command that runs until it is stopped needs besides the effects of the house. */
export type ServeEffects = Effects & {
  readonly env: { readonly [name: string]: string | undefined };
  /** A line for the person who started the command, on stdout. */
  readonly print: (line: string) => void;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
};

/** `understudy serve`: the gateway, until it is told to stop. Returns the exit code. */
export async function serve(options: ServeOptions, effects: ServeEffects): Promise<number> {
  const log = options.log === true ? jsonLog() : effects.log;
  const config = options.gateway ?? gatewayForm.parse({});
  const { upstream, upstreamKeyEnv, prices = LIST_PRICES } = options;
  const { nowMs, env } = effects;
  const source = { upstream, upstreamKeyEnv, config, prices };
  const upstreams = await upstreamsOf(source, { nowMs, env, random: Math.random });
  const store = openStore({ dir: options.store, key: options.key, nowMs });
  try {
    await serveStore({ options, config, store, upstreams, effects: { ...effects, log } });
  } finally {
    store.close();
    await upstreams?.close();
  }
  return 0;
}

type Serving = {
  readonly options: ServeOptions;
  readonly config: GatewayConfig;
  readonly store: Store;
  readonly upstreams: Upstreams | null;
  readonly effects: ServeEffects;
};

async function serveStore({ options, config, store, upstreams, effects }: Serving): Promise<void> {
  const { nowMs, log, signal, print } = effects;
  const { tasks, certificates, specialists } = store;
  const keys = watchKeys(store.accessKeys, { isRequired: config.keysRequired, nowMs, log });
  const source = { tasks, certificates, specialists, base: options.base };
  const watch = await watchRouting(source, createAssigner, log);
  const dir = segmentsFolderOf(options.store);
  const calls = await openSegmentLog({ dir, keys: store.segmentKeys, nowMs });
  const { mode, onFailure, keepDays } = config.recording;
  const folding = startFolding({ dir: options.store, key: options.key, nowMs, log, keepDays });
  try {
    const deps: GatewayDeps = {
      effects,
      store,
      upstreams,
      routing: () => watch.current(),
      recording: { mode, onFailure, log: calls },
      gatekeeper: keys.gatekeeper,
      cache: config.cache.length === 0 ? null : createAnswerCache({ ttlMs: ttlOf(config), nowMs }),
    };
    const gateway = await startGateway(options, deps);
    for (const line of banner(gateway, watch.current(), upstreams)) print(line);
    if (!signal.aborted) {
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    }
    print("Stopping: calls in flight may end");
    await gateway.close();
  } finally {
    await calls.close();
    await folding.close();
    await watch.close();
    keys.close();
  }
}

function ttlOf({ cache }: GatewayConfig): (taskId: string) => number | null {
  const ttls = new Map(cache.map(({ task, ttlS }) => [task, ttlS * 1000]));
  return (taskId) => ttls.get(taskId) ?? null;
}

function banner(gateway: Gateway, routing: Routing, upstreams: Upstreams | null): string[] {
  const entries = [...routing.policy.entries.values()];
  const tasks = entries.map(({ taskName, certificate, threshold }) => {
    const share = (certificate.coverage * 100).toFixed(0);
    const bound = ((1 - certificate.epsilon) * 100).toFixed(1);
    return `  ${taskName}: ${share} % of its calls at score ${threshold.toFixed(3)} or above, agreement at least ${bound} %`;
  });
  const problems = routing.policy.problems.map(
    ({ taskId, message }) => `  ${taskId} goes to the provider: ${message}`,
  );
  const fallback =
    upstreams === null
      ? "No upstream: calls without a certified specialist end with 503; add --upstream URL"
      : `Everything else goes to ${upstreams.names.join(", ")}`;
  return [
    `Understudy listens on ${gateway.url}`,
    entries.length === 0
      ? "No task is certified yet: every call goes to the provider and is recorded"
      : "Certified:",
    ...tasks,
    ...problems,
    fallback,
    `Point the client here: OPENAI_BASE_URL=${gateway.url}/v1`,
  ];
}

function jsonLog(): Log {
  const logger = pino({ base: undefined }, pino.destination({ dest: 2, sync: true }));
  return {
    info: (line, text) => logger.info(line, text),
    warn: (line, text) => logger.warn(line, text),
    error: (line, text) => logger.error(line, text),
  };
}
