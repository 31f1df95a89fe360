import { closeSync, writeSync } from "node:fs";
import { HouseError } from "../core/index.ts";
import {
  importLogs,
  LOG_FORMATS,
  type ImportCounts,
  type LogFormat,
  type RefusedLineReport,
} from "../collect/index.ts";
import { openOut, printJson, type Context } from "./context.ts";
import { count, paint } from "./print.ts";
import { noteAudit } from "./with-store.ts";

export type ImportFlags = { readonly json?: boolean; readonly format?: string; readonly refused?: string };

/** `understudy import FILE…`. */
export async function importCommand(
  context: Context,
  files: readonly string[],
  flags: ImportFlags,
): Promise<number> {
  const { counts, first } = await importFiles(context, files, flags);
  context.clearProgress();
  if (flags.json === true) printJson(counts);
  else process.stdout.write(describeImport(counts, first, flags.refused));
  return 0;
}

type Imported = { readonly counts: ImportCounts; readonly first: RefusedLineReport | null };

/** Takes files in; throws HouseError bad-input when not one call could be taken from them. */
export async function importFiles(
  { store, loop, signal }: Context,
  files: readonly string[],
  flags: ImportFlags,
): Promise<Imported> {
  let first: RefusedLineReport | null = null;
  noteAudit(store, "log-imported", { files: files.length });
  // Refused lines are raw content: readable by the owner alone.
  const out = flags.refused === undefined ? null : openOut("--refused", flags.refused);
  try {
    const counts = await importLogs(store, files, {
      format: formatFlag(flags.format),
      progress: loop.progress,
      signal,
      onRefused(report) {
        first ??= report;
        if (out !== null) writeSync(out, `${JSON.stringify(report)}\n`);
      },
    });
    if (counts.taken + counts.repeated === 0) throw nothingTaken(files, counts, first);
    return { counts, first };
  } finally {
    if (out !== null) closeSync(out);
  }
}

function nothingTaken(
  files: readonly string[],
  counts: ImportCounts,
  first: RefusedLineReport | null,
): HouseError {
  const what = files.map((file) => `"${file}"`).join(", ");
  if (first === null)
    return new HouseError(
      "bad-input",
      counts.passed > 0
        ? `Cannot import ${what}: none of its ${count(counts.passed)} records is a call of a model`
        : `Cannot import ${what}: no calls in it; expected JSON Lines, one call per line, or an export (docs/logs.md)`,
    );
  const { line, unit, detail, reason } = first;
  return new HouseError(
    "bad-input",
    `Cannot import ${what}: all ${count(counts.refused)} ${unit}s were refused; ${unit} ${line} of "${first.file}" ${detail} (${reason})`,
  );
}

function formatFlag(text: string | undefined): LogFormat | undefined {
  if (text === undefined) return undefined;
  const format = LOG_FORMATS.find((known) => known === text);
  if (format !== undefined) return format;
  throw new HouseError(
    "bad-usage",
    `Cannot use --format "${text}": expected one of ${LOG_FORMATS.join(", ")}`,
  );
}

/** What an import came to, for people. */
export function describeImport(
  counts: ImportCounts,
  first: RefusedLineReport | null,
  refusedFile?: string,
): string {
  const { taken, repeated, refused, passed, reasons, files } = counts;
  const lines = [
    `${paint("bold", count(taken))} calls taken from ${count(files)} ${files === 1 ? "file" : "files"}`,
  ];
  if (repeated > 0) lines.push(`${count(repeated)} were in the store already`);
  if (passed > 0) lines.push(`${count(passed)} records are no calls of a model (tools, chains, scores)`);
  if (refused > 0) {
    const why = Object.entries(reasons)
      .map(([reason, n]) => `${reason} ${count(n)}`)
      .join(", ");
    lines.push(paint("yellow", `${count(refused)} refused: ${why}`));
    if (first !== null)
      lines.push(paint("dim", `first: ${first.file} ${first.unit} ${first.line} ${first.detail}`));
    lines.push(
      paint(
        "dim",
        refusedFile === undefined ? "see them all with --refused FILE" : `all of them are in ${refusedFile}`,
      ),
    );
  }
  return `${lines.map((line) => `  ${line}`).join("\n")}\n`;
}
