import { STARTERS, type Peer } from "./peers.ts";
import { accountOf } from "./processor.ts";
import { runDisk, runLoad, startProvider, type DiskTimes, type Provider } from "./run-load.ts";
import type { Job, Result } from "./load-process.ts";

export const PEERS = ["understudy-durable", "understudy-intent", "bare", "nginx", "portkey"];

/** One figure over the rounds. */
export type Figure = { readonly median: number; readonly low: number; readonly high: number } | null;

export type Row = {
  readonly name: string;
  /** Of all threads that work under load, at the most that one core does. */
  readonly cpuUsPerRequest: Figure;
  /** Times the bare proxy's of the same round. */
  readonly cpuTimesBare: Figure;
  readonly servingUsPerRequest: Figure;
  readonly requestsPerSecond: Figure;
  /** Beside the same load sent to the provider directly. */
  readonly addedMsP50: Figure;
  readonly addedMsP99: Figure;
  readonly addedMsP50At1000: Figure;
  readonly addedMsP99At1000: Figure;
  readonly cpuUsPerChunk: Figure;
  readonly addedFirstChunkMs: Figure;
  readonly megabytes: Figure;
  readonly wrong: number;
};

export type Measured = {
  readonly rows: readonly Row[];
  /** What the disk alone takes for a block, in ms. */
  readonly disk: { readonly p50: Figure; readonly p99: Figure };
};

export type MeasureOptions = {
  readonly peers: readonly string[];
  readonly rounds: number;
  readonly isQuick: boolean;
  readonly say: (line: string) => void;
};

type Sample = { readonly [figure in keyof Omit<Row, "name" | "wrong" | "cpuTimesBare">]: number | null } & {
  readonly wrong: number;
};

/** Every peer in every round, in turn; medians with the lowest and highest. */
export async function measureAll({ peers, rounds, isQuick, say }: MeasureOptions): Promise<Measured> {
  const provider = await startProvider();
  const running: Peer[] = [];
  const samples = new Map<string, Sample[]>();
  const disk: DiskTimes[] = [];
  try {
    for (const name of peers) {
      const starter = STARTERS[name];
      if (starter === undefined) throw new Error(`no such peer: ${name}`);
      const peer = await starter(provider.port);
      if (peer !== null) running.push(peer);
    }
    await warmUp(running, provider, isQuick);
    for (let round = 0; round < rounds; round += 1) {
      const direct = await directly(provider, isQuick);
      disk.push(await runDisk(DISK_WRITES));
      const busy = await busySamplesOf(running, provider, isQuick);
      for (const [at, peer] of running.entries()) {
        const sample = await sampleOf(peer, provider, { direct, busy: busy[at] }, isQuick);
        samples.set(peer.name, [...(samples.get(peer.name) ?? []), sample]);
        say(`round ${round + 1} ${peer.name}: ${JSON.stringify(sample)}`);
      }
    }
  } finally {
    for (const peer of running) await peer.stop();
    provider.stop();
  }
  const bare = samples.get("bare") ?? [];
  return {
    rows: [...samples].map(([name, taken]) => rowOf(name, taken, bare)),
    disk: { p50: figureOf(disk.map(({ p50 }) => p50)), p99: figureOf(disk.map(({ p99 }) => p99)) },
  };
}

const OPEN_BEHAVIOUR = { delayMs: 20, chunks: 50, intervalMs: 10 };
const CLOSED_BEHAVIOUR = { delayMs: 0, chunks: 50, intervalMs: 10 };
const STREAMS = 100;
const DISK_WRITES = 500;

const jobTo = (peer: Pick<Peer, "port" | "path" | "headers">, more: Partial<Job>): Job => ({
  port: peer.port,
  path: peer.path,
  headers: peer.headers,
  kind: "open",
  isStream: false,
  connections: 32,
  seconds: 2,
  rate: 300,
  ...more,
});

const secondsOf = (isQuick: boolean): number => (isQuick ? 2 : 6);

/**
 * The code of a larger program is compiled later: less, and the first rounds measure the compiler. Streams, too: what is compiled for plain answers
 * alone is thrown away at the first stream.
 */
const WARM_UP_SECONDS = 25;
const QUICK_WARM_UP_SECONDS = 4;

async function warmUp(peers: readonly Peer[], provider: Provider, isQuick: boolean): Promise<void> {
  const seconds = isQuick ? QUICK_WARM_UP_SECONDS : WARM_UP_SECONDS;
  await provider.behave(CLOSED_BEHAVIOUR);
  for (const peer of peers) await runLoad(jobTo(peer, { kind: "closed", connections: 32, seconds }));
  await provider.behave(OPEN_BEHAVIOUR);
  for (const peer of peers) {
    await runLoad(
      jobTo(peer, { isStream: true, kind: "closed", connections: STREAMS, seconds: secondsOf(isQuick) }),
    );
  }
}

type Direct = {
  readonly at300: Result;
  readonly at1000: Result | null;
  readonly stream: Result | null;
};

async function directly(provider: Provider, isQuick: boolean): Promise<Direct> {
  const peer = { port: provider.port, path: "/v1/chat/completions", headers: {} };
  const seconds = secondsOf(isQuick);
  await provider.behave(OPEN_BEHAVIOUR);
  return {
    at300: await runLoad(jobTo(peer, { seconds })),
    at1000: isQuick ? null : await runLoad(jobTo(peer, { seconds, rate: 1000, connections: 64 })),
    stream: isQuick
      ? null
      : await runLoad(jobTo(peer, { isStream: true, seconds, rate: 50, connections: 64 })),
  };
}

