import { STARTERS, type Peer } from "./peers.ts";
import { accountOf } from "./processor.ts";
import { runLoad, startProvider, type Provider } from "./run-load.ts";
import type { Job, Result } from "./load-process.ts";

/** What only the gateway itself is measured for. */
export type Extras = {
  readonly idleStreams: {
    readonly streams: number;
    readonly megabytes: number;
    readonly megabytesBefore: number;
  };
  readonly overload: Omit<Result, "p50" | "p95" | "p99" | "chunks" | "unanswered"> & {
    readonly capacity: number;
    readonly rate: number;
    readonly megabytesBefore: number;
    readonly megabytesPeak: number;
    readonly p50Before: number;
    readonly p50After: number;
  };
};

const IDLE_STREAMS = 1000;
/** More than the gateway takes calls at once, fewer than it takes connections. */
const CLIENTS = 4096;
/** Of the load that says what its capacity is: a younger process is slower. */
const CAPACITY_SECONDS = 10;
const OVERLOAD_SECONDS = 60;
const OVERLOAD_FACTOR = 5;
const BACK_TO_NORMAL_MS = 2000;
/** Longer than the test: the streams stay silent. */
const NEVER_MS = 3_600_000;

/** One of them, by its name, or all. */
export async function runExtra(name: string): Promise<object> {
  const work = name === "overload" ? overloadIt : name === "idle-streams" ? holdStreams : null;
  if (work === null) throw new Error(`no such part: ${name}; there are overload and idle-streams`);
  const provider = await startProvider();
  try {
    return await onGateway<object>(provider, work);
  } finally {
    provider.stop();
  }
}

export async function runExtras(say: (line: string) => void): Promise<Extras> {
  const provider = await startProvider();
  try {
    const idleStreams = await onGateway(provider, holdStreams);
    say(`idle streams: ${JSON.stringify(idleStreams)}`);
    const overload = await onGateway(provider, overloadIt);
    say(`overload: ${JSON.stringify(overload)}`);
    return { idleStreams, overload };
  } finally {
    provider.stop();
  }
}

async function onGateway<T>(
  provider: Provider,
  work: (peer: Peer, provider: Provider) => Promise<T>,
): Promise<T> {
  const peer = await STARTERS["understudy-durable"](provider.port);
  if (peer === null) throw new Error("the gateway did not start");
  try {
    return await work(peer, provider);
  } finally {
    await peer.stop();
  }
}

const jobTo = (peer: Peer, more: Partial<Job>): Job => ({
  port: peer.port,
  path: peer.path,
  headers: peer.headers,
  kind: "open",
  isStream: false,
  connections: 64,
  seconds: 3,
  rate: 300,
  ...more,
});

async function holdStreams(peer: Peer, provider: Provider): Promise<Extras["idleStreams"]> {
  await provider.behave({ delayMs: 0, chunks: 2, intervalMs: NEVER_MS });
  const before = accountOf(peer.pid).residentBytes;
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, accountOf(peer.pid).residentBytes)), 250);
  const { chunks } = await runLoad(
    jobTo(peer, { kind: "closed", isStream: true, connections: IDLE_STREAMS, seconds: 12, holds: true }),
  );
  clearInterval(watch);
  // Each has sent its first piece, or it was not open yet.
  return { streams: chunks, megabytes: most / 1e6, megabytesBefore: before / 1e6 };
}

async function overloadIt(peer: Peer, provider: Provider): Promise<Extras["overload"]> {
  await provider.behave({ delayMs: 0, chunks: 2, intervalMs: 10 });
  await runLoad(jobTo(peer, { kind: "closed", seconds: CAPACITY_SECONDS }));
  const full = await runLoad(jobTo(peer, { kind: "closed", seconds: CAPACITY_SECONDS }));
  const capacity = Math.round(full.answers / full.seconds);
  await provider.behave({ delayMs: 20, chunks: 2, intervalMs: 10 });
  const calm = await runLoad(jobTo(peer, {}));
  const before = accountOf(peer.pid).residentBytes;
  let peak = before;
  const watch = setInterval(() => (peak = Math.max(peak, accountOf(peer.pid).residentBytes)), 250);
  const rate = capacity * OVERLOAD_FACTOR;
  const {
    p50: _,
    p95: __,
    p99: ___,
    chunks: ____,
    unanswered: _____,
    ...result
  } = await runLoad(
    jobTo(peer, { rate, seconds: OVERLOAD_SECONDS, connections: CLIENTS, maxConnections: CLIENTS }),
  );
  clearInterval(watch);
  await new Promise((resolve) => setTimeout(resolve, BACK_TO_NORMAL_MS));
  const after = await runLoad(jobTo(peer, {}));
  return {
    ...result,
    capacity,
    rate,
    megabytesBefore: before / 1e6,
    megabytesPeak: peak / 1e6,
    p50Before: calm.p50 ?? Number.NaN,
    p50After: after.p50 ?? Number.NaN,
  };
}
