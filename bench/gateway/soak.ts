import { STARTERS } from "./peers.ts";
import { accountOf } from "./processor.ts";
import { runLoad, startProvider } from "./run-load.ts";

export type Soak = {
  readonly minutes: number;
  readonly requests: number;
  readonly wrong: number;
  /** Least-squares slope of resident memory after the first fifth, with a 95 % interval from its blocks. */
  readonly slopeMbPerHour: number;
  readonly slopeLow: number;
  readonly slopeHigh: number;
  readonly megabytes: readonly number[];
};

const SAMPLE_MS = 1000;
const RATE = 300;
/** Student's t with 6 degrees of freedom, two-sided. */
const BLOCKS = 8;
const T_95 = 2.447;

/** A steady mix of plain answers and streams for so long; is the slope of memory zero? */
export async function soak(minutes: number, say: (line: string) => void): Promise<Soak> {
  const provider = await startProvider();
  const peer = await STARTERS["understudy-durable"](provider.port);
  if (peer === null) throw new Error("the gateway did not start");
  const samples: { readonly hours: number; readonly megabytes: number }[] = [];
  try {
    await provider.behave({ delayMs: 20, chunks: 20, intervalMs: 10 });
    const startMs = performance.now();
    const watch = setInterval(() => {
      const hours = (performance.now() - startMs) / 3_600_000;
      samples.push({ hours, megabytes: accountOf(peer.pid).residentBytes / 1e6 });
    }, SAMPLE_MS);
    const job = { port: peer.port, path: peer.path, headers: peer.headers, kind: "open" as const };
    const seconds = minutes * 60;
    const [plain, streams] = await Promise.all([
      runLoad({ ...job, isStream: false, connections: 64, seconds, rate: RATE }),
      runLoad({ ...job, isStream: true, connections: 64, seconds, rate: RATE / 10 }),
    ]);
    clearInterval(watch);
    const wrong = plain.wrong + plain.broken + streams.wrong + streams.broken;
    const result = { minutes, requests: plain.answers + streams.answers, wrong, ...slopeOf(samples) };
    say(`soak: ${JSON.stringify(result)}`);
    return { ...result, megabytes: samples.map(({ megabytes }) => Math.round(megabytes)) };
  } finally {
    await peer.stop();
    provider.stop();
  }
}

type Samples = readonly { readonly hours: number; readonly megabytes: number }[];

// Neighbouring samples are not independent: the slope is taken over the means of blocks.
function slopeOf(samples: Samples): Pick<Soak, "slopeMbPerHour" | "slopeLow" | "slopeHigh"> {
  const settled = samples.slice(Math.floor(samples.length / 5));
  const size = Math.floor(settled.length / BLOCKS);
  const blocks = Array.from({ length: BLOCKS }, (_, at) => settled.slice(at * size, (at + 1) * size)).map(
    (block) => ({
      x: mean(block.map(({ hours }) => hours)),
      y: mean(block.map(({ megabytes }) => megabytes)),
    }),
  );
  const mx = mean(blocks.map(({ x }) => x));
  const my = mean(blocks.map(({ y }) => y));
  const sxx = blocks.reduce((sum, { x }) => sum + (x - mx) ** 2, 0);
  const slope = blocks.reduce((sum, { x, y }) => sum + (x - mx) * (y - my), 0) / sxx;
  const residual = blocks.reduce((sum, { x, y }) => sum + (y - my - slope * (x - mx)) ** 2, 0);
  const error = T_95 * Math.sqrt(residual / (BLOCKS - 2) / sxx);
  return { slopeMbPerHour: slope, slopeLow: slope - error, slopeHigh: slope + error };
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