/** At the most requests that one core does. */
type Busy = {
  readonly cpuUsPerRequest: number | null;
  readonly servingUsPerRequest: number | null;
  readonly requestsPerSecond: number;
  readonly wrong: number;
};

/** The machine is faster and slower by the second: short turns, so that what is compared has been measured at about the same time. */
const TURNS = 2;

async function busySamplesOf(
  peers: readonly Peer[],
  provider: Provider,
  isQuick: boolean,
): Promise<readonly Busy[]> {
  await provider.behave(CLOSED_BEHAVIOUR);
  const sums = peers.map(() => ({ allMs: 0, servingMs: 0, answers: 0, seconds: 0, wrong: 0 }));
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const [at, peer] of peers.entries()) {
      // What was left to do from before is done, or waits, by then.
      await runLoad(jobTo(peer, { kind: "closed", connections: 64, seconds: 0.5 }));
      const before = accountOf(peer.pid);
      const seconds = secondsOf(isQuick) / TURNS;
      const closed = await runLoad(jobTo(peer, { kind: "closed", connections: 64, seconds }));
      const after = accountOf(peer.pid);
      const sum = sums[at];
      sum.allMs += after.allMs - before.allMs;
      sum.servingMs += after.servingMs - before.servingMs;
      sum.answers += closed.answers;
      sum.seconds += closed.seconds;
      sum.wrong += wrongIn(closed);
    }
  }
  return sums.map(({ allMs, servingMs, answers, seconds, wrong }) => ({
    cpuUsPerRequest: usPer(allMs, answers),
    servingUsPerRequest: usPer(servingMs, answers),
    requestsPerSecond: answers / seconds,
    wrong,
  }));
}

const usPer = (ms: number, count: number): number | null => (count === 0 ? null : (ms * 1000) / count);

type Known = { readonly direct: Direct; readonly busy: Busy };

async function sampleOf(
  peer: Peer,
  provider: Provider,
  { direct, busy }: Known,
  isQuick: boolean,
): Promise<Sample> {
  const seconds = secondsOf(isQuick);
  await provider.behave(OPEN_BEHAVIOUR);
  const at300 = await runLoad(jobTo(peer, { seconds }));
  const at1000 = isQuick ? null : await runLoad(jobTo(peer, { seconds, rate: 1000, connections: 64 }));
  const beforeStream = accountOf(peer.pid);
  const streams = await runLoad(
    jobTo(peer, { isStream: true, kind: "closed", connections: STREAMS, seconds }),
  );
  const afterStream = accountOf(peer.pid);
  const first = isQuick
    ? null
    : await runLoad(jobTo(peer, { isStream: true, seconds, rate: 50, connections: 64 }));
  return {
    ...busy,
    addedMsP50: minus(at300.p50, direct.at300.p50),
    addedMsP99: minus(at300.p99, direct.at300.p99),
    addedMsP50At1000: minus(at1000?.p50, direct.at1000?.p50),
    addedMsP99At1000: minus(at1000?.p99, direct.at1000?.p99),
    cpuUsPerChunk: usPer(afterStream.allMs - beforeStream.allMs, streams.chunks),
    addedFirstChunkMs: minus(first?.p50, direct.stream?.p50),
    megabytes: afterStream.residentBytes / 1e6,
    wrong: [at300, at1000, streams, first].reduce((sum, one) => sum + wrongIn(one), busy.wrong),
  };
}

function wrongIn(result: Result | null): number {
  if (result === null) return 0;
  return Object.values(result.failed).reduce((sum, count) => sum + count, result.wrong + result.broken);
}

function minus(a: number | null | undefined, b: number | null | undefined): number | null {
  return a === null || a === undefined || b === null || b === undefined ? null : a - b;
}

function over(a: number | null, b: number | null | undefined): number | null {
  return a === null || b === null || b === undefined ? null : a / b;
}

function rowOf(name: string, samples: readonly Sample[], bare: readonly Sample[]): Row {
  const figure = (field: Exclude<keyof Sample, "wrong">): Figure =>
    figureOf(samples.map((sample) => sample[field]));
  return {
    name,
    cpuUsPerRequest: figure("cpuUsPerRequest"),
    cpuTimesBare: figureOf(
      samples.map(({ cpuUsPerRequest }, round) => over(cpuUsPerRequest, bare[round]?.cpuUsPerRequest)),
    ),
    servingUsPerRequest: figure("servingUsPerRequest"),
    requestsPerSecond: figure("requestsPerSecond"),
    addedMsP50: figure("addedMsP50"),
    addedMsP99: figure("addedMsP99"),
    addedMsP50At1000: figure("addedMsP50At1000"),
    addedMsP99At1000: figure("addedMsP99At1000"),
    cpuUsPerChunk: figure("cpuUsPerChunk"),
    addedFirstChunkMs: figure("addedFirstChunkMs"),
    megabytes: figure("megabytes"),
    wrong: samples.reduce((sum, sample) => sum + sample.wrong, 0),
  };
}

function figureOf(values: readonly (number | null)[]): Figure {
  const known = values.filter((value) => value !== null).toSorted((a, b) => a - b);
  if (known.length === 0) return null;
  const half = Math.floor(known.length / 2);
  const median = known.length % 2 === 1 ? known[half] : (known[half - 1] + known[half]) / 2;
  return { median, low: known[0], high: known[known.length - 1] };
}
