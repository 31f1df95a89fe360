import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openGateway } from "../../test/open-gateway.ts";
import { silentLog } from "../core/index.ts";
import { readRecordedCalls, replayProvider } from "../models/index.ts";
import { replay, type ReplayedCall, type ReplayEffects, type ReplayOptions } from "./replay.ts";
import { summarize } from "./replay-summary.ts";

const recorded = (id: string, question: string, content: string | null): string =>
  JSON.stringify({
    id,
    session: "run é",
    request: { model: "m", messages: [{ role: "user", content: question }] },
    response: content === null ? null : { message: { role: "assistant", content }, finish_reason: "stop" },
    status: content === null ? 500 : 200,
  });
const LOG = [
  recorded("a", "one?", '{"x": 1}'),
  recorded("b", "two?", "two"),
  recorded("c", "three?", null),
].join("\n");

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "understudy-replay-"));
  file = join(folder, "log.jsonl");
  writeFileSync(file, LOG);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(
  options: Partial<ReplayOptions> & { url: string },
): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = [];
  const effects: ReplayEffects = {
    nowMs: () => 0,
    newId: (prefix) => prefix,
    log: silentLog,
    print: (line) => lines.push(line),
    note: () => {},
    signal: new AbortController().signal,
  };
  return { code: await replay({ file, ...options }, effects), lines };
}

describe("replay()", () => {
  test.each([false, true])("compares every answer with the recorded one (stream: %s)", async (stream) => {
    const provider = await replayProvider(readRecordedCalls(file), () => 0);
    const { url, calls } = await openGateway({ provider });
    const out = join(folder, `out-${stream}.jsonl`);
    const { code } = await run({ url: `${url}/v1`, out, stream, json: true });
    const lines = readFileSync(out, "utf8").trimEnd().split("\n");
    const byId = new Map(
      lines.map((line) => JSON.parse(line) as ReplayedCall).map((one) => [one.callId, one]),
    );
    expect(code).toBe(0);
    const common = { taskId: null, servedBy: "provider", score: null, latencyMs: 0 };
    expect(["a", "b", "c"].map((id) => byId.get(id))).toEqual([
      { callId: "a", ...common, agrees: true, status: 200 },
      { callId: "b", ...common, agrees: true, status: 200 },
      { callId: "c", ...common, agrees: null, status: 500 },
    ]);
    expect(new Set(calls().map((call) => call.session))).toEqual(new Set([encodeURIComponent("run é")]));
  });

  test("counts what specialists answered and whether it agrees", async () => {
    const answer = () => ({ answer: { type: "text" as const, text: "two" }, score: 0.99 });
    const { url } = await openGateway({ provider: null, answer });
    const { lines } = await run({ url, json: true });
    expect(JSON.parse(lines[0])).toMatchObject({
      calls: 3,
      specialist: { calls: 3, failed: 0, agreement: { n: 2, agreed: 1, share: 0.5 } },
      provider: { calls: 0, agreement: { n: 0, share: null, low: null } },
      tasks: [{ taskId: "task_a", calls: 3 }],
    });
  });

  test("says that nobody listens", async () => {
    await expect(run({ url: "http://127.0.0.1:1" })).rejects.toThrow(
      "Cannot reach the gateway at http://127.0.0.1:1",
    );
  });

  test("says which file it cannot write", async () => {
    const { url } = await openGateway();
    await expect(run({ url, out: join(folder, "none", "out") })).rejects.toThrow("Cannot write");
  });
});

test("summarize() gives latencies by nearest rank and nothing where nothing is known", () => {
  const calls = [4, 1, 3, 2].map((latencyMs, at): ReplayedCall => ({
    callId: String(at),
    taskId: null,
    servedBy: "provider",
    score: null,
    agrees: null,
    status: 200,
    latencyMs,
  }));
  const { specialist, provider } = summarize(calls);
  expect([provider.latencyMsP50, provider.latencyMsP95]).toEqual([2, 4]);
  expect([specialist.latencyMsP50, specialist.agreement.share]).toEqual([null, null]);
});
