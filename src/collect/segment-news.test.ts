import { expect, test } from "vitest";
import { openSegmentLog, openStore, segmentsFolderOf } from "../store/index.ts";
import { append } from "../store/segments/testing.ts";
import { withFolder } from "../store/testing.ts";
import { SegmentNews } from "./segment-news.ts";

const begin = (callId: string) =>
  ({
    type: "begin",
    callId,
    atMs: 0,
    session: "s",
    origin: null,
    protocol: "chat",
    facts: {},
    request: Buffer.from("{}"),
  }) as const;

test("a log that has just been opened is no news, what is written to it is, until a round has found nothing more", () =>
  withFolder(async (dir) => {
    const store = openStore({ dir, nowMs: () => 0 });
    const folder = segmentsFolderOf(dir);
    const log = await openSegmentLog({ dir: folder, keys: store.segmentKeys, nowMs: () => 0 });
    const news = new SegmentNews(folder, () => 0);
    const seen = [news.look().isNew];
    await append(log, [begin("a")]);
    seen.push(news.look().isNew, news.look().isNew);
    news.foundNothing();
    seen.push(news.look().isNew);
    await append(log, [begin("b")]);
    seen.push(news.look().isNew);
    expect(seen).toEqual([false, true, true, false, true]);
    await log.close();
    store.close();
  }));

test("what a process left behind is news at the start, and within a minute of its end", () =>
  withFolder(async (dir) => {
    const store = openStore({ dir, nowMs: () => 0 });
    const folder = segmentsFolderOf(dir);
    const log = await openSegmentLog({ dir: folder, keys: store.segmentKeys, nowMs: () => 0 });
    await append(log, [begin("a")]);
    let now = 0;
    const news = new SegmentNews(folder, () => now);
    news.look();
    news.foundNothing();
    await log.close();
    // Closing writes an end: take it as seen.
    news.look();
    news.foundNothing();
    const soon = news.look().isNew;
    now = 60_000;
    expect([soon, news.look().isNew, new SegmentNews(folder, () => now).look().isNew]).toEqual([
      false,
      true,
      true,
    ]);
    store.close();
  }));
