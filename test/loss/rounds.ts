import { spawn, type ChildProcess } from "node:child_process";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Random } from "../../src/core/index.ts";
import { foldSegments } from "../../src/collect/index.ts";
import { protocols } from "../../src/models/index.ts";
import { openStore, type Store } from "../../src/store/index.ts";
import { callIdsIn, itemsIn } from "../../src/store/segments/testing.ts";
import { stateOf } from "./calls.ts";

const WRITER = resolve(import.meta.dirname, "writer.ts");
const nowMs = (): number => Date.now();

export type Place = { readonly store: string; readonly segments: string };
export type Mode = "durable" | "intent";

/** A process that records, and what it has said. */
export type Writer = {
  readonly child: ChildProcess;
  readonly whole: ReadonlySet<string>;
  readonly begun: ReadonlySet<string>;
  readonly refused: ReadonlyMap<string, number>;
  /** Resolves when it has said as many lines of a kind as this, since it began. */
  until(kind: "whole" | "begun" | "refused", count: number): Promise<void>;
  /** kill -9; resolves when it is gone and all that it said is read. */
  kill(): Promise<void>;
};

export function startWriter(
  place: Place,
  options: {
    readonly name: string;
    readonly mode: Mode;
    readonly segmentBytes?: number;
    readonly stallMs?: number;
  },
): Writer {
  const given = JSON.stringify({ segmentBytes: 256 * 1024, stallMs: 5000, ...place, ...options });
  const args = ["--disable-warning=ExperimentalWarning", WRITER, given];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [whole, begun, refused] = [new Set<string>(), new Set<string>(), new Map<string, number>()];
  const counts = { whole: 0, begun: 0, refused: 0, open: 0 };
  const waiting = new Set<() => void>();
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => {
    const [kind, what] = line.split(" ");
    if (kind === "whole") whole.add(what);
    if (kind === "begun") begun.add(what);
    if (kind === "refused") refused.set(what, (refused.get(what) ?? 0) + 1);
    counts[kind as keyof typeof counts] += 1;
    for (const check of waiting) check();
  });
  const gone = new Promise<void>((done) => lines.once("close", done));
  return {
    child,
    whole,
    begun,
    refused,
    until: (kind, count) =>
      new Promise((done, fail) => {
        const check = (): void => {
          if (counts[kind] < count) return;
          waiting.delete(check);
          done();
        };
        waiting.add(check);
        child.once("exit", () => fail(new Error(`the writer ended before ${count} calls were ${kind}`)));
        check();
      }),
    async kill() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}

/** What is wrong after a round; nothing, as it should be. */
export type Losses = {
  /** Acknowledged and not there, or without the answer that was acknowledged. */
  readonly lost: readonly string[];
  readonly torn: readonly string[];
  /** In the log more than once. */
  readonly twice: readonly string[];
  readonly damage: readonly string[];
};

export const NO_LOSS: Losses = { lost: [], torn: [], twice: [], damage: [] };

/** Reads the log as it lies there, folds it, and holds both against what was acknowledged. The writers are dead. */
export function lossesOf(place: Place, writers: readonly Writer[]): Losses {
  const store = openStore({ dir: place.store, nowMs });
  try {
    const items = itemsIn(place.segments, store.segmentKeys);
    const ended = callIdsIn(items);
    const counts = foldSegments(store, { dir: place.segments, protocols, nowMs, waitMs: 5000 });
    const missed = items.flatMap((item) => (item.type === "damage" ? [item.message] : []));
    return {
      ...judge(store, writers),
      twice: repeated(ended),
      damage: [...missed, ...(counts?.damage ?? ["another was folding"])],
    };
  } finally {
    store.close();
  }
}

function repeated(ids: readonly string[]): string[] {
  const seen = new Set<string>();
  return ids.filter((id) => seen.size === seen.add(id).size);
}

/** One writer, killed at a random moment of its load. */
export async function killedWriter(
  place: Place,
  { name, mode, random }: { readonly name: string; readonly mode: Mode; readonly random: Random },
): Promise<Writer> {
  const writer = startWriter(place, { name, mode });
  const calls = 1 + random.below(400);
  const waitMs = random.next() * 5;
  await writer.until(mode === "durable" ? "whole" : "begun", calls);
  await new Promise((done) => setTimeout(done, waitMs));
  await writer.kill();
  return writer;
}

function judge(store: Store, writers: readonly Writer[]): Pick<Losses, "lost" | "torn"> {
  const [lost, torn]: [string[], string[]] = [[], []];
  for (const { whole, begun } of writers) {
    for (const id of new Set([...whole, ...begun])) {
      const call = store.calls.get(id);
      const state = call === null ? "none" : stateOf(call);
      if (state === "torn") torn.push(id);
      if (state === "none" || (state === "begun" && whole.has(id))) lost.push(id);
    }
  }
  return { lost, torn };
}

export function placeIn(folder: string): Place {
  return { store: join(folder, "store"), segments: join(folder, "store", "segments") };
}
