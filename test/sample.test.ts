import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { buildSample, logText } from "../scripts/sample/build.ts";
import { TEST_CARDS, TEST_IBANS } from "../scripts/sample/people.ts";
import { agrees, answerOf, type ChatResponse } from "../src/core/index.ts";

const FILE = resolve(import.meta.dirname, "../samples/agent-log.jsonl.gz");
const START = "2026-03-02T00:00:00.000Z";
const END = "2026-03-16T00:00:00.000Z";

const bytes = readFileSync(FILE);
const committed = gunzipSync(bytes).toString("utf8");
const entries = buildSample();
const log = entries.map(({ line }) => line);
const truths = entries.map(({ truth }) => truth);
const responseOf = (line: (typeof log)[number]) => line.response as ChatResponse | null;

describe("the sample log", () => {
  // Compared unpacked: compressors of different machines may pack the same text in different ways.
  test("the committed file is what the generator makes", () => {
    expect(committed === logText(entries)).toBe(true);
  });
  test("the gzip header names no time and no system", () => {
    expect([...bytes.subarray(4, 8), bytes[9]]).toEqual([0, 0, 0, 0, 255]);
  });
  test("the file is small enough to ship", () => {
    expect(bytes.length).toBeLessThan(1_500_000);
  });
  test("there are between 5,000 and 6,500 calls", () => {
    expect(log.length >= 5000 && log.length <= 6500).toBe(true);
  });
  test("no id comes twice", () => {
    expect(new Set(log.map(({ id }) => id)).size).toBe(log.length);
  });
  test("all times lie in the two weeks and rise", () => {
    const times = log.map(({ timestamp }) => timestamp);
    expect(times.filter((time) => time < START || time >= END)).toEqual([]);
    expect(times).toEqual(times.toSorted());
  });
  test("the log carries no truth: its lines have the promised fields and no others", () => {
    const fields = new Set(log.flatMap((line) => Object.keys(line)));
    expect([...fields].toSorted()).toEqual(
      "error,id,latency_ms,request,response,session,status,timestamp".split(","),
    );
  });
  test("the table of tasks in samples/README.md has the counts of the log", () => {
    const readme = readFileSync(resolve(FILE, "../README.md"), "utf8");
    const stated = [...readme.matchAll(/^\| `([a-z-]+)` \|[^|]*\| *([\d,]+) \|/gm)].map(([, task, count]) => [
      task,
      Number(count.replace(",", "")),
    ]);
    expect(Object.fromEntries(stated)).toEqual(countBy(truths.map(({ task }) => task)));
  });
  test("three label tasks are large, several are small, one-offs are 8 to 10 per cent", () => {
    const counts = countBy(truths.map(({ task }) => task));
    expect(Object.values(counts).filter((count) => count >= 1000)).toHaveLength(3);
    expect(Object.values(counts).filter((count) => count <= 210).length).toBeGreaterThanOrEqual(4);
    expect(counts["one-off"] / log.length).toBeCloseTo(0.09, 1);
  });
  test("a call has an answer exactly when its status is 200", () => {
    expect(log.filter(({ status, response }) => (status === 200) !== (response !== null))).toEqual([]);
  });
  test("a failed call is followed by an answer to the same request in its session", () => {
    const answered = new Set(
      log.filter(({ status }) => status === 200).map((line) => line.session + JSON.stringify(line.request)),
    );
    const failed = log.filter(({ status }) => status !== 200);
    expect(failed.length).toBeGreaterThan(30);
    expect(failed.filter((line) => !answered.has(line.session + JSON.stringify(line.request)))).toEqual([]);
  });
  test("an answer ends with `length` exactly where the generator cut it", () => {
    const cut = entries.filter(({ line }) => responseOf(line)?.finish_reason === "length");
    expect(cut.length).toBeGreaterThan(10);
    expect(cut.filter(({ truth }) => truth.noise !== "truncated")).toEqual([]);
  });
  test("about one label in a hundred is wrong, in the triage as in the log as a whole", () => {
    const triage = entries.filter(
      ({ truth, line }) => truth.task === "ticket-triage" && line.response !== null,
    );
    const wrong = triage.filter(({ truth, line }) => responseOf(line)?.message.content !== truth.label);
    expect(wrong.length / triage.length).toBeGreaterThan(0.003);
    expect(wrong.length / triage.length).toBeLessThan(0.02);
    expect(wrong.filter(({ truth }) => truth.noise !== "wrong-label")).toEqual([]);
  });
  test("a fence around JSON does not change what the flags say", () => {
    const fenced = entries.filter(({ truth }) => truth.task === "message-flags" && truth.noise === "fenced");
    const differing = fenced.filter(({ line, truth }) => {
      const response = responseOf(line);
      const right = { role: "assistant", content: truth.label };
      return response === null || !agrees(answerOf(response.message), answerOf(right));
    });
    expect(fenced.length).toBeGreaterThan(5);
    expect(differing).toEqual([]);
  });
  test("prompts change on a day and not back", () => {
    const routing = truths.filter(({ task }) => task === "intent-routing").map(({ version }) => version);
    expect(routing).toEqual(routing.toSorted((a, b) => a - b));
    expect(new Set(routing)).toEqual(new Set([1, 2]));
  });
  test("a booking is copied from the last message, letter for letter", () => {
    const bookings = log.filter(({ id }) => taskOf.get(id) === "booking-extraction");
    const invented = bookings.filter((line) => {
      const call = responseOf(line)?.message.tool_calls?.[0];
      const { messages } = line.request as { messages: { content: string }[] };
      const values: string[] = Object.values(JSON.parse(call?.function.arguments ?? "{}"));
      return values.some((value) => !messages.at(-1)?.content.includes(value));
    });
    expect(invented).toEqual([]);
  });
  test("mail addresses are under the domains reserved for examples", () => {
    const domains = [...committed.matchAll(/[\w.]@([a-z]+(?:\.[a-z]+)*)/gi)].map(([, domain]) =>
      domain.toLowerCase(),
    );
    expect([...new Set(domains)].toSorted()).toEqual(["example.com", "example.net", "example.org"]);
  });
  test("the card numbers pass the Luhn check", () => {
    expect(TEST_CARDS.filter((card) => luhn(card.replace(/\D/g, "")) % 10 !== 0)).toEqual([]);
  });
  test("the IBANs have the remainder 1 by ISO 7064", () => {
    expect(TEST_IBANS.filter((iban) => remainder(iban.replaceAll(" ", "")) !== 1n)).toEqual([]);
  });
});

const taskOf = new Map(truths.map(({ id, task }) => [id, task]));

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function luhn(digits: string): number {
  return digits
    .split("")
    .reverse()
    .reduce((sum, digit, index) => {
      const doubled = Number(digit) * (index % 2 === 1 ? 2 : 1);
      return sum + (doubled > 9 ? doubled - 9 : doubled);
    }, 0);
}

function remainder(iban: string): bigint {
  const turned = iban.slice(4) + iban.slice(0, 4);
  return BigInt(turned.replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55))) % 97n;
}
