import type { Command } from "commander";
import { foldSegments, type FoldCounts } from "../collect/index.ts";
import { HouseError } from "../core/index.ts";
import { protocols } from "../models/index.ts";
import { segmentsFolderOf, type Store } from "../store/index.ts";
import type { Config } from "./config.ts";
import { printJson } from "./context.ts";
import { eraseCalls, tellErased, type EraseFlags } from "./erase.ts";
import { count, paint } from "./print.ts";
import { withStore } from "./with-store.ts";

/** Another process folds for at most half a second at a time. */
const FOLD_WAIT_MS = 10_000;

/** Adds `understudy fold` and `understudy erase`. */
export function addRecording(root: Command, configOf: (command: Command) => Config): void {
  const json = ["--json", "one JSON document on stdout"] as const;
  root
    .command("fold")
    .description(
      "takes what the gateway recorded into the database; also done by serve, import, convert and report",
    )
    .option(...json)
    .action((flags: { json?: boolean }, command: Command) => {
      const config = configOf(command);
      const counts = withStore(config, (store) => foldAll(store, config));
      if (flags.json === true) printJson(counts);
      else process.stdout.write(describeFold(counts));
    });
  root
    .command("erase")
    .description("erases recorded and imported calls, and lists what was learnt from them")
    .option("--session <id>", "calls of this session")
    .option("--user <name>", "calls of this user, as the client named it")
    .option("--origin <pseudonym>", "calls of this user, as the store names it")
    .option("--before <date>", "calls that began before: 2026-01-31 or a full ISO time, UTC")
    .option(
      "--with-specialists",
      "also erases the specialists that learnt from them, with their certificates",
    )
    .option(...json)
    .action((flags: EraseFlags, command: Command) => {
      const config = configOf(command);
      withStore(config, (store) => {
        const erased = eraseCalls(store, flags, {
          dir: segmentsFolderOf(config.store),
          nowMs: Date.now,
          fold: () => foldAll(store, config),
        });
        if (flags.json === true) printJson(erased);
        else process.stdout.write(tellErased(erased, flags));
      });
    });
}

/** Folds all that is there. Throws HouseError store-busy when another process keeps folding. */
export function foldAll(store: Store, config: Pick<Config, "store">): FoldCounts {
  const dir = segmentsFolderOf(config.store);
  const wait = { nowMs: Date.now, waitMs: FOLD_WAIT_MS };
  const counts = foldSegments(store, { dir, protocols, ...wait, isRetrying: true });
  if (counts !== null) return counts;
  throw new HouseError("store-busy", `Cannot fold "${dir}": another process is at it; try again in a moment`);
}

/** What a command on calls begins with: recorded calls are calls too. Damage and failures are told on stderr and stop nothing. */
export function foldFirst(store: Store, config: Pick<Config, "store">): void {
  const dir = segmentsFolderOf(config.store);
  const tell = (what: string, message: string): void =>
    void process.stderr.write(`${paint("red", what, process.stderr)} ${message}\n`);
  try {
    const counts = foldSegments(store, { dir, protocols, nowMs: Date.now, waitMs: FOLD_WAIT_MS });
    for (const message of counts?.damage ?? []) tell("damaged recording:", message);
  } catch (error) {
    if (!(error instanceof HouseError)) throw error;
    tell("without the calls recorded last:", error.message);
  }
}

function describeFold({
  calls,
  unanswered,
  recovered,
  aside,
  tornTails,
  lostGroups,
  damage,
}: FoldCounts): string {
  const lines = [`${paint("bold", count(calls))} recorded calls taken`];
  if (unanswered > 0)
    lines.push(`${count(unanswered)} of them without an answer: their gateway ended before it`);
  if (recovered > 0) lines.push(`${count(recovered)} of them had been put aside before`);
  if (aside > 0) lines.push(paint("yellow", `${count(aside)} put aside: they cannot be read as calls`));
  if (tornTails > 0)
    lines.push(paint("dim", `${count(tornTails)} torn tails cut: nothing acknowledged was in them`));
  if (lostGroups > 0) lines.push(paint("red", `${count(lostGroups)} groups of calls lost`));
  return [...lines, ...damage].map((line) => `  ${line}\n`).join("");
}
