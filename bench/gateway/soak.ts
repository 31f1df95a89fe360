import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { STARTERS, type Peer } from "./peers.ts";
import { accountOf } from "./processor.ts";
import { runLoad, startProvider } from "./run-load.ts";

/** Least squares over the means of blocks after the first fifth, with its 95 % interval. */
export type Slope = {
  readonly first: number;
  readonly last: number;
  readonly perHour: number;
  readonly low: number;
  readonly high: number;
  /** Zero is in the interval: no growth is shown. */
  readonly isZero: boolean;
};

export type Soak = {
  readonly minutes: number;
  readonly rate: number;
  readonly requests: number;
  readonly wrong: number;
  /** Connections that ended in the middle of a request. */
  readonly broken: number;
  readonly slopes: { readonly [figure in keyof Omit<Sample, "hours">]: Slope };
  readonly megabytes: readonly number[];
};

type Sample = {
  readonly hours: number;
  /** Resident. */
  readonly megabytes: number;
  readonly heapMb: number;
  readonly externalMb: number;
  readonly handles: number;
  readonly segmentsMb: number;
  /** Grows with what is recorded. */
  readonly databaseMb: number;
};

const FIGURES = ["megabytes", "heapMb", "externalMb", "handles", "segmentsMb", "databaseMb"] as const;
const SAMPLE_MS = 1000;
const BLOCKS = 8;
/** Student's t with 6 degrees of freedom, two-sided. */
const T_95 = 2.447;

export type SoakOptions = {
  readonly minutes: number;
  /** Plain calls a second; streams are a tenth more. */
  readonly rate: number;
  readonly say: (line: string) => void;
};

/** A steady mix of plain answers and streams for so long; are the slopes of memory, handles and files zero? */
export async function soak({ minutes, rate, say }: SoakOptions): Promise<Soak> {
  const provider = await startProvider();
  const peer = await STARTERS["understudy-durable"](provider.port);
  if (peer === null) throw new Error("the gateway did not start");
  const samples: Sample[] = [];
  const startMs = performance.now();
  const watch = setInterval(() => {
    const hours = (performance.now() - startMs) / 3_600_000;
    sampleOf(peer, hours).then(
      (sample) => samples.push(sample),
      () => say("a sample is missing: the gateway did not say its metrics"),
    );
  }, SAMPLE_MS);
  try {
    await provider.behave({ delayMs: 20, chunks: 20, intervalMs: 10 });
    const job = { port: peer.port, path: peer.path, headers: peer.headers, kind: "open" as const };
    const seconds = minutes * 60;
    const [plain, streams] = await Promise.all([
      runLoad({ ...job, isStream: false, connections: 64, seconds, rate }),
      runLoad({ ...job, isStream: true, connections: 64, seconds, rate: rate / 10 }),
    ]);
    const wrong = plain.wrong + streams.wrong;
    const broken = plain.broken + streams.broken;
    const requests = plain.answers + streams.answers;
    const slopes = Object.fromEntries(FIGURES.map((figure) => [figure, slopeOf(samples, figure)]));
    // One for each figure.
    const result = { minutes, rate, requests, wrong, broken, slopes: slopes as Soak["slopes"] };
    say(`soak: ${JSON.stringify(result)}`);
    return { ...result, megabytes: samples.map(({ megabytes }) => Math.round(megabytes)) };
  } finally {
    clearInterval(watch);
    await peer.stop();
    provider.stop();
  }
}

async function sampleOf({ port, pid, headers, store = "" }: Peer, hours: number): Promise<Sample> {
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`, { headers })).text();
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)`, "m").exec(metrics)?.[1]);
  return {
    hours,
    megabytes: accountOf(pid).residentBytes / 1e6,
    heapMb: value("nodejs_heap_size_used_bytes") / 1e6,
    externalMb: value("nodejs_external_memory_bytes") / 1e6,
    handles: readdirSync(`/proc/${pid}/fd`).length,
    segmentsMb: bytesUnder(join(store, "segments")) / 1e6,
    databaseMb: bytesUnder(store) / 1e6,
  };
}

function bytesUnder(folder: string): number {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { name }) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0);
}

// Neighbouring samples are not independent: the slope is taken over the means of blocks.
function slopeOf(samples: readonly Sample[], figure: (typeof FIGURES)[number]): Slope {
  const settled = samples.slice(Math.floor(samples.length / 5));
  const size = Math.floor(settled.length / BLOCKS);
  const blocks = Array.from({ length: BLOCKS }, (_, at) => settled.slice(at * size, (at + 1) * size)).map(
    (block) => ({
      x: mean(block.map(({ hours }) => hours)),
      y: mean(block.map((sample) => sample[figure])),
    }),
  );
  const mx = mean(blocks.map(({ x }) => x));
  const my = mean(blocks.map(({ y }) => y));
  const sxx = blocks.reduce((sum, { x }) => sum + (x - mx) ** 2, 0);
  const perHour = blocks.reduce((sum, { x, y }) => sum + (x - mx) * (y - my), 0) / sxx;
  const residual = blocks.reduce((sum, { x, y }) => sum + (y - my - perHour * (x - mx)) ** 2, 0);
  const error = T_95 * Math.sqrt(residual / (BLOCKS - 2) / sxx);
  const [low, high] = [perHour - error, perHour + error];
  return {
    first: blocks[0].y,
    last: blocks[BLOCKS - 1].y,
    perHour,
    low,
    high,
    isZero: low <= 0 && high >= 0,
  };
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
