import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readRecordedCalls, type RecordedCall } from "./recorded-log.ts";

const request = { model: "m", messages: [{ role: "user", content: "line\u2028separator é" }] };
const message = { role: "assistant", content: "Hi" };
const LINES = [
  JSON.stringify({
    id: "a",
    session: "s",
    request,
    response: { message, finish_reason: "stop" },
    status: 200,
  }),
  "not JSON",
  JSON.stringify({ id: "b", request, response: null, error: { message: "no" }, status: 429 }),
  JSON.stringify({ request, response: { choices: [{ message, finish_reason: "stop" }] } }),
];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "understudy-log-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function read(name: string, bytes: string | Uint8Array): Promise<RecordedCall[]> {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  const calls: RecordedCall[] = [];
  for await (const call of readRecordedCalls(path)) calls.push(call);
  return calls;
}

test("readRecordedCalls() reads calls in both response forms and passes over other lines", async () => {
  const calls = await read("log.jsonl", LINES.join("\r\n"));
  expect(calls.map(({ line, id, session, status }) => [line, id, session, status])).toEqual([
    [1, "a", "s", 200],
    [3, "b", null, 429],
    [4, null, null, 200],
  ]);
  expect(calls.map((call) => call.response?.message)).toEqual([message, undefined, message]);
  expect(calls[0].request).toEqual(request);
});

test("readRecordedCalls() reads gzip'd files as plain ones, whatever their name", async () => {
  const plain = await read("plain.jsonl", LINES.join("\n"));
  expect(await read("packed.jsonl", gzipSync(LINES.join("\n")))).toEqual(plain);
});

test("readRecordedCalls() says which file it cannot read", async () => {
  const missing = readRecordedCalls(join(folder, "none.jsonl")).next();
  await expect(missing).rejects.toThrow(/none\.jsonl.*there is no such file/);
});
