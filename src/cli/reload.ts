import { createAnswerCache, type Gateway } from "../gateway/index.ts";
import type { Upstreams } from "../models/index.ts";
import type { GatewayConfig } from "./gateway-config.ts";
import type { Operations } from "./operations.ts";
import {
  settingsOf,
  sourceOf,
  type ServeEffects,
  type ServeHost,
  type ServeOptions,
} from "./serve-options.ts";
import { upstreamsOf } from "./upstreams.ts";

export type ReloadParts = {
  readonly options: ServeOptions;
  readonly operations: Pick<Operations, "apply">;
  readonly gateway: Pick<Gateway, "replace">;
  readonly current: { upstreams: Upstreams | null };
  readonly effects: Pick<ServeEffects, "nowMs" | "env" | "log">;
  readonly host: Pick<ServeHost, "reread" | "reloadOthers">;
};

/**
 * Reads the config again: providers, models, keys, limits, prices and the cache change for calls that begin after; those under way end as
 * they began. A config that cannot be used changes nothing. What is fixed at the start is named in the log.
 */
export function createReload(parts: ReloadParts): () => Promise<void> {
  const { log } = parts.effects;
  let last: Promise<void> = Promise.resolve();
  return () => {
    // One at a time, in the order asked.
    last = last.catch(() => {}).then(async () => reload(parts));
    last.catch((error: unknown) => log.error({ event: "reload-failed", message: (error as Error).message }));
    return last;
  };
}

async function reload({ options, operations, gateway, current, effects, host }: ReloadParts): Promise<void> {
  const { nowMs, env, log } = effects;
  const next = host.reread();
  const { config, prices } = settingsOf(next);
  const upstreams = await upstreamsOf(sourceOf(next), { nowMs, env, random: Math.random });
  try {
    operations.apply(config, prices);
  } catch (error) {
    await upstreams?.close();
    throw error;
  }
  const before = current.upstreams;
  current.upstreams = upstreams;
  gateway
    .replace({ upstreams, cache: cacheOf(config, nowMs) })
    .then(() => before?.close())
    .catch((error: unknown) =>
      log.error({ event: "upstream-close-failed", message: (error as Error).message }),
    );
  const fixed = changedForNextStart(options, next);
  if (fixed.length > 0) log.warn({ event: "restart-needed", fields: fixed });
  log.info({ event: "config-reloaded", providers: upstreams?.names ?? [] });
}

/** Fields that a running process cannot take over. */
function changedForNextStart(options: ServeOptions, next: ServeOptions): readonly string[] {
  const { config: before } = settingsOf(options);
  const { config: after } = settingsOf(next);
  const inOptions = (["store", "base", "host", "port"] as const).filter(
    (field) => options[field] !== next[field],
  );
  const inConfig = (["workers", "recording", "tls", "telemetry"] as const).filter(
    (field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]),
  );
  return [...inOptions, ...inConfig];
}

/** Answers that are kept, as the config has it; null when none are. */
export function cacheOf(
  { cache }: GatewayConfig,
  nowMs: () => number,
): ReturnType<typeof createAnswerCache> | null {
  if (cache.length === 0) return null;
  const ttls = new Map(cache.map(({ task, ttlS }) => [task, ttlS * 1000]));
  return createAnswerCache({ ttlMs: (taskId) => ttls.get(taskId) ?? null, nowMs });
}
