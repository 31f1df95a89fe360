import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { Elements } from "./elements.ts";
import { recordsOf } from "./records.ts";

const MAX = 1 << 20;

/** The texts of the records in a document that arrives in pieces of the given size. */
function cut(text: string, pieceBytes = 7, maxBytes = MAX): string[] {
  const bytes = Buffer.from(text);
  const elements = new Elements(maxBytes);
  const lines = [];
  for (let at = 0; at < bytes.length; at += pieceBytes)
    lines.push(...elements.push(bytes.subarray(at, at + pieceBytes)));
  lines.push(...elements.end());
  return lines.map((line) =>
    "tooLongBytes" in line
      ? `too long: ${line.tooLongBytes}`
      : line.isCutOff === true
        ? "cut off"
        : line.text,
  );
}

describe("Elements", () => {
  test("gives the elements of a list at the top, however it is laid out and cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue({ maxDepth: 4 }), { maxLength: 6 }),
        fc.constantFrom(0, 2, "\t"),
        fc.integer({ min: 1, max: 40 }),
        (values, indent, pieceBytes) => {
          const texts = cut(JSON.stringify(values, null, indent), pieceBytes);
          expect(texts.map((text) => JSON.parse(text) as unknown)).toEqual(
            JSON.parse(JSON.stringify(values)),
          );
        },
      ),
    );
  });

  test("gives the elements of the list of records in an object, and nothing else of it", () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), { maxLength: 5 }),
        fc.constantFrom(0, 2),
        fc.integer({ min: 1, max: 40 }),
        (records, indent, pieceBytes) => {
          const page = { object: "list", 'a "quoted" name': [1, "]"], data: records, meta: { page: [1, 2] } };
          const texts = cut(JSON.stringify(page, null, indent), pieceBytes);
          expect(texts.map((text) => JSON.parse(text) as unknown)).toEqual(
            JSON.parse(JSON.stringify(records)),
          );
        },
      ),
    );
  });

  test("gives an object without such a list as it is, and one document after the other", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.dictionary(
            fc.string().filter((name) => name !== "data"),
            fc.jsonValue({ maxDepth: 3 }),
          ),
          { minLength: 1, maxLength: 4 },
        ),
        fc.integer({ min: 1, max: 40 }),
        (documents, pieceBytes) => {
          const text = documents.map((one) => JSON.stringify(one, null, 1)).join("\n");
          expect(cut(text, pieceBytes).map((one) => JSON.parse(one) as unknown)).toEqual(
            JSON.parse(JSON.stringify(documents)),
          );
        },
      ),
    );
  });

  test("keeps the name of an OTLP list with each of its elements", () => {
    const document = { resourceSpans: [{ a: 1 }, { b: [2] }], resourceLogs: [{ c: 3 }] };
    expect(cut(JSON.stringify(document, null, 2)).map((text) => JSON.parse(text) as unknown)).toEqual([
      { resourceSpans: [{ a: 1 }] },
      { resourceSpans: [{ b: [2] }] },
      { resourceLogs: [{ c: 3 }] },
    ]);
  });

  test("leaves an object that is a call whole, whatever lists it has", () => {
    const call = { request: { messages: [] }, data: [1, 2] };
    expect(cut(JSON.stringify(call)).map((text) => JSON.parse(text) as unknown)).toEqual([call]);
  });

  test.each([
    ["[1, 2", ["1", "2"]],
    ['[{"a": 1}, ', ['{"a": 1}', "cut off"]],
    ['[{"a": 1}, {"b"', ['{"a": 1}', '{"b"']],
    ['{"data": [{"a": 1}', ['{"a": 1}', "cut off"]],
    ['[{"a": "x]}', ['{"a": "x]}']],
    ["[]", []],
    ['{"data": []}', []],
    ["", []],
  ])("of %s gives %j", (text, expected) => expect(cut(text)).toEqual(expected));

  test("does not hold an element that is too long, and goes on after it", () => {
    const long = `{"a":"${"x".repeat(200)}"}`;
    expect(cut(`[{"b":1},${long},{"c":2}]`, 11, 100)).toEqual([
      '{"b":1}',
      `too long: ${long.length}`,
      '{"c":2}',
    ]);
  });

  test("never throws, and holds no more than its bound, on any bytes", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            "[",
            "]",
            "{",
            "}",
            '"',
            "\\",
            ",",
            ":",
            "1",
            "data",
            '"data"',
            "\n",
            "é",
            "\u0000",
          ),
        ),
        fc.integer({ min: 1, max: 9 }),
        (tokens, pieceBytes) => {
          for (const text of cut(tokens.join(""), pieceBytes, 16))
            expect(text.startsWith("too long") || Buffer.byteLength(text) <= 64).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("recordsOf()", () => {
  const folder = mkdtempSync(join(tmpdir(), "understudy-records-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "log.json");
  async function read(content: string | Buffer, maxBytes?: number): Promise<string[]> {
    writeFileSync(path, content);
    const seen = [];
    for await (const { line, unit } of recordsOf(path, maxBytes))
      seen.push(`${unit} ${line.at}: ${"text" in line ? line.text : `${line.tooLongBytes} bytes`}`);
    return seen;
  }

  test.each([
    ["lines of objects", '{"a":1}\n{"b":2}\n', ['line 1: {"a":1}', 'line 2: {"b":2}']],
    ["lines of which the first is cut off", '{"a":\n{"b":2}\n', ['line 1: {"a":', 'line 2: {"b":2}']],
    ["lines of lists", "[1]\n[2]\n", ["line 1: [1]", "line 2: [2]"]],
    ["one line", '{"data":[1]}', ['line 1: {"data":[1]}']],
    ["a laid-out list", '[\n  {"a": 1},\n  {"b": 2}\n]\n', ['record 1: {"a": 1}', 'record 2: {"b": 2}']],
    ["a laid-out object", '{\n  "a": 1\n}\n', ['record 1: {\n  "a": 1\n}']],
    ["blank lines first, and a mark", '\ufeff\n\n{\n"a": 1}\n', ['record 1: {\n"a": 1}']],
    ["a list with objects on lines", '[{"a":1},\n{"b":2}]', ['record 1: {"a":1}', 'record 2: {"b":2}']],
  ])("reads %s", async (_, content, expected) => {
    expect(await read(content)).toEqual(expected);
    expect(await read(gzipSync(content))).toEqual(expected);
  });

  test("reads a document on one line that is longer than a line may be", async () => {
    const elements = Array.from({ length: 50 }, (_, at) => `{"at":${at}}`);
    expect(await read(`{"data":[${elements.join(",")}]}`, 100)).toEqual(
      elements.map((text, at) => `record ${at + 1}: ${text}`),
    );
  });

  test("says that a file is UTF-16", async () => {
    await expect(read(Buffer.from('\ufeff{"a":1}\n', "utf16le"))).rejects.toThrow(
      /UTF-16; convert it with iconv/,
    );
  });
});
