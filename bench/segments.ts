// What recording costs: appends of a call (1 KB of request, 1 KB of answer, one append) at fixed rates, and as fast as they are taken; then what
// folding costs. The cost of the load itself is measured first and taken off.
// Usage: node bench/segments.ts [--quick] [--json] [FOLDER]   (default: the system's folder for temporary files)
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { foldSegments } from "../src/collect/index.ts";
import { protocols } from "../src/models/index.ts";
import { openSegmentLog, openStore, type SegmentLog, type SegmentRecord } from "../src/store/index.ts";
import { machine } from "./engine/measure.ts";
import { writeSection } from "./mixed/section.ts";

const BODY_BYTES = 1024;
/** Calls a second; the last is more than one core serves. */
const RATES = [300, 3000, 20_000];
/** Appends that wait at most in the closed loop: as many as a gateway takes calls at once. */
const CLOSED_LANES = 256;

type Row = {
  readonly name: string;
  readonly callsPerSecond: number;
  /** Of the whole process, thread pool included; the load's own cost taken off. */
  readonly cpuUsPerCall: number;
  /** Of these: on the serving thread. */
  readonly threadCpuUsPerCall: number;
  readonly callsPerGroup: number;
  readonly ackMsP50: number;
  readonly ackMsP99: number;
};

type Log = Pick<SegmentLog, "append" | "stats">;

const { values, positionals } = parseArgs({
  options: { quick: { type: "boolean", default: false }, json: { type: "boolean", default: false } },
  allowPositionals: true,
});

async function main(): Promise<void> {
  const parent = positionals[0] ?? tmpdir();
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, "understudy-bench-"));
  const seconds = values.quick ? 2 : 10;
  try {
    const rows: Row[] = [];
    for (const rate of RATES) rows.push(await measured(folder, rate, seconds));
    rows.push(await measured(folder, null, seconds));
    const calls = values.quick ? 4000 : 20_000;
    const fold = foldCost(await filled(folder, calls), calls);
    const report = { machine: machine(), rows, fold };
    process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : `${table(rows, fold)}\n`);
    if (!values.quick)
      writeSection(
        "segments",
        `## Recording\n\n${machine()}; \`npm run bench:segments\`, 1 KB + 1 KB a call.\n\n${table(rows, fold)}`,
      );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `rate` null: as fast as calls are acknowledged. */
async function measured(folder: string, rate: number | null, seconds: number): Promise<Row> {
  const store = openStore({ dir: mkdtempSync(join(folder, "store-")), nowMs: Date.now });
  const log = await openSegmentLog({
    dir: join(mkdtempSync(join(folder, "log-"))),
    keys: store.segmentKeys,
    nowMs: Date.now,
  });
  const run = rate === null ? closedLoop : openLoop(rate);
  await run(noLog, 0.5);
  const idle = await costOf(noLog, run, Math.min(seconds, 3));
  await run(log, 0.5);
  const before = log.stats();
  const cost = await costOf(log, run, seconds);
  const { groups, appends } = log.stats();
  await log.close();
  store.close();
  const sorted = [...cost.ackMs].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))];
  return {
    name: rate === null ? "as fast as taken" : `${rate} calls/s`,
    callsPerSecond: Math.round(cost.ackMs.length / cost.seconds),
    cpuUsPerCall: round(cost.cpuUs - idle.cpuUs),
    threadCpuUsPerCall: round(cost.threadUs - idle.threadUs),
    callsPerGroup: round((appends - before.appends) / (groups - before.groups)),
    ackMsP50: round(at(0.5)),
    ackMsP99: round(at(0.99)),
  };
}

/** Takes and acknowledges everything, later in the same turn. */
const noLog: Log = {
  append: (_, done) => void setImmediate(done, null),
  stats: () => ({
    appends: 0,
    bytes: 0,
    failed: 0,
    groups: 1,
    failedGroups: 0,
    waitingBytes: 0,
    lastGroupMs: null,
    refusing: null,
  }),
};

type Cost = {
  readonly cpuUs: number;
  readonly threadUs: number;
  readonly seconds: number;
  readonly ackMs: readonly number[];
};

async function costOf(
  log: Log,
  run: (log: Log, seconds: number) => Promise<readonly number[]>,
  seconds: number,
): Promise<Cost> {
  const [cpu, thread, startMs] = [process.cpuUsage(), process.threadCpuUsage(), performance.now()];
  const ackMs = await run(log, seconds);
  const [cpuUsed, threadUsed] = [process.cpuUsage(cpu), process.threadCpuUsage(thread)];
  return {
    cpuUs: (cpuUsed.user + cpuUsed.system) / ackMs.length,
    threadUs: (threadUsed.user + threadUsed.system) / ackMs.length,
    seconds: (performance.now() - startMs) / 1000,
    ackMs,
  };
}

