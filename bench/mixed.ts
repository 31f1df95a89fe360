// The main job on a mixed log of 28,408 calls with hidden labels: how well tasks are found, what is certified, and whether
// what is served keeps the promise on sessions that no step saw. Scored outside the system.
import { cpSync, createReadStream, createWriteStream, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { once } from "node:events";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { createGunzip } from "node:zlib";
import { hash32 } from "../src/core/index.ts";
import { ariOf, vMeasureOf, type Pair } from "./mixed/agreement.ts";
import { countMismatches } from "./mixed/offline.ts";
import { freePort, startGateway } from "../scripts/gateway-process.ts";
import { runCli } from "./mixed/processes.ts";
import { writeSection } from "./mixed/section.ts";
import { describeHeld, summarizeHeld, type Replayed } from "./mixed/held.ts";

const HELP = `usage: node bench/mixed.ts [--data DIR] [--epsilon 0.02,0.05] [--quick] [--json] [--write]
  --data    folder with mixed_agent_log.jsonl.gz (default ../shared/data)
  --quick   a fifth of the sessions
  --write   write the table to docs/benchmarks.md`;
/** Share of sessions held back before import. */
const HELD_SHARE = 0.2;
const QUICK_SHARE = 0.2;

type Truth = { readonly task: string; readonly family: string };
type Prepared = {
  readonly seen: string;
  readonly held: string;
  readonly truth: ReadonlyMap<string, Truth>;
  readonly seenIds: readonly string[];
};

/** Writes the log as a real one has it: no meta, gold, dataset or split; the trace as `session`; a fifth of the sessions apart. */
async function prepare(source: string, folder: string, isQuick: boolean): Promise<Prepared> {
  const files = { seen: join(folder, "seen.jsonl"), held: join(folder, "held.jsonl") };
  const out = { seen: createWriteStream(files.seen), held: createWriteStream(files.held) };
  const truth = new Map<string, Truth>();
  const seenIds: string[] = [];
  for await (const line of createInterface({ input: createReadStream(source).pipe(createGunzip()) })) {
    const {
      meta,
      gold: _gold,
      dataset: _dataset,
      split: _split,
      ...call
    } = JSON.parse(line) as {
      id: string;
      meta: { labels: Truth & { trace_id: string } };
      gold: unknown;
      dataset: unknown;
      split: unknown;
    };
    const { labels } = meta;
    const draw = hash32(labels.trace_id, 2026) / 4294967296;
    if (isQuick && hash32(labels.trace_id, 7) / 4294967296 > QUICK_SHARE) continue;
    truth.set(call.id, { task: labels.task, family: labels.family });
    const isHeld = draw < HELD_SHARE;
    if (!isHeld) seenIds.push(call.id);
    out[isHeld ? "held" : "seen"].write(`${JSON.stringify({ ...call, session: labels.trace_id })}\n`);
  }
  for (const stream of Object.values(out)) {
    stream.end();
    await once(stream, "finish");
  }
  return { ...files, truth, seenIds };
}

/** Long-tail calls as noise: left out of V and ARI, counted where they stand inside a task. Unassigned calls are clusters of their own. */
function scoreDiscovery(
  { truth, seenIds }: Prepared,
  assignments: ReadonlyMap<string, string>,
): Record<string, number> {
  const pairs: Pair[] = [];
  let [tail, tailInside] = [0, 0];
  for (const id of seenIds) {
    const { task, family } = truth.get(id) ?? { task: "", family: "" };
    const found = assignments.get(id);
    if (family === "long_tail") {
      tail += 1;
      if (found !== undefined) tailInside += 1;
    } else pairs.push([task, found ?? `alone:${id}`]);
  }
  return {
    n: pairs.length,
    vMeasure: vMeasureOf(pairs),
    ari: ariOf(pairs),
    longTail: tail,
    longTailInsideTasks: tailInside / tail,
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: "string", default: "../shared/data" },
      epsilon: { type: "string", default: "0.02,0.05" },
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(`${HELP}\n`);
  const folder = mkdtempSync(join(tmpdir(), "understudy-mixed-"));
  const prepared = await prepare(resolve(values.data, "mixed_agent_log.jsonl.gz"), folder, values.quick);
  const store = join(folder, "store");
  const results = [];
  for (const epsilon of values.epsilon.split(",").map(Number)) {
    const converted = await runCli([
      "convert",
      ...(results.length === 0 ? [prepared.seen] : []),
      "--store",
      store,
      "--epsilon",
      String(epsilon),
      "--json",
    ]);
    const report = JSON.parse(converted.stdout);
    const held = await replayHeld(prepared, store, join(folder, `held-${epsilon}.jsonl`));
    const mismatches = await countMismatches(prepared.held, store, held);
    results.push({
      epsilon,
      seconds: converted.seconds,
      peakMb: converted.peakMb,
      certifiedShare: report.certifiedShare,
      interval: report.certifiedShareInterval,
      tasks: report.tasks,
      losses: report.losses,
      held: { ...summarizeHeld(held, epsilon, prepared.truth), mismatches },
    });
  }
  const file = join(folder, "assignments.jsonl");
  await runCli(["discover", "--store", store, "--assignments", file, "--json"]);
  const assignments = new Map(
    readFileSync(file, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => {
        const { callId, taskId } = JSON.parse(line) as { callId: string; taskId: string };
        return [callId, taskId] as const;
      }),
  );
  const fresh = await runCli(["import", prepared.seen, "--store", join(folder, "fresh"), "--json"]);
  const discovered = await runCli(["discover", "--store", join(folder, "fresh"), "--json"]);
  const discovery = {
    ...scoreDiscovery(prepared, assignments),
    importSeconds: fresh.seconds,
    discoverSeconds: discovered.seconds,
  };
  const machine = `${cpus().length} × ${cpus()[0].model}, Node ${process.version}`;
  if (values.json) process.stdout.write(`${JSON.stringify({ machine, discovery, results }, null, 2)}\n`);
  else process.stdout.write(describeHeld({ machine, discovery, results }));
  if (values.write) writeSection("mixed", describeHeld({ machine, discovery, results }));
  rmSync(folder, { recursive: true, force: true });
}

async function replayHeld({ held }: Prepared, converted: string, out: string): Promise<Replayed[]> {
  // The gateway records what it serves: in a copy, so that the calls held back stay unseen by the next conversion.
  const store = `${out}.store`;
  cpSync(converted, store, { recursive: true });
  const gateway = await startGateway(["--store", store, "--upstream", `replay:${held}`], await freePort());
  try {
    await runCli(["replay", held, "--url", gateway.url, "--out", out, "--json"]);
  } finally {
    await gateway.stop();
  }
  return readFileSync(out, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Replayed);
}

await main();
