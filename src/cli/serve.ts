import { pino } from "pino";
import { HouseError, type Log } from "../core/index.ts";
import { createAssigner } from "../discover/index.ts";
import { startFolding } from "../collect/index.ts";
import {
  startGateway,
  watchErasures,
  watchRouting,
  type Gateway,
  type GatewayDeps,
  type Routing,
} from "../gateway/index.ts";
import type { Upstreams } from "../models/index.ts";
import { openSegmentLog, openStore, segmentsFolderOf, type Store } from "../store/index.ts";
import { openOperations } from "./operations.ts";
import { cacheOf, createReload } from "./reload.ts";
import {
  settingsOf,
  sourceOf,
  type ServeEffects,
  type ServeHost,
  type ServeOptions,
} from "./serve-options.ts";
import { upstreamsOf } from "./upstreams.ts";

export type { ServeEffects, ServeHost, ServeOptions } from "./serve-options.ts";

/** `understudy serve`: the gateway, until it is told to stop. Returns the exit code. */
export async function serve(options: ServeOptions, effects: ServeEffects): Promise<number> {
  const log = options.log === true ? jsonLog() : effects.log;
  const { nowMs, env } = effects;
  const upstreams = await upstreamsOf(sourceOf(options), { nowMs, env, random: Math.random });
  const current = { upstreams };
  const store = openStore({ dir: options.store, key: options.key, nowMs });
  try {
    await serveStore({ options, store, current, effects: { ...effects, log } });
  } finally {
    store.close();
    await current.upstreams?.close();
  }
  return 0;
}

type Serving = {
  readonly options: ServeOptions;
  readonly store: Store;
  /** Replaced when the config is read again. */
  readonly current: { upstreams: Upstreams | null };
  readonly effects: ServeEffects;
};

async function serveStore({ options, store, current, effects }: Serving): Promise<void> {
  const { nowMs, log, signal, print, host = alone(options) } = effects;
  const { config, prices } = settingsOf(options);
  let reload: (() => Promise<void>) | null = null;
  const reloadAll = async (): Promise<void> => {
    await reload?.();
    host.reloadOthers();
  };
  const place = { store, dir: options.store, host: options.host, config, prices };
  const operations = openOperations(place, { ...effects, ...host, reload: reloadAll });
  const watch = await watchRouting(routingSource(store, options), createAssigner, log);
  const dir = segmentsFolderOf(options.store);
  const calls = await openSegmentLog({ dir, keys: store.segmentKeys, nowMs });
  const { mode, onFailure, keepDays } = config.recording;
  const folds = (options.worker ?? 1) === 1;
  const folding = folds ? startFolding({ dir: options.store, key: options.key, nowMs, log, keepDays }) : null;
  try {
    const deps: GatewayDeps = {
      effects,
      store,
      ...operations,
      ...current,
      routing: () => watch.current(),
      recording: { mode, onFailure, log: calls },
      cache: cacheOf(config, nowMs),
    };
    const gateway = await startGateway({ ...options, reusePort: options.worker !== undefined }, deps);
    operations.attach({
      gateway,
      calls,
      upstreams: () => current.upstreams,
      folding: () => folding?.stats() ?? null,
      certified: () => watch.current().policy.entries.size,
    });
    reload = createReload({ options, operations, gateway, current, effects, host });
    const erasures = watchErasures(store.ledger, gateway, log);
    const unlisten = host.onReload(() => reload?.().catch(() => {}));
    if (operations.warning !== null) print(operations.warning);
    for (const line of banner(gateway, watch.current(), current.upstreams)) print(line);
    host.ready();
    if (!signal.aborted) {
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    }
    print("Stopping: calls in flight may end");
    unlisten();
    erasures.close();
    await gateway.close();
  } finally {
    await calls.close();
    await folding?.close();
    await watch.close();
    await operations.close();
  }
}

function routingSource({ tasks, certificates, specialists }: Store, { base }: ServeOptions) {
  return { tasks, certificates, specialists, base };
}

/** A gateway that no one but its caller speaks to: nothing to reload, one process. */
function alone(options: ServeOptions): ServeHost {
  return {
    stop: () => {},
    report: () => Promise.reject(new HouseError("not-found", "This gateway has no report")),
    gather: (own) => async () => [await own()],
    reread: () => options,
    onReload: () => () => {},
    reloadOthers: () => {},
    ready: () => {},
  };
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
    `Point the client here: OPENAI_BASE_URL=${gateway.url}/v1 or ANTHROPIC_BASE_URL=${gateway.url}`,
  ];
}

/** JSON lines on stderr. */
export function jsonLog(): Log {
  const logger = pino({ base: undefined }, pino.destination({ dest: 2, sync: true }));
  return {
    info: (line, text) => logger.info(line, text),
    warn: (line, text) => logger.warn(line, text),
    error: (line, text) => logger.error(line, text),
  };
}