/** Calls come at a fixed rate whatever happens to those before. */
function openLoop(rate: number): (log: Log, seconds: number) => Promise<readonly number[]> {
  return (log, seconds) => {
    const ackMs: number[] = [];
    const total = Math.round(rate * seconds);
    const startMs = performance.now();
    let sent = 0;
    return new Promise((resolve) => {
      const acknowledged = (sentMs: number): void => {
        ackMs.push(performance.now() - sentMs);
        if (ackMs.length === total) resolve(ackMs);
      };
      const tick = (): void => {
        const due = Math.min(total, Math.floor(((performance.now() - startMs) * rate) / 1000));
        for (; sent < due; sent += 1) send(log, sent, acknowledged);
        if (sent < total) setTimeout(tick, 1);
      };
      tick();
    });
  };
}

async function closedLoop(log: Log, seconds: number): Promise<readonly number[]> {
  const ackMs: number[] = [];
  const untilMs = performance.now() + seconds * 1000;
  const lane = async (number: number): Promise<void> => {
    for (let call = 0; performance.now() < untilMs; call += 1) {
      ackMs.push(
        await new Promise<number>((resolve) => {
          send(log, number * 1e6 + call, (sentMs) => resolve(performance.now() - sentMs));
        }),
      );
    }
  };
  await Promise.all(Array.from({ length: CLOSED_LANES }, (_, number) => lane(number)));
  return ackMs;
}

function send(log: Log, id: number, acknowledged: (sentMs: number) => void): void {
  const sentMs = performance.now();
  log.append(callOf(id), (failure) => {
    if (failure !== null) throw new Error(failure.message);
    acknowledged(sentMs);
  });
}

const REQUEST = body({ model: "m", messages: [{ role: "user", content: "" }] });
const ANSWER = body({ choices: [{ message: { role: "assistant", content: "" }, finish_reason: "stop" }] });

/** A body of 1 KB, its text filled with words. */
function body(value: object): Buffer {
  const json = JSON.stringify(value);
  const words = Array.from({ length: 200 }, (_, at) => ((at * 2654435761) % 46_656).toString(36)).join(" ");
  return Buffer.from(json.replace('"content":""', `"content":"${words.slice(0, BODY_BYTES - json.length)}"`));
}

function callOf(id: number): readonly SegmentRecord[] {
  const callId = `call_${id}`;
  const fixed = { callId, protocol: "chat" } as const;
  return [
    {
      type: "begin",
      ...fixed,
      atMs: Date.now(),
      session: `s${id % 100}`,
      origin: null,
      facts: { reason: "novel", score: null, taskId: "task_1", servedBy: "provider", keyId: "k" },
      request: REQUEST,
    },
    {
      type: "end",
      ...fixed,
      latencyMs: 20,
      status: 200,
      isStream: false,
      failure: null,
      facts: { provider: "openai", upstreamModel: "m", attempts: 1 },
      response: [ANSWER],
    },
  ];
}

/** A store with recorded calls that are not folded yet. */
async function filled(folder: string, calls: number): Promise<string> {
  const dir = mkdtempSync(join(folder, "fold-"));
  const store = openStore({ dir, nowMs: Date.now });
  const log = await openSegmentLog({ dir: join(dir, "segments"), keys: store.segmentKeys, nowMs: Date.now });
  await Promise.all(
    Array.from({ length: calls }, (_, id) => new Promise((done) => log.append(callOf(id), done))),
  );
  await log.close();
  store.close();
  return dir;
}

type FoldCost = { readonly calls: number; readonly cpuUsPerCall: number; readonly callsPerSecond: number };

function foldCost(dir: string, calls: number): FoldCost {
  const store = openStore({ dir, nowMs: Date.now });
  const [cpu, startMs] = [process.cpuUsage(), performance.now()];
  const counts = foldSegments(store, { dir: join(dir, "segments"), protocols, nowMs: Date.now });
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - startMs) / 1000;
  store.close();
  if (counts?.calls !== calls) throw new Error(`folded ${counts?.calls} of ${calls} calls`);
  return { calls, cpuUsPerCall: round((user + system) / calls), callsPerSecond: Math.round(calls / seconds) };
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}

function table(rows: readonly Row[], fold: FoldCost): string {
  return [
    "| load | calls/s | CPU µs a call (serving thread) | calls per group | acknowledged after ms p50 / p99 |",
    "|---|--:|--:|--:|--:|",
    ...rows.map(
      (row) =>
        `| ${row.name} | ${row.callsPerSecond} | ${row.cpuUsPerCall} (${row.threadCpuUsPerCall}) | ${row.callsPerGroup} | ${row.ackMsP50} / ${row.ackMsP99} |`,
    ),
    "",
    `Folding ${fold.calls} calls into the database afterwards: ${fold.cpuUsPerCall} µs of processor a call, ${fold.callsPerSecond} calls a second.`,
  ].join("\n");
}

await main();
