import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { Call } from "../core/index.ts";
import { openStore, type Store } from "../store/index.ts";
import { importLogs, type RefusedLineReport } from "./import.ts";
import { linesOf, MAX_LINE_BYTES } from "./lines.ts";

const folder = mkdtempSync(join(tmpdir(), "understudy-import-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function file(content: string | Buffer): string {
  files += 1;
  const path = join(folder, `log-${files}.jsonl`);
  writeFileSync(path, content);
  return path;
}

const memory = (): Store => openStore({ dir: ":memory:", nowMs: () => 0 });
const line = (id: string, extra: object = {}): string =>
  JSON.stringify({
    id,
    session: `s-${id}`,
    request: { model: "m", messages: [{ role: "user", content: `hello ${id}` }] },
    response: { message: { role: "assistant", content: "hi" }, finish_reason: "stop" },
    ...extra,
  });

async function take(
  content: string | Buffer,
): Promise<{ calls: Call[]; refused: RefusedLineReport[]; counts: Awaited<ReturnType<typeof importLogs>> }> {
  const store = memory();
  const refused: RefusedLineReport[] = [];
  const counts = await importLogs(store, [file(content)], { onRefused: (report) => refused.push(report) });
  return { calls: [...store.calls.iterate()], refused, counts };
}

describe("importLogs()", () => {
  test("takes the call form, gzip'd or plain, and keeps foreign fields", async () => {
    const content = line("a", { timestamp: "2026-03-02T10:00:00Z", latency_ms: 12, team: "blue" });
    for (const bytes of [content, gzipSync(content)]) {
      const { calls } = await take(bytes);
      expect(
        calls.map(({ id, session, at, latencyMs, foreign }) => ({ id, session, at, latencyMs, foreign })),
      ).toEqual([
        { id: "a", session: "s-a", at: "2026-03-02T10:00:00.000Z", latencyMs: 12, foreign: { team: "blue" } },
      ]);
    }
  });

  test("takes nothing twice", async () => {
    const store = memory();
    const path = file(`${line("a")}\n${line("b")}\n`);
    await importLogs(store, [path]);
    const again = await importLogs(store, [path]);
    expect([again.taken, again.repeated, store.calls.count().calls]).toEqual([0, 2, 2]);
  });

  test("refuses broken lines by reason and takes the rest", async () => {
    const deep = `${'{"a":'.repeat(300)}1${"}".repeat(300)}`;
    const broken = [
      "{",
      "[1]",
      deep,
      '{"x":1}',
      JSON.stringify({ request: { messages: [{ role: "wizard", content: "" }] } }),
      JSON.stringify({ request: { messages: "no" } }),
      "\u0000\u0001",
    ];
    const { counts, refused } = await take([line("a"), ...broken, line("b")].join("\n"));
    expect(counts.taken).toBe(2);
    expect(refused.map(({ reason, line: at }) => [reason, at])).toEqual([
      ["not-json", 2],
      ["not-an-object", 3],
      ["too-deep", 4],
      ["unknown-form", 5],
      ["bad-request", 6],
      ["bad-request", 7],
      ["not-json", 8],
    ]);
  });

  test("refuses an id that is taken by other content", async () => {
    const { counts } = await take(`${line("a")}\n${line("a", { response: null })}\n`);
    expect([counts.taken, counts.reasons]).toEqual([1, { "id-taken": 1 }]);
  });

  test("counts each of several calls with one id that differ, in their order", async () => {
    const lines = ["a", "b", "c"].map((content) =>
      line("same", { request: { messages: [{ role: "user", content }] } }),
    );
    const { counts, refused } = await take(lines.join("\n"));
    expect([counts.taken, counts.refused, refused.map(({ line: at }) => at)]).toEqual([1, 2, [2, 3]]);
  });

  test("writes users only as pseudonyms", async () => {
    const secret = "jane.doe@example.com";
    const { calls } = await take(
      line("a", {
        user: secret,
        metadata: { user_id: secret },
        request: { model: "m", user: secret, messages: [{ role: "user", content: "x" }] },
      }),
    );
    expect(JSON.stringify(calls)).not.toContain(secret);
    expect(calls[0].origin).toMatch(/^u/);
  });

  test("takes odd numbers for what they can mean, and numeric sessions for sessions", async () => {
    const odd = [
      line("a", { status: 200.5, session: undefined, session_id: 42 }),
      line("b", { status: 1e300, session: undefined, session_id: 42 }),
      line("c", { latency_ms: -5 }),
    ];
    const { calls } = await take(odd.join("\n"));
    expect(calls.map(({ id, session, status, latencyMs }) => [id, session, status, latencyMs])).toEqual([
      ["a", "42", 200, null],
      ["b", "42", 200, null],
      ["c", "s-c", 200, null],
    ]);
  });

  test("makes a call of every assistant message of a fine-tuning line that is trained on", async () => {
    const messages = [
      { role: "system", content: "s" },
      { role: "user", content: "1" },
      { role: "assistant", content: "one", weight: 0 },
      { role: "user", content: "2" },
      { role: "assistant", content: "two" },
    ];
    const { calls } = await take(JSON.stringify({ messages }));
    expect(
      calls.map(({ request, response }) => [request.messages.length, response?.message.content]),
    ).toEqual([[4, "two"]]);
  });

  test("joins Batch output with its input", async () => {
    const input = JSON.stringify({
      custom_id: "r1",
      method: "POST",
      url: "/v1/chat/completions",
      body: { model: "m", messages: [{ role: "user", content: "x" }] },
    });
    const body = {
      id: "x",
      choices: [{ message: { role: "assistant", content: "y" }, finish_reason: "stop" }],
      usage: { prompt_tokens: 3, completion_tokens: 1 },
    };
    const output = JSON.stringify({
      id: "batch_1",
      custom_id: "r1",
      response: { status_code: 200, body },
      error: null,
    });
    const orphan = JSON.stringify({
      id: "batch_2",
      custom_id: "r2",
      response: { status_code: 200, body },
      error: null,
    });
    const { calls, counts } = await take([input, output, orphan].join("\n"));
    expect(
      calls.map(({ id, usage, response }) => [id, usage.inputTokens, response?.message.content]),
    ).toEqual([["batch_1", 3, "y"]]);
    expect(counts.reasons).toEqual({ "no-request": 1 });
  });

  test("takes stored completions", async () => {
    const { calls } = await take(
      JSON.stringify({
        id: "chatcmpl-1",
        object: "chat.completion",
        created: 1772445600,
        model: "gpt-4o",
        messages: [{ role: "user", content: "q" }],
        choices: [{ message: { role: "assistant", content: "a" }, finish_reason: "stop" }],
      }),
    );
    expect(calls.map(({ id, at, request }) => [id, at, request.model])).toEqual([
      ["chatcmpl-1", "2026-03-02T10:00:00.000Z", "gpt-4o"],
    ]);
  });

  test("takes a laid-out page of an API, passes what is no call, and tells a record by its number", async () => {
    const generation = {
      id: "g1",
      traceId: "t1",
      type: "GENERATION",
      startTime: "2026-03-02T10:00:00Z",
      userId: "jane.doe@example.com",
      model: "m",
      input: [{ role: "user", content: "hello" }],
      output: { role: "assistant", content: "hi" },
    };
    const data = [
      generation,
      { ...generation, id: "s1", type: "SPAN" },
      7,
      { ...generation, id: "g2", input: null },
    ];
    const { calls, counts, refused } = await take(JSON.stringify({ data, meta: { page: 1 } }, null, 2));
    expect(calls.map(({ id, session, response }) => [id, session, response?.message.content])).toEqual([
      ["g1", "t1", "hi"],
    ]);
    expect(JSON.stringify(calls)).not.toContain("jane");
    expect([counts.records, counts.taken, counts.passed, counts.reasons, counts.formats]).toEqual([
      4,
      1,
      1,
      { "not-an-object": 1, "no-content": 1 },
      { langfuse: 3 },
    ]);
    expect(refused.map(({ unit, line, reason }) => [unit, line, reason])).toEqual([
      ["record", 3, "not-an-object"],
      ["record", 4, "no-content"],
    ]);
  });

  test("takes a call whose span and events stand on different lines, and tells a span without content where it stood", async () => {
    const attribute = (key: string, text: string): object => ({ key, value: { stringValue: text } });
    const spanOf = (spanId: string): object => ({
      resourceSpans: [
        {
          scopeSpans: [
            {
              spans: [
                {
                  traceId: "t",
                  spanId,
                  startTimeUnixNano: "1",
                  attributes: [attribute("gen_ai.operation.name", "chat")],
                },
              ],
            },
          ],
        },
      ],
    });
    const details = [
      attribute("gen_ai.input.messages", '[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]'),
      attribute("gen_ai.output.messages", '[{"role":"assistant","parts":[{"type":"text","content":"Ho"}]}]'),
    ];
    const event = {
      traceId: "t",
      spanId: "a",
      eventName: "gen_ai.client.inference.operation.details",
      attributes: details,
    };
    const logs = { resourceLogs: [{ scopeLogs: [{ logRecords: [event] }] }] };
    const { calls, refused } = await take(
      [spanOf("a"), spanOf("b"), logs].map((one) => JSON.stringify(one)).join("\n"),
    );
    expect(calls.map(({ id, response }) => [id, response?.message.content])).toEqual([["t:a", "Ho"]]);
    expect(refused.map(({ line: at, reason }) => [at, reason])).toEqual([[2, "no-content"]]);
  });

  test("reports a line with many refused records with its text once", async () => {
    const { refused, counts } = await take(`${JSON.stringify({ data: [1, 2] })}\n${line("a")}\n`);
    expect(refused.map(({ text }) => text !== "")).toEqual([true, false]);
    expect(counts.taken).toBe(1);
  });

  test("says that a document is cut off, and keeps what came before", async () => {
    const { calls, refused } = await take(`[\n${line("a")},\n`);
    expect([calls.length, refused.map(({ reason, detail }) => [reason, detail])]).toEqual([
      1,
      [["not-json", "is cut off: the file ends inside its JSON"]],
    ]);
  });

  test("keeps what came before the break of a broken gzip file, and says so in one line", async () => {
    const lines = Array.from({ length: 2000 }, (_, index) => line(`c${index}`)).join("\n");
    const whole = gzipSync(lines);
    const store = memory();
    const work = importLogs(store, [file(whole.subarray(0, Math.floor(whole.length / 2)))]);
    await expect(work).rejects.toThrow(/gzip data is broken/);
    expect(store.calls.count().calls).toBeGreaterThan(100);
  });

  test("never throws on, and never takes, arbitrary lines", async () => {
    const store = memory();
    const path = join(folder, "fuzz.jsonl");
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.string(),
            fc.json(),
            fc
              .record({ request: fc.jsonValue(), response: fc.jsonValue() })
              .map((value) => JSON.stringify(value)),
          ),
        ),
        async (lines) => {
          writeFileSync(path, lines.join("\n"));
          const counts = await importLogs(store, [path]);
          expect(counts.taken + counts.repeated + counts.refused).toBe(counts.records);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("linesOf()", () => {
  test("gives back the lines of any text, however it is cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.string().map((text) => text.replaceAll("\n", " ")),
          { minLength: 1 },
        ),
        async (lines) => {
          const read: string[] = [];
          for await (const one of linesOf(file(`${lines.join("\n")}\n`)))
            if ("text" in one) read.push(one.text);
          expect(read).toEqual(lines.map((text) => Buffer.from(text).toString("utf8")));
        },
      ),
      { numRuns: 30 },
    );
  });

  test("does not hold a line that is too long", async () => {
    const long = Buffer.alloc(MAX_LINE_BYTES * 3, 120);
    const read = [];
    for await (const one of linesOf(file(Buffer.concat([long, Buffer.from("\nshort\n")])))) read.push(one);
    expect(read).toEqual([
      { at: 1, tooLongBytes: MAX_LINE_BYTES * 3 },
      { at: 2, text: "short" },
    ]);
  });
});
