import { cpus, release } from "node:os";
import type { Extras } from "./extras.ts";
import type { Figure, Measured } from "./measure.ts";

/** What scripts read: a number a figure, null where it was not measured. */
export function jsonOf({ rows, disk }: Measured, extras: Extras | null): object {
  const plain = rows.map(({ name, ...figures }) => ({ name, ...medians(figures) }));
  return { rows: plain, disk: medians(disk), ...(extras === null ? {} : { extras }) };
}

function medians(figures: { readonly [field: string]: Figure | number }): object {
  return Object.fromEntries(
    Object.entries(figures).map(([field, value]) => [
      field,
      typeof value === "object" && value !== null ? round(value.median, 4) : value,
    ]),
  );
}

/** The section of docs/benchmarks.md. */
export function textOf({ rows, disk }: Measured, extras: Extras | null): string {
  const lines = rows.map(
    (row) =>
      `| ${row.name} | ${show(row.cpuUsPerRequest, 1)} | ${show(row.cpuTimesBare, 2)} | ${show(row.servingUsPerRequest, 1)} | ${show(row.requestsPerSecond, 0)} | ${show(row.addedMsP50, 2)} | ${show(row.addedMsP99, 2)} | ${show(row.addedMsP50At1000, 2)} | ${show(row.addedMsP99At1000, 2)} | ${show(row.cpuUsPerChunk, 1)} | ${show(row.addedFirstChunkMs, 2)} | ${show(row.megabytes, 0)} |`,
  );
  return `## The gateway

Median over the rounds, lowest to highest in brackets; ${cpus()[0]?.model ?? "unknown processor"}, ${cpus().length} cores, Linux ${release()}, Node ${process.version}.
Gateway on one core, load and provider on another, raw keep-alive sockets, 1 KB answers. Processor time is the system's account of the
process with all its threads and children but that of a lower priority (folding, which waits under load), at the most requests that one core does, all peers in short turns; milliseconds are beside the same load sent to the provider directly,
the provider's own 20 ms subtracted call by call. Understudy checks a key, assigns, and records sealed; the others record nothing.

| | µs of processor a request | times the bare proxy's of the round | of it the serving thread | requests/s | added ms p50 at 300/s | p99 | p50 at 1,000/s | p99 | µs a streamed piece | first piece later by ms | MB |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
${lines.join("\n")}

- The disk alone: a block of 4 KB written and synced on the gateways' core by a process that does nothing else takes ${show(disk.p50, 2)} ms, p99 ${show(disk.p99, 2)}.
${extras === null ? "" : extrasText(extras)}
\`npm run bench:gateway -- --write\``;
}

function extrasText({ idleStreams, overload }: Extras): string {
  return `- ${idleStreams.streams} idle streams: ${idleStreams.megabytes.toFixed(0)} MB resident (${idleStreams.megabytesBefore.toFixed(0)} MB before).
- Overload, ${overload.rate} requests/s (${overload.capacity} is its capacity) for ${overload.seconds.toFixed(0)} s: ${overload.answers} answered (${(overload.answers / overload.seconds).toFixed(0)} a second, ${((overload.answers / overload.seconds / overload.capacity) * 100).toFixed(0)} % of the capacity), ${overload.refused} refused with 429 or 503 (${overload.refusedWithoutRetryAfter} without Retry-After), ${overload.unsent} not sent because all of 4,096 connections were busy, ${overload.wrong} wrong, ${overload.broken} broken, other statuses ${JSON.stringify(overload.failed)}; memory ${overload.megabytesBefore.toFixed(0)} → ${overload.megabytesPeak.toFixed(0)} MB; p50 at 300/s ${overload.p50Before.toFixed(2)} ms before and ${overload.p50After.toFixed(2)} ms two seconds after.
`;
}

function show(figure: Figure, digits: number): string {
  if (figure === null) return "–";
  return `${figure.median.toFixed(digits)} (${figure.low.toFixed(digits)}–${figure.high.toFixed(digits)})`;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
