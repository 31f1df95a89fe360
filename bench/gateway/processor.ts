import { readdirSync, readFileSync } from "node:fs";

/**
 * Processor time and memory of a process and its children, from the system's own accounts (Linux). What has a lower priority than the process does
 * what waits while there is load (folding of recorded calls), and its time is counted apart.
 */
export type Account = {
  readonly backgroundMs: number;
  readonly allMs: number;
  readonly servingMs: number;
  readonly residentBytes: number;
};

/** A tick of /proc is 10 ms on every Linux of today. */
const TICK_MS = 10;
const PAGE_BYTES = 4096;

/** `servingMs`: of the main threads only. `residentBytes`: of all, whatever their priority. */
export function accountOf(pid: number): Account {
  const pids = [pid, ...childrenOf(pid)];
  const nice = niceIn(`/proc/${pid}/stat`);
  const threads = pids.flatMap((one) => threadsOf(one, nice));
  const ticks = (isBackground: boolean): number =>
    sum(threads.filter((thread) => thread.isBackground === isBackground).map((thread) => thread.ticks));
  const serving = pids
    .map((one) => `/proc/${one}/task/${one}/stat`)
    .map((file) => (niceIn(file) > nice ? 0 : ticksIn(file)));
  const pages = pids.map((one) => Number(read(`/proc/${one}/statm`).split(" ")[1] ?? 0));
  return {
    allMs: ticks(false) * TICK_MS,
    backgroundMs: ticks(true) * TICK_MS,
    servingMs: sum(serving) * TICK_MS,
    residentBytes: sum(pages) * PAGE_BYTES,
  };
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

function threadsOf(pid: number, nice: number): { readonly ticks: number; readonly isBackground: boolean }[] {
  let names: string[] = [];
  try {
    names = readdirSync(`/proc/${pid}/task`);
  } catch {
    // Ended meanwhile.
  }
  return names.map((name) => {
    const file = `/proc/${pid}/task/${name}/stat`;
    return { ticks: ticksIn(file), isBackground: niceIn(file) > nice };
  });
}

function niceIn(file: string): number {
  return Number(fieldsOf(read(file))[16]);
}

function childrenOf(pid: number): number[] {
  const children: number[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const parent = fieldsOf(read(`/proc/${name}/stat`))[1];
    if (Number(parent) === pid) children.push(Number(name), ...childrenOf(Number(name)));
  }
  return children;
}

function ticksIn(file: string): number {
  const fields = fieldsOf(read(file));
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
}

// After the name in brackets, which may hold spaces: state, parent, …, user and system time at 11 and 12.
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
