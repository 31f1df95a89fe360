import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HouseError } from "../../core/index.ts";
import { memoryBank, type Bank } from "./bank.ts";
import { createBudgets, type Ask, type Budgets, type Held } from "./budgets.ts";
import type { Limit } from "./rules.ts";
import { windowAt } from "./window.ts";

const START_MS = Date.UTC(2026, 0, 31, 23, 59, 30);
const ask: Ask = { keyId: "k", taskId: "t", model: "m", inputTokens: 60, outputTokens: 40 };
const priceOf = (model: string) => (model === "unknown" ? null : { inputUsd: 1, outputUsd: 10 });

type Setup = { bank?: Bank; now?: () => number };

function budgets(
  limits: readonly Limit[],
  { bank = memoryBank(), now = () => START_MS }: Setup = {},
): Budgets {
  return createBudgets(limits, { bank, priceOf, nowMs: now });
}

const taken = (one: Budgets, asked: Ask = ask): Held => {
  const held = one.reserve(asked);
  if ("code" in held) throw new Error(held.message);
  return held;
};
const isTaken = (one: Budgets, asked: Ask = ask): boolean => "settle" in one.reserve(asked);
const count = (n: number, work: () => boolean): number =>
  Array.from({ length: n }, work).filter(Boolean).length;

describe("reserve()", () => {
  test("takes as many requests as allowed, then says when", () => {
    const one = budgets([{ per: "minute", requests: 3 }]);
    for (let index = 0; index < 3; index += 1)
      taken(one).settle({ inputTokens: 1, outputTokens: 1 }, "provider");
    expect(one.reserve(ask)).toEqual({
      code: "over-limit",
      message: "Cannot take the call: the budget of 3 requests per minute for all calls is used up",
      retryAfterS: 30,
    });
  });
  test("says to try again soon while calls in flight hold what is left", () => {
    const one = budgets([{ per: "month", tokens: 150 }]);
    const held = taken(one);
    expect(one.reserve(ask)).toMatchObject({ code: "over-limit", retryAfterS: 1 });
    held.settle({ inputTokens: 30, outputTokens: 10 }, "provider");
    expect(isTaken(one)).toBe(true);
  });
  test("counts money by the dearest of the models that may answer, and by the one that did", () => {
    // 60 · 1 + 40 · 10 = 460 USD per million: 0.00046 USD.
    const one = budgets([{ per: "day", usd: 0.001 }]);
    taken(one).settle({ inputTokens: 60, outputTokens: 40 }, "provider", "m");
    taken(one).settle({ inputTokens: 60, outputTokens: 40 }, "provider", "m");
    expect(one.reserve(ask)).toMatchObject({ code: "over-limit" });
  });
  test("refuses under a budget in money what it cannot price", () => {
    const one = budgets([{ per: "day", usd: 5 }]);
    expect(one.reserve({ ...ask, targets: ["m", "unknown"] })).toMatchObject({ code: "forbidden" });
    expect(isTaken(budgets([{ per: "day", tokens: 500 }]), { ...ask, model: "unknown" })).toBe(true);
  });
  test("says plainly that a call is larger than the whole budget, without a time to wait", () => {
    const refusal = budgets([{ per: "day", tokens: 99 }]).reserve(ask);
    expect(refusal).toMatchObject({ message: expect.stringMatching(/alone it may need more/) });
    expect(refusal).not.toHaveProperty("retryAfterS");
  });
  test("each counts every key for itself; a key, a task and a model select", () => {
    const each = budgets([{ each: "key", per: "day", requests: 1 }]);
    expect([isTaken(each), isTaken(each), isTaken(each, { ...ask, keyId: "l" })]).toEqual([
      true,
      false,
      true,
    ]);
    const one = budgets([{ key: "k", task: "t", model: "m", per: "day", requests: 1 }]);
    taken(one);
    const asks: Ask[] = [ask, { ...ask, keyId: "l" }, { ...ask, taskId: null }, { ...ask, model: "n" }];
    expect(asks.map((asked) => isTaken(one, asked))).toEqual([false, true, true, true]);
  });
  test("a refusal by one limit takes nothing from the others", () => {
    const one = budgets([
      { per: "day", requests: 2 },
      { model: "m", per: "day", requests: 1 },
    ]);
    expect([isTaken(one), isTaken(one), isTaken(one), isTaken(one, { ...ask, model: "n" })]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });
  test("without limits nothing is counted", () => expect(count(1000, () => isTaken(budgets([])))).toBe(1000));
  test("does not take what the store cannot count", () => {
    const broken: Bank = {
      update: () => {
        throw new HouseError("store-busy", "held");
      },
    };
    expect(budgets([{ per: "day", requests: 5 }], { bank: broken }).reserve(ask)).toMatchObject({
      code: "overloaded",
      retryAfterS: 1,
    });
  });
});

describe("settle() and release()", () => {
  test("a released call leaves nothing behind", () => {
    const one = budgets([{ per: "day", requests: 1, tokens: 100, usd: 1 }]);
    for (let index = 0; index < 100; index += 1) taken(one).release();
    expect(isTaken(one)).toBe(true);
  });
  test("a second end of a call changes nothing", () => {
    const one = budgets([{ per: "day", requests: 2 }]);
    const held = taken(one);
    held.settle({ inputTokens: 1, outputTokens: 1 }, "provider");
    held.release();
    held.release();
    expect([isTaken(one), isTaken(one)]).toEqual([true, false]);
  });
  test("unknown usage keeps what was reserved; a specialist's answer is a request without tokens", () => {
    const one = budgets([{ per: "day", tokens: 200 }]);
    taken(one).settle({ inputTokens: null, outputTokens: null }, "provider");
    taken(one).settle({ inputTokens: 0, outputTokens: 0 }, "specialist");
    expect([isTaken(one), isTaken(one)]).toEqual([true, false]);
  });
  test("what a call takes beyond its reservation is charged", () => {
    const one = budgets([{ per: "day", tokens: 1000 }]);
    taken(one).settle({ inputTokens: 950, outputTokens: 0 }, "provider");
    expect(isTaken(one)).toBe(false);
  });
});

describe("windows", () => {
  test("windowAt() ends where the calendar does, in UTC", () => {
    const ends = (["minute", "hour", "day", "month"] as const).map((per) =>
      new Date(windowAt(per, START_MS).endMs).toISOString(),
    );
    expect(new Set(ends)).toEqual(new Set(["2026-02-01T00:00:00.000Z"]));
    expect(new Date(windowAt("month", START_MS).startMs).toISOString()).toBe("2026-01-01T00:00:00.000Z");
  });
  test("a new window begins with all of it, also while a call of the last one is open", () => {
    let now = START_MS;
    const one = budgets([{ per: "minute", tokens: 100 }], { now: () => now });
    const held = taken(one);
    now += 30_000;
    const next = taken(one);
    held.settle({ inputTokens: 5000, outputTokens: 0 }, "provider");
    one.balance();
    next.release();
    expect(isTaken(one)).toBe(true);
  });
});

describe("update()", () => {
  test("a raised limit keeps its count", () => {
    const one = budgets([{ per: "day", requests: 2 }]);
    taken(one);
    taken(one);
    one.update([{ per: "day", requests: 5 }]);
    expect(count(10, () => isTaken(one))).toBe(3);
  });
});

describe("several processes over one bank", () => {
  test("together they take exactly what is allowed", () => {
    const bank = memoryBank();
    const all = [1, 2, 3].map(() => budgets([{ per: "day", requests: 100 }], { bank }));
    let granted = 0;
    for (let round = 0; round < 200; round += 1) {
      if (isTaken(all[round % 3])) granted += 1;
      if (round % 10 === 9) for (const one of all) one.balance();
    }
    expect(granted).toBe(100);
  });
  test("a process that dies takes only the part it held", () => {
    const bank = memoryBank();
    const dead = budgets([{ per: "day", requests: 160 }], { bank });
    taken(dead);
    expect(count(300, () => isTaken(budgets([{ per: "day", requests: 160 }], { bank })))).toBeLessThanOrEqual(
      150,
    );
    const heir = budgets([{ per: "day", requests: 1600 }], { bank: memoryBank() });
    expect(count(2000, () => isTaken(heir))).toBe(1600);
  });
});

/** What may happen, drawn: processes ask, calls end in every way, parts are balanced, time goes on, a process dies. */
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant("ask" as const),
      process: fc.nat(2),
      input: fc.nat(60),
      output: fc.nat(60),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("end" as const),
      at: fc.nat(50),
      share: fc.constantFrom(0, 0.3, 1, null),
      how: fc.constantFrom("settle" as const, "release" as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("balance" as const), process: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("die" as const), process: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("time" as const), ms: fc.nat(40_000) }) },
);

