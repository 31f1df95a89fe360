// Recall, precision, false masks and speed of the masks on labelled text.
// Usage: node bench/mask.ts [--quick] [--json] [FOLDER]   (default ../shared/data)
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { createMasker, findAll, type Span } from "../src/guard/index.ts";
import { clopperPearsonInterval } from "../src/learn/index.ts";

type Gold = { readonly start: number; readonly end: number; readonly type: string };
type Row = { readonly text: string; readonly spans: readonly Gold[] };
type Rate = { readonly of: string; readonly k: number; readonly n: number };

// What the sets call the types we claim. A card that fails its checksum is a card to the sets and none to us.
const CLAIMED: { readonly [goldType: string]: string } = {
  CREDIT_CARD: "CARD",
  PHONE_NUMBER: "PHONE",
  EMAIL_ADDRESS: "EMAIL",
  EMAIL: "EMAIL",
  US_SSN: "US_SSN",
  SOCIAL_SECURITY_NUMBER: "US_SSN",
  IBAN_CODE: "IBAN",
  IBAN: "IBAN",
  SWIFT_BIC_CODE: "SWIFT",
  IP_ADDRESS: "IP",
  DATE_OF_BIRTH: "DATE_OF_BIRTH",
  TAX_ID: "TAX_ID",
  PASSPORT_NUMBER: "PASSPORT",
  NATIONAL_ID_NUMBER: "NATIONAL_ID",
  DRIVER_LICENSE_NUMBER: "LICENSE",
  EMPLOYEE_ID: "EMPLOYEE_ID",
  INSURANCE_POLICY_NUMBER: "INSURANCE_POLICY",
  PAYMENT_ID: "PAYMENT_ID",
  USER_ID: "USER_ID",
  CARD_LAST_FOUR: "CARD_LAST_FOUR",
};
const LABELLED_SETS = ["pii_presidio_a", "pii_anon_legal_formats", "pii_tau_airline"];
const ORDINARY_SETS = [
  "clinc150_train_val.calls",
  "banking77_train.calls",
  "snips_train.calls",
  "gsm8k_llm.calls",
];
const QUICK_ROWS = 500;
const CONFIDENCE = 0.95;

function main(args: readonly string[]): void {
  const quick = args.includes("--quick");
  const folder = resolve(args.find((arg) => !arg.startsWith("--")) ?? "../shared/data");
  if (!existsSync(folder)) {
    process.stdout.write(`skipped: no data at ${folder}\n`);
    return;
  }
  const limit = quick ? QUICK_ROWS : Infinity;
  const report = {
    sets: LABELLED_SETS.map((set) => ({ set, ...scored(rowsOf(folder, set, limit)) })),
    falseMasks: ORDINARY_SETS.map((set) => falseMasks(set, userTexts(folder, set, limit))),
    microsecondsPerKilobyte: speed(userTexts(folder, "tau_airline_gpt4o.calls", limit)),
  };
  process.stdout.write(args.includes("--json") ? `${JSON.stringify(report)}\n` : table(report));
}

function lines(folder: string, set: string, limit: number): unknown[] {
  const path = join(folder, `${set}.jsonl.gz`);
  if (!existsSync(path)) return [];
  const text = gunzipSync(readFileSync(path)).toString("utf8").trim();
  return text.split("\n", limit === Infinity ? undefined : limit).map((line): unknown => JSON.parse(line));
}

function rowsOf(folder: string, set: string, limit: number): Row[] {
  // The form of these files is given in the README beside them.
  return lines(folder, set, limit) as Row[];
}

/** The last user message of every call. */
function userTexts(folder: string, set: string, limit: number): string[] {
  type Line = { request: { messages: { role: string; content?: unknown }[] } };
  const texts = (lines(folder, set, limit) as Line[]).map(
    ({ request }) => request.messages.findLast(({ role }) => role === "user")?.content,
  );
  return texts.filter((text) => typeof text === "string");
}

/** Recall: gold spans of claimed types wholly masked. Precision: masks of a type that touch any gold span. */
function scored(rows: readonly Row[]): { rows: number; recall: Rate[]; precision: Rate[] } {
  const recall = new Map<string, { k: number; n: number }>();
  const precision = new Map<string, { k: number; n: number }>();
  for (const { text, spans } of rows) {
    const found = createMasker().maskText(text).spans;
    for (const gold of spans) {
      const type = CLAIMED[gold.type];
      if (type !== undefined)
        count(
          recall,
          type,
          found.some((mask) => covers(mask, gold)),
        );
    }
    for (const mask of found) {
      count(
        precision,
        mask.type,
        spans.some((gold) => mask.start < gold.end && gold.start < mask.end),
      );
    }
  }
  return { rows: rows.length, recall: rates(recall), precision: rates(precision) };
}

function covers(mask: Span, gold: Gold): boolean {
  return mask.start <= gold.start && mask.end >= gold.end;
}

function count(counts: Map<string, { k: number; n: number }>, key: string, isHit: boolean): void {
  const { k, n } = counts.get(key) ?? { k: 0, n: 0 };
  counts.set(key, { k: k + (isHit ? 1 : 0), n: n + 1 });
}

function rates(counts: Map<string, { k: number; n: number }>): Rate[] {
  return [...counts].map(([of, { k, n }]) => ({ of, k, n })).sort((a, b) => b.n - a.n);
}

function falseMasks(set: string, texts: readonly string[]): Rate {
  return { of: set, k: texts.filter((text) => findAll(text).length > 0).length, n: texts.length };
}

const SPEED_ROUNDS = 3;

/** Processor time, best of three rounds over the texts, after one to warm up; null without texts. */
function speed(texts: readonly string[]): number | null {
  const kilobytes = texts.reduce((sum, text) => sum + text.length, 0) / 1024;
  if (kilobytes === 0) return null;
  const rounds = Array.from({ length: SPEED_ROUNDS + 1 }, () => {
    const before = process.cpuUsage();
    for (const text of texts) createMasker().mask(text);
    return process.cpuUsage(before).user;
  });
  return Math.min(...rounds.slice(1)) / kilobytes;
}

function table(report: {
  sets: { set: string; rows: number; recall: Rate[]; precision: Rate[] }[];
  falseMasks: Rate[];
  microsecondsPerKilobyte: number | null;
}): string {
  const sets = report.sets.map(({ set, rows, recall, precision }) =>
    [`${set} (${rows} texts)`, " recall", ...recall.map(line), " precision", ...precision.map(line)].join(
      "\n",
    ),
  );
  const ordinary = ["ordinary user messages with any mask", ...report.falseMasks.map(line)].join("\n");
  const time = report.microsecondsPerKilobyte?.toFixed(1) ?? "not measured";
  return `${[...sets, ordinary].join("\n\n")}\n\nµs per 1 KB of user text: ${time}\n`;
}

function line({ of, k, n }: Rate): string {
  const interval = clopperPearsonInterval(k, n, CONFIDENCE);
  const percent = (share: number): string => (share * 100).toFixed(1);
  if (interval === null) return `  ${of.padEnd(26)} no data`;
  return `  ${of.padEnd(26)} ${k}/${n} = ${percent(k / n)} % [${percent(interval.low)}, ${percent(interval.high)}]`;
}

main(process.argv.slice(2));
