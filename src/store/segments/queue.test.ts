import { afterEach, describe, expect, test, vi } from "vitest";
import { BUSY_GAP_MS, FULL_GAP_MS, GroupQueue, LATER_MS } from "./queue.ts";
import { callRecords } from "./testing.ts";
import type { AppendWhen, SegmentRecord } from "./types.ts";

afterEach(() => {
  vi.useRealTimers();
});

/** Groups written while so many calls come at every step, and the longest that one waited. */
async function groupsAt(calls: number, everyMs: number, steps: number) {
  vi.useFakeTimers();
  const groups: number[] = [];
  let longestMs = 0;
  const queue = new GroupQueue({
    nowMs: () => Date.now(),
    maxWaitingBytes: 1e9,
    stallMs: 1e6,
    write: (records) => {
      groups.push(records.length / 2);
      return Promise.resolve(null);
    },
  });
  for (let step = 0; step < steps; step += 1) {
    for (let call = 0; call < calls; call += 1) {
      const sinceMs = Date.now();
      queue.append(callRecords(`${step}-${call}`), () => {
        longestMs = Math.max(longestMs, Date.now() - sinceMs);
      });
    }
    await vi.advanceTimersByTimeAsync(everyMs);
  }
  return { groups, longestMs };
}

describe("GroupQueue", () => {
  test("writes a call at once when calls are rare", async () => {
    const { groups, longestMs } = await groupsAt(1, 3, 50);
    expect({ groups, longestMs }).toEqual({ groups: Array.from({ length: 50 }, () => 1), longestMs: 0 });
  });

  test.each([
    { calls: 2, gapMs: BUSY_GAP_MS },
    { calls: 3, gapMs: FULL_GAP_MS },
  ])(
    "waits a little longer under load, so that a group holds many: $calls a ms",
    async ({ calls, gapMs }) => {
      const { groups, longestMs } = await groupsAt(calls, 1, 100);
      expect(Math.max(...groups.slice(-10))).toBeGreaterThanOrEqual(calls * gapMs);
      expect(longestMs).toBeLessThanOrEqual(gapMs);
    },
  );

  describe("what nobody waits for", () => {
    function queueOf() {
      vi.useFakeTimers();
      const groups: string[][] = [];
      const write = (records: readonly SegmentRecord[]): Promise<null> => {
        groups.push([...new Set(records.map(({ callId }) => callId))]);
        return Promise.resolve(null);
      };
      const queue = new GroupQueue({ nowMs: () => Date.now(), maxWaitingBytes: 1e9, stallMs: 1e6, write });
      const add = (id: string, when: AppendWhen): void => queue.append(callRecords(id), () => {}, when);
      return { groups, queue, add };
    }

    test("is written together, a moment later", async () => {
      const { groups, add } = queueOf();
      add("a", "later");
      await vi.advanceTimersByTimeAsync(LATER_MS - 1);
      add("b", "later");
      expect(groups).toEqual([]);
      await vi.advanceTimersByTimeAsync(1);
      expect(groups).toEqual([["a", "b"]]);
    });

    test("goes with what somebody waits for, which waits no longer for it", async () => {
      const { groups, add } = queueOf();
      add("a", "later");
      add("b", "now");
      await vi.advanceTimersByTimeAsync(0);
      expect(groups).toEqual([["a", "b"]]);
      await vi.advanceTimersByTimeAsync(10 * LATER_MS);
      expect(groups).toHaveLength(1);
    });

    test("is written when the log is closed", async () => {
      const { groups, queue, add } = queueOf();
      add("a", "later");
      const closed = queue.close();
      await vi.advanceTimersByTimeAsync(LATER_MS);
      expect(await closed).toBe(true);
      expect(groups).toEqual([["a"]]);
    });
  });
});