test("laws: never over the limit in any window, nothing leaks, and what fits an unused budget is taken", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 120 }),
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 1, max: 12 }),
      (steps, tokens, requests) => {
        let now = START_MS;
        const bank = memoryBank();
        const limits: Limit[] = [{ per: "minute", tokens, requests }];
        const make = () => budgets(limits, { bank, now: () => now });
        const processes = [make(), make(), make()];
        type Open = { held: Held; input: number; output: number; window: number };
        let open: Open[] = [];
        const used = new Map<number, { tokens: number; requests: number }>();
        const inWindow = (window: number) => {
          const before = used.get(window) ?? { tokens: 0, requests: 0 };
          used.set(window, before);
          return before;
        };
        for (const one of steps) {
          if (one.type === "time") now += one.ms;
          else if (one.type === "balance") processes[one.process].balance();
          else if (one.type === "die") processes[one.process] = make();
          else if (one.type === "ask") {
            const held = processes[one.process].reserve({
              ...ask,
              inputTokens: one.input,
              outputTokens: one.output,
            });
            const window = windowAt("minute", now).startMs;
            if ("settle" in held) open.push({ held, input: one.input, output: one.output, window });
          } else if (open.length > 0) {
            const [call] = open.splice(one.at % open.length, 1);
            if (one.how === "release") call.held.release();
            else {
              const part = (n: number) => (one.share === null ? null : Math.floor(n * one.share));
              const usage = { inputTokens: part(call.input), outputTokens: part(call.output) };
              call.held.settle(usage, "provider");
              const window = inWindow(call.window);
              window.requests += 1;
              window.tokens += (usage.inputTokens ?? call.input) + (usage.outputTokens ?? call.output);
            }
          }
          // What is used and what may yet be, in every window.
          for (const window of new Set([...used.keys(), ...open.map((call) => call.window)])) {
            const calls = open.filter((call) => call.window === window);
            const sum = inWindow(window);
            expect(sum.requests + calls.length).toBeLessThanOrEqual(requests);
            expect(
              sum.tokens + calls.reduce((total, { input, output }) => total + input + output, 0),
            ).toBeLessThanOrEqual(tokens);
          }
        }
        // Nothing leaks: with all calls given back and no process dead, a new window takes its full count.
        for (const { held } of open) held.release();
        open = [];
        now = windowAt("minute", now).endMs;
        const fresh = processes[0];
        for (const one of processes) one.balance();
        expect(count(requests + 3, () => isTaken(fresh, { ...ask, inputTokens: 0, outputTokens: 0 }))).toBe(
          requests,
        );
      },
    ),
    { seed: 5, numRuns: 300 },
  );
});
