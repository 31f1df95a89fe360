import { afterEach, describe, expect, test, vi } from "vitest";
import { BUSY_GAP_MS, GroupQueue } from "./queue.ts";
import { callRecords } from "./testing.ts";

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

  test("waits a little longer under load, so that a group holds many", async () => {
    const { groups, longestMs } = await groupsAt(3, 1, 100);
    expect(Math.max(...groups.slice(-10))).toBeGreaterThanOrEqual(3 * BUSY_GAP_MS);
    expect(longestMs).toBeLessThanOrEqual(BUSY_GAP_MS);
  });
});
