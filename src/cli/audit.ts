import type { Command } from "commander";
import { HouseError } from "../core/index.ts";
import type { AuditEntry, AuditHead, Store } from "../store/index.ts";
import type { Config } from "./config.ts";
import { numberFlag, printJson } from "./context.ts";
import { paint } from "./print.ts";
import { withStore } from "./with-store.ts";

const DEFAULT_LAST = 50;

/** Adds `understudy audit list|verify`. */
export function addAudit(root: Command, configOf: (command: Command) => Config): void {
  const audit = root
    .command("audit")
    .description("who read content and who changed what; whether the trail is whole");
  audit
    .command("list")
    .description("the newest entries, oldest first")
    .option("--last <n>", `so many (default ${DEFAULT_LAST})`, numberFlag("--last"))
    .option("--json", "one JSON document on stdout")
    .action((flags: { last?: number; json?: boolean }, command: Command) => {
      withStore(configOf(command), (store) =>
        listEntries(store, flags.last ?? DEFAULT_LAST, flags.json === true),
      );
    });
  audit
    .command("verify")
    .description("checks every entry; exit code 1 when one was changed, removed, moved or put in")
    .option(
      "--noted <head>",
      "a head that an earlier verify printed: COUNT:CODE; finds a trail put back as a whole",
      headFlag,
    )
    .option("--json", "one JSON document on stdout")
    .action((flags: { noted?: AuditHead; json?: boolean }, command: Command) => {
      process.exitCode = withStore(configOf(command), (store) => verifyTrail(store, flags));
    });
}

function listEntries(store: Store, last: number, json: boolean): void {
  // A ring of the newest: the trail may be long.
  const entries: AuditEntry[] = [];
  for (const entry of store.audit.iterate()) {
    entries.push(entry);
    if (entries.length > last) entries.shift();
  }
  if (json) {
    printJson({ entries });
    return;
  }
  for (const { number, at, actor, action, detail } of entries)
    process.stdout.write(
      `  ${number}  ${at}  ${actor}  ${action}  ${paint("dim", JSON.stringify(detail))}\n`,
    );
  if (entries.length === 0) process.stdout.write("Nothing has been read or changed yet\n");
}

function verifyTrail(store: Store, flags: { readonly noted?: AuditHead; readonly json?: boolean }): number {
  const { head, problems } = store.audit.verify(flags.noted);
  const isWhole = problems.length === 0;
  if (flags.json === true) printJson({ ok: isWhole, entries: head.entries, head: textOf(head), problems });
  else if (isWhole) {
    process.stdout.write(`${paint("green", "whole")}: ${head.entries} entries\n`);
    if (head.entries > 0)
      process.stdout.write(`head ${textOf(head)} (keep it elsewhere; check with --noted)\n`);
  } else for (const problem of problems) process.stdout.write(`${paint("red", "BROKEN")} ${problem}\n`);
  return isWhole ? 0 : 1;
}

const textOf = ({ entries, mac }: AuditHead): string => `${entries}:${mac}`;

function headFlag(text: string): AuditHead {
  const match = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text);
  if (match !== null) return { entries: Number(match[1]), mac: match[2] };
  throw new HouseError(
    "bad-usage",
    `Cannot use --noted "${text.slice(0, 100)}": expected COUNT:CODE as audit verify prints it`,
  );
}
