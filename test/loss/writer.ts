// A process that records calls as fast as it can and says which of them were acknowledged, until it is killed. A line per acknowledgement
// on stdout: `whole ID` (request and answer), `begun ID` (request), `refused CODE`.
import { writeSync } from "node:fs";
import {
  openSegmentLog,
  openStore,
  type AppendWhen,
  type SegmentFailure,
  type SegmentRecord,
} from "../../src/store/index.ts";
import { beginOf, endOf } from "./calls.ts";

type Options = {
  readonly store: string;
  readonly segments: string;
  readonly name: string;
  readonly mode: "durable" | "intent";
  readonly segmentBytes: number;
  readonly stallMs: number;
};

/** Calls under way at the same time. */
const LANES = 16;

const options = JSON.parse(process.argv[2]) as Options;
const nowMs = (): number => Date.now();
const store = openStore({ dir: options.store, nowMs });
const { segments: dir, segmentBytes, stallMs } = options;
const log = await openSegmentLog({ dir, keys: store.segmentKeys, nowMs, segmentBytes, stallMs });
const say = (line: string): void => void writeSync(1, `${line}\n`);

const append = (
  records: readonly SegmentRecord[],
  when: AppendWhen = "now",
): Promise<SegmentFailure | null> => new Promise((resolve) => log.append(records, resolve, when));

async function record(id: string): Promise<SegmentFailure | null> {
  if (options.mode === "durable") return tell("whole", id, await append([beginOf(id), endOf(id)]));
  const failure = tell("begun", id, await append([beginOf(id)]));
  return failure ?? tell("whole", id, await append([endOf(id)], "later"));
}

function tell(what: string, id: string, failure: SegmentFailure | null): SegmentFailure | null {
  say(failure === null ? `${what} ${id}` : `refused ${failure.code}`);
  return failure;
}

async function lane(number: number): Promise<never> {
  for (let call = 0; ; call += 1) {
    const failure = await record(`${options.name}-${number}-${call}`);
    // A client would wait, too.
    if (failure !== null) await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

say("open");
await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)));
