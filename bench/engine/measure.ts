import { cpus } from "node:os";

/** What some work took: on the wall, and in seconds of one core, all threads of this process added. */
export type Cost = { readonly cpuSeconds: number; readonly wallSeconds: number };

/** A rate over rounds, in units per second. */
export type Rate = {
  readonly perCpuSecond: Spread;
  readonly perSecond: Spread;
};

/** Of `n` rounds; median and range. */
export type Spread = {
  readonly n: number;
  readonly median: number;
  readonly low: number;
  readonly high: number;
};

export type Measured = Cost & { readonly units: number };

/** Starts a clock; the returned function says what the time since then took. */
export function stopwatch(): () => Cost {
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { cpuSeconds: (user + system) / 1e6, wallSeconds: (performance.now() - startMs) / 1e3 };
  };
}

export function rateOf(rounds: readonly Measured[]): Rate {
  return {
    perCpuSecond: spreadOf(rounds.map(({ units, cpuSeconds }) => units / cpuSeconds)),
    perSecond: spreadOf(rounds.map(({ units, wallSeconds }) => units / wallSeconds)),
  };
}

/** values: at least one. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { n: sorted.length, median, low: sorted[0], high: sorted[sorted.length - 1] };
}

export function machine(): string {
  const all = cpus();
  return `${all.length} × ${all[0]?.model ?? "an unknown processor"}, Node ${process.version}`;
}
