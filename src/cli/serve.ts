import { pino } from "pino";
import { HouseError, type Effects, type Log } from "../core/index.ts";
import { createAssigner } from "../discover/index.ts";
import { startGateway, watchRouting, type Gateway, type Routing } from "../gateway/index.ts";
import { openaiUpstream, readRecordedCalls, replayProvider, type Provider } from "../models/index.ts";
import { openStore } from "../store/index.ts";

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
  const provider = await providerOf(options, effects);
  const store = openStore({ dir: options.store, key: options.key, nowMs: effects.nowMs });
  try {
    const { tasks, certificates, specialists } = store;
    const source = { tasks, certificates, specialists, base: options.base };
    const watch = await watchRouting(source, createAssigner, log);
    try {
      const deps = { effects: { ...effects, log }, store, provider, routing: () => watch.current() };
      const gateway = await startGateway(options, deps);
      for (const line of banner(gateway, watch.current(), provider)) effects.print(line);
      if (!effects.signal.aborted) {
        await new Promise((resolve) => effects.signal.addEventListener("abort", resolve, { once: true }));
      }
      effects.print("Stopping: calls in flight may end");
      await gateway.close();
    } finally {
      await watch.close();
    }
  } finally {
    store.close();
    await provider?.close();
  }
  return 0;
}

async function providerOf(options: ServeOptions, effects: ServeEffects): Promise<Provider | null> {
  const { upstream, upstreamKeyEnv } = options;
  if (upstream === undefined) return null;
  if (upstream.startsWith("replay:")) {
    return replayProvider(readRecordedCalls(upstream.slice("replay:".length)), effects.nowMs);
  }
  const key = upstreamKeyEnv === undefined ? undefined : effects.env[upstreamKeyEnv];
  if (upstreamKeyEnv !== undefined && (key === undefined || key === "")) {
    throw new HouseError(
      "bad-config",
      `Cannot read the upstream's key: set the environment variable ${upstreamKeyEnv}`,
    );
  }
  return openaiUpstream({ baseUrl: upstream, key });
}

function banner(gateway: Gateway, routing: Routing, provider: Provider | null): string[] {
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
    provider === null
      ? "No upstream: calls without a certified specialist end with 503; add --upstream URL"
      : `Everything else goes to ${provider.name}`;
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
