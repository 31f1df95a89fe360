import {
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { conversationOf } from "../core/index.ts";
import { protocols } from "../models/index.ts";
import {
  openSegmentLog,
  openStore,
  type SegmentLog,
  type SegmentRecord,
  type Store,
} from "../store/index.ts";
import { append } from "../store/segments/testing.ts";
import { withFolder } from "../store/testing.ts";
import { foldSegments } from "./fold-segments.ts";

const nowMs = (): number => Date.UTC(2026, 2, 2);
const SMALL = 64 * 1024;

type Setup = { readonly store: Store; readonly dir: string; readonly log: () => Promise<SegmentLog> };

const withRecording = (work: (setup: Setup) => Promise<void>): Promise<void> =>
  withFolder(async (parent) => {
    const store = openStore({ dir: parent, nowMs });
    const dir = join(parent, "segments");
    const log = () => openSegmentLog({ dir, keys: store.segmentKeys, nowMs, segmentBytes: SMALL });
    await work({ store, dir, log });
    store.close();
  });

const fold = ({ store, dir }: Setup, more: object = {}) =>
  foldSegments(store, { dir, protocols, nowMs, ...more });
const callIds = (store: Store): string[] => [...store.calls.iterate()].map(({ id }) => id);
const files = (dir: string, kind: string): string[] => readdirSync(dir).filter((name) => name.endsWith(kind));

const REQUEST = { model: "m", messages: [{ role: "user", content: "hi" }], user: "jane@example.com" };
const ANSWER = {
  model: "m-1",
  choices: [{ index: 0, message: { role: "assistant", content: "ho" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
};
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

function begin(callId: string, changes: object = {}): SegmentRecord {
  const fixed = { type: "begin", atMs: nowMs(), session: "s1", origin: "u_1", protocol: "chat" } as const;
  return { ...fixed, callId, facts: { reason: "novel", score: 0.5 }, request: json(REQUEST), ...changes };
}

function end(callId: string, changes: object = {}): SegmentRecord {
  const fixed = { type: "end", latencyMs: 12.5, status: 200, isStream: false, protocol: "chat" } as const;
  const facts = { servedBy: "provider", taskId: "t1", provider: "openai" } as const;
  return { ...fixed, callId, failure: null, facts, response: [json(ANSWER)], ...changes };
}

const whole = (callId: string): SegmentRecord[] => [begin(callId), end(callId)];

async function write(log: SegmentLog, groups: readonly (readonly SegmentRecord[])[]): Promise<void> {
  for (const group of groups) expect(await append(log, group)).toBeNull();
}

describe("foldSegments()", () => {
  test("makes a call of a begin and its end, with users as pseudonyms", () =>
    withRecording(async (setup) => {
      const log = await setup.log();
      await write(log, [whole("a")]);
      await log.close();
      expect(fold(setup)).toMatchObject({ calls: 1, aside: 0, damage: [], tornTails: 0 });
      expect(setup.store.calls.get("a")).toEqual({
        id: "a",
        session: "s1",
        at: "2026-03-02T00:00:00.000Z",
        origin: "u_1",
        source: "gateway",
        request: { ...REQUEST, user: setup.store.pseudonym("user", REQUEST.user) },
        response: expect.objectContaining({ message: ANSWER.choices[0].message, finish_reason: "stop" }),
        status: 200,
        error: null,
        latencyMs: 12.5,
        usage: { inputTokens: 3, outputTokens: 1 },
        servedBy: "provider",
        taskId: "t1",
        foreign: { reason: "novel", score: 0.5, provider: "openai" },
      });
    }));

  test("folds a stream cut anywhere, an error body, a failure and an answer that is none", () =>
    withRecording(async (setup) => {
      const chunk = (delta: object, finish: string | null): string =>
        `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
      const stream = Buffer.from(`${chunk({ content: "hé" }, null)}${chunk({}, "stop")}data: [DONE]\n\n`);
      const pieces = Array.from({ length: stream.length }, (_, at) => stream.subarray(at, at + 1));
      const log = await setup.log();
      const failure = { code: "upstream-timeout", message: "late" };
      await write(log, [
        [begin("stream"), end("stream", { isStream: true, response: pieces })],
        [begin("error"), end("error", { status: 429, response: [json({ error: { message: "slow" } })] })],
        [begin("failed"), end("failed", { failure, response: [] })],
        [begin("nonsense"), end("nonsense", { response: [Buffer.from("<html>")] })],
      ]);
      await log.close();
      fold(setup);
      const calls = [...setup.store.calls.iterate()].map(({ id, status, error, response }) => [
        id,
        status,
        (error as { message?: string } | null)?.message?.slice(0, 30) ?? null,
        response?.message.content ?? null,
      ]);
      expect(calls).toEqual([
        ["error", 429, "slow", null],
        ["failed", 504, "late", null],
        ["nonsense", 502, "answer is not a JSON object: <", null],
        ["stream", 200, null, "hé"],
      ]);
    }));

  test("reads answers that came compressed, and says when it cannot", () =>
    withRecording(async (setup) => {
      const log = await setup.log();
      const encoded = (encoding: string, bytes: Buffer): SegmentRecord[] => [
        begin(encoding),
        end(encoding, { facts: { encoding }, response: [bytes.subarray(0, 9), bytes.subarray(9)] }),
      ];
      await write(log, [
        encoded("gzip", gzipSync(json(ANSWER))),
        encoded("br", brotliCompressSync(json(ANSWER))),
        encoded("zstd", json(ANSWER)),
        encoded("morse", json(ANSWER)),
      ]);
      await log.close();
      fold(setup);
      const calls = [...setup.store.calls.iterate()].map(({ id, status, response, error }) => [
        id,
        status,
        response?.message.content ?? (error as { message: string }).message,
      ]);
      expect(calls).toEqual([
        ["br", 200, "ho"],
        ["gzip", 200, "ho"],
        ["morse", 502, 'answer is in content-encoding "morse" and cannot be decoded'],
        ["zstd", 502, 'answer is in content-encoding "zstd" and cannot be decoded'],
      ]);
    }));

  test("leaves no file that others may read", () =>
    withRecording(async (setup) => {
      const log = await setup.log();
      await write(log, [whole("a")]);
      fold(setup);
      const { dir } = setup;
      const readable = readdirSync(dir).filter((name) => (statSync(join(dir, name)).mode & 0o077) !== 0);
      expect([readdirSync(dir).includes("fold.lock"), readable]).toEqual([true, []]);
      await log.close();
    }));

  test("follows a log while it is written, and removes what is folded and closed", () =>
    withRecording(async (setup) => {
      const log = await setup.log();
      const ids = Array.from({ length: 40 }, (_, index) => `c${String(index).padStart(2, "0")}`);
      for (const id of ids) {
        await write(log, [whole(id)]);
        if (id.endsWith("7")) fold(setup);
      }
      expect(files(setup.dir, ".segment").length).toBeLessThanOrEqual(3);
      await log.close();
      fold(setup);
      expect(callIds(setup.store)).toEqual(ids);
      expect(readdirSync(setup.dir)).toEqual(["fold.lock"]);
      expect(setup.store.ledger.all()).toEqual([]);
    }));

  test("holds a call that has begun until its end comes, in a later segment", () =>
    withRecording(async (setup) => {
      const log = await setup.log();
      await write(log, [[begin("slow")]]);
      fold(setup);
      expect(setup.store.recording.counts()).toEqual({ open: 1, aside: 0 });
      await write(log, [...Array.from({ length: 20 }, (_, index) => whole(`q${index}`)), [end("slow")]]);
      fold(setup);
      expect(setup.store.calls.get("slow")?.response?.message.content).toBe("ho");
      expect(setup.store.recording.counts()).toEqual({ open: 0, aside: 0 });
      await log.close();
    }));

  test("makes a call without an answer of one whose process died before it", () =>
    withRecording(async (setup) => {
      const log = await setup.log();
      await write(log, [[begin("lost")]]);
      expect(fold(setup)).toMatchObject({ calls: 0 });
      await log.close();
      expect(fold(setup)).toMatchObject({ calls: 1, unanswered: 1 });
      expect(setup.store.calls.get("lost")).toMatchObject({ status: 499, response: null, latencyMs: null });
    }));

  test("gives up on a call of a living gateway after a day, and keeps an answer that comes later", () =>
    withRecording(async (setup) => {
      const log = await setup.log();
      await write(log, [[begin("slow")]]);
      const nextDay = (): number => nowMs() + 25 * 3600 * 1000;
      expect(fold(setup)).toMatchObject({ calls: 0 });
      expect(fold(setup, { nowMs: nextDay })).toMatchObject({ calls: 1, unanswered: 1 });
      await write(log, [[end("slow")]]);
      expect(fold(setup, { nowMs: nextDay })).toMatchObject({ calls: 0, aside: 1 });
      expect(setup.store.calls.get("slow")?.status).toBe(499);
      await log.close();
    }));

  test("takes no call twice when it is stopped between any two batches", () =>
    withRecording(async (setup) => {
      const log = await setup.log();
      const group = (at: number): SegmentRecord[] =>
        Array.from({ length: 300 }, (_, index) => whole(`g${at}-${index}`)).flat();
      await write(log, [group(0), group(1), group(2)]);
      await log.close();
      let rounds = 0;
      while (fold(setup, { shouldStop: () => true })?.isStopped === true) rounds += 1;
      expect(rounds).toBeGreaterThan(1);
      expect(setup.store.calls.count()).toEqual({ calls: 900, sessions: 1 });
      expect(fold(setup)).toMatchObject({ calls: 0 });
    }));

  test("takes the calls of a large group once, also when a fold broke off between its transactions", () =>
    withRecording(async (setup) => {
      const log = await setup.log();
      await write(log, [Array.from({ length: 500 }, (_, index) => whole(`g${index}`)).flat()]);
      await log.close();
      const broken: Store = {
        ...setup.store,
        recording: {
          ...setup.store.recording,
          commit: (batch) => {
            if (batch.calls.length > 0) throw new RangeError("killed here");
            return setup.store.recording.commit(batch);
          },
        },
      };
      expect(() => fold({ ...setup, store: broken })).toThrow("killed here");
      expect(setup.store.calls.count().calls).toBeGreaterThan(300);
      fold(setup);
      expect(setup.store.calls.count().calls).toBe(500);
      expect(setup.store.ledger.all()).toEqual([]);
    }));

  test("two who fold at once come to the same calls", () =>
    withRecording(async (setup) => {
      const log = await setup.log();
      await write(log, [whole("a"), whole("b")]);
      // The second folds all in the middle of the first.
      let isInner = false;
      const other = openStore({ dir: join(setup.dir, ".."), nowMs });
      const shouldStop = (): boolean => {
        if (!isInner) expect(foldSegments(other, { dir: setup.dir, protocols, nowMs })).toBeNull();
        isInner = true;
        return false;
      };
      expect(fold(setup, { shouldStop })).toMatchObject({ calls: 2 });
      expect(isInner).toBe(true);
      other.close();
      await log.close();
    }));

  test("puts aside what it cannot read, and says why", () =>
    withRecording(async (setup) => {
      const log = await setup.log();
      await write(log, [
        [begin("odd", { protocol: "morse" }), end("odd")],
        [begin("bad", { request: Buffer.from("{}") }), end("bad")],
        [end("orphan")],
        whole("good"),
      ]);
      await log.close();
      expect(fold(setup)).toMatchObject({ calls: 1, aside: 3 });
      const aside = [...setup.store.recording.aside()];
      expect(aside.map(({ callId, reason, records }) => [callId, reason, records.length])).toEqual([
        ["bad", "bad-request", 2],
        ["odd", "unknown-protocol", 2],
        ["orphan", "no-request", 1],
      ]);
    }));

  test("reads again what was put aside, when it is asked to, and keeps what it still cannot read", () =>
    withRecording(async (setup) => {
      const log = await setup.log();
      const morse = { protocol: "morse" };
      await write(log, [[begin("odd", morse), end("odd", morse)], [begin("half", morse)], [end("orphan")]]);
      await log.close();
      expect(fold(setup)).toMatchObject({ calls: 0, aside: 3 });
      expect(fold(setup, { isRetrying: true })).toMatchObject({ calls: 0, recovered: 0 });
      const learnt = new Map([["morse", protocols.get("chat")!]]);
      expect(fold(setup, { isRetrying: true, protocols: learnt })).toMatchObject({ calls: 2, recovered: 2 });
      expect(setup.store.calls.get("odd")?.response?.message.content).toBe("ho");
      expect(setup.store.calls.get("half")?.status).toBe(499);
      expect([...setup.store.recording.aside()].map(({ callId }) => callId)).toEqual(["orphan"]);
    }));

  test("a request that names no session is of its conversation, also while it waits for its answer", () =>
    withRecording(async (setup) => {
      const unnamed = (callId: string): SegmentRecord => begin(callId, { session: null });
      const log = await setup.log();
      await write(log, [
        [unnamed("open")],
        [unnamed("a"), end("a")],
        [begin("unread", { session: null, request: json([]) }), end("unread")],
      ]);
      expect(fold(setup)).toMatchObject({ calls: 1, aside: 1 });
      const session = conversationOf(REQUEST);
      expect(setup.store.calls.get("a")?.session).toBe(session);
      // The one whose request cannot be read may be of any session: it goes, too.
      expect(setup.store.erase({ session })).toMatchObject({ calls: 1, held: 2 });
      expect(setup.store.recording.begun("open")).toBe("erased");
      await log.close();
    }));

  test("removes a segment for good: a name that comes back after a loss of power opens nothing", () =>
    withRecording(async (setup) => {
      const log = await setup.log();
      await write(log, [whole("a")]);
      const [name] = files(setup.dir, ".segment");
      const path = join(setup.dir, name);
      linkSync(path, `${path}.back`);
      await log.close();
      fold(setup);
      setup.store.erase({ session: "s1" });
      renameSync(`${path}.back`, path);
      expect(fold(setup)).toMatchObject({ calls: 0, damage: [] });
      expect([callIds(setup.store), files(setup.dir, ".segment")]).toEqual([[], []]);
    }));

  test("reports groups that the disk lost, and segments that are gone, and folds the rest", () =>
    withRecording(async (setup) => {
      const log = await setup.log();
      await write(
        log,
        Array.from({ length: 40 }, (_, index) => whole(`c${index}`)),
      );
      await log.close();
      const [first, second] = files(setup.dir, ".segment")
        .sort()
        .map((name) => join(setup.dir, name));
      const bytes = readFileSync(first);
      bytes[2 * 4096 + 99] ^= 1;
      writeFileSync(first, bytes);
      const header = readFileSync(second);
      header[40] ^= 1;
      writeFileSync(second, header);
      const counts = fold(setup)!;
      expect(counts).toMatchObject({ lostGroups: 1 });
      expect(counts.damage).toEqual([
        expect.stringContaining("1 group of calls at byte 8192"),
        expect.stringContaining("header is damaged"),
      ]);
      expect(counts.calls).toBe(40 - 1 - 14);
      expect(existsSync(`${second}.damaged`)).toBe(true);
      expect(setup.store.ledger.all().map(({ event }) => event)).toEqual([
        "recording-damaged",
        "recording-damaged",
      ]);
      expect(fold(setup)).toMatchObject({ calls: 0, damage: [] });
    }));

  test("refuses segments of another store", () =>
    withRecording(async (setup) => {
      const other = openStore({ dir: ":memory:", nowMs });
      const log = await openSegmentLog({ dir: setup.dir, keys: other.segmentKeys, nowMs });
      await log.close();
      expect(() => fold(setup)).toThrow(expect.objectContaining({ code: "key-unreadable" }));
      other.close();
    }));
});
