import { statfsSync } from "node:fs";
import type { FoldingStats } from "../collect/index.ts";
import type { Gateway, Gauge, Probe, Telemetry } from "../gateway/index.ts";
import type { Upstreams } from "../models/index.ts";
import type { SegmentLog } from "../store/index.ts";
import type { GatewayConfig } from "./gateway-config.ts";

/** Below this the next segments may not fit: one is 32 MiB, made before it is needed, and as much again stays free. */
const LOW_DISK_BYTES = 64 * 1024 ** 2;

/** What runs, for those who look at it. */
export type Live = {
  readonly gateway: Gateway;
  readonly calls: SegmentLog;
  readonly upstreams: () => Upstreams | null;
  readonly folding: () => FoldingStats | null;
  readonly certified: () => number;
};

/** Figures of what runs, read when they are asked for. */
export function gaugesOf(live: () => Live | null, telemetry: Telemetry | null): readonly Gauge[] {
  const resting = (): ReadonlyMap<string, number> => live()?.upstreams()?.resting() ?? new Map();
  const read = ([name, help, from, type]: Figure): Gauge => ({
    name: `understudy_${name}`,
    help,
    ...(type === undefined ? {} : { type }),
    read() {
      const parts = live();
      return parts === null ? 0 : from(parts);
    },
  });
  return [
    ...FIGURES.map((figure) => read(figure)),
    {
      ...read(["certified_tasks", "Tasks that specialists may serve", ({ certified }) => certified()]),
      aggregator: "max",
    },
    read([
      "telemetry_dropped_total",
      "Calls that no collector was told of",
      () => telemetry?.dropped() ?? 0,
      "counter",
    ]),
    {
      name: "understudy_resting_target_seconds",
      help: "Targets that are kept away from, and until when",
      aggregator: "max",
      read: () => ({ label: "target", values: resting() }),
    },
  ];
}

type Figure = readonly [name: string, help: string, from: (parts: Live) => number, type?: "counter"];

const FIGURES: readonly Figure[] = [
  ["in_flight", "Calls under way", ({ gateway }) => gateway.inFlight()],
  ["waiting_requests", "Requests that wait to be let in", ({ gateway }) => gateway.waiting()],
  ["kept_bytes", "Bytes of bodies and answers in memory", ({ gateway }) => gateway.keptBytes()],
  ["recording_waiting_bytes", "Bytes that wait for the disk", ({ calls }) => calls.waitingBytes],
  [
    "overload_refusals_total",
    "Requests refused after waiting for room",
    ({ gateway }) => gateway.stats.refused,
    "counter",
  ],
  [
    "unrecorded_calls_total",
    "Calls served although they could not be recorded",
    ({ gateway }) => gateway.stats.unrecorded,
    "counter",
  ],
  [
    "recorded_appends_total",
    "Records taken by the segment log",
    ({ calls }) => calls.stats().appends,
    "counter",
  ],
  [
    "recording_failures_total",
    "Records that did not reach the disk",
    ({ calls }) => calls.stats().failed,
    "counter",
  ],
  [
    "recording_groups_total",
    "Writes of the segment log, each synced",
    ({ calls }) => calls.stats().groups,
    "counter",
  ],
  [
    "folded_calls_total",
    "Calls taken from segments into the database",
    ({ folding }) => folding()?.calls ?? 0,
    "counter",
  ],
  [
    "recording_aside_total",
    "Recorded calls that cannot be read as calls and were put aside",
    ({ folding }) => folding()?.aside ?? 0,
    "counter",
  ],
  [
    "recording_lost_groups_total",
    "Groups of calls that the disk has lost",
    ({ folding }) => folding()?.lostGroups ?? 0,
    "counter",
  ],
  [
    "folding_failures_total",
    "Rounds of folding that failed",
    ({ folding }) => folding()?.failures ?? 0,
    "counter",
  ],
];

/** Whether calls can be taken: the parts that the mode of recording cannot do without are vital. */
export function probesOf(
  { dir, config }: { readonly dir: string; readonly config: Pick<GatewayConfig, "recording"> },
  live: () => Live | null,
): readonly Probe[] {
  let failedBefore = 0;
  return [
    {
      name: "disk",
      isVital: config.recording.onFailure === "refuse",
      check() {
        const { bavail, bsize } = statfsSync(dir);
        const free = bavail * bsize;
        return { isOk: free >= LOW_DISK_BYTES, detail: `${Math.floor(free / 1024 ** 2)} MiB free` };
      },
    },
    {
      name: "recording",
      isVital: config.recording.onFailure === "refuse",
      check() {
        const { failedGroups, refusing } = live()?.calls.stats() ?? { failedGroups: 0, refusing: null };
        // A failure counts until the next look, since only a call can tell that it is over; a stalled disk tells by itself.
        const isStalled = refusing === "overloaded";
        const isOk = failedGroups === failedBefore && !isStalled;
        failedBefore = failedGroups;
        if (isOk) return { isOk, detail: "segments are written" };
        const detail = isStalled ? "the disk does not answer" : "segments could not be written lately";
        return { isOk, detail };
      },
    },
    {
      name: "upstreams",
      isVital: false,
      check() {
        const resting = [...(live()?.upstreams()?.resting() ?? new Map<string, number>()).keys()];
        const detail =
          resting.length === 0
            ? "none is kept away from"
            : `kept away from ${resting.slice(0, 10).join(", ")}`;
        return { isOk: resting.length === 0, detail };
      },
    },
    {
      name: "folding",
      isVital: false,
      check() {
        const failures = live()?.folding()?.failures ?? 0;
        return { isOk: failures === 0, detail: `${failures} failures since the start` };
      },
    },
  ];
}
