import { describe, expect, test } from "vitest";
import { LIST_PRICES } from "../prices.ts";
import { scriptedProvider } from "../scripted.ts";
import { FAILURES_TO_OPEN, FIRST_REST_MS } from "./breaker.ts";
import type { MadeAnswer, MadeQuestion } from "./in-process.ts";
import { ask, chain, failing, inTurn, ok, said, unreachable, withKeys } from "./testing.ts";
import { createUpstreams, type Upstreams } from "./upstreams.ts";

describe("a target that fails before it answers", () => {
  test.each<[string, MadeAnswer]>([
    ["429", failing(429)],
    ["500", failing(500)],
    ["503", failing(503)],
    ["529", failing(529)],
    ["401, its only key being refused", failing(401)],
    ["no connection", unreachable],
    [
      "a stream that begins with an error",
      { isStream: true, pieces: ['data: {"error":{"message":"busy"}}\n\n'] },
    ],
    [
      "a stream that ends before its first piece",
      { isStream: true, pieces: [], failure: { code: "upstream-broken", message: "x" } },
    ],
  ])("is followed by the next: %s", async (_, answer) => {
    const first = inTurn("a", answer);
    const seen = await ask(chain([first, inTurn("b", ok)]), { isStream: answer.isStream ?? false });
    expect(said(seen)).toBe("b: head 200, end");
    expect(seen.bytes).toBe('{"choices":[]}');
  });

  test.each([400, 404, 422])(
    "is not followed by another when it says %i: the request is to blame",
    async (status) => {
      const next = inTurn("b", ok);
      const seen = await ask(chain([inTurn("a", failing(status)), next]));
      expect([said(seen), next.asked.length]).toEqual([`a: head ${status}, end`, 0]);
    },
  );

  test("is repeated as often as the config says, then the next is asked", async () => {
    const first = inTurn("a", failing(503, { "retry-after-ms": "1" }));
    const seen = await ask(chain([first, inTurn("b", ok)], { retries: 2 }));
    expect([first.asked.length, said(seen), seen.attempts]).toEqual([3, "b: head 200, end", 4]);
  });

  test("is not waited for when it asks for longer than a moment and another is left", async () => {
    const first = inTurn("a", failing(429, { "retry-after": "30" }), ok);
    expect(said(await ask(chain([first, inTurn("b", ok)], { retries: 3 })))).toBe("b: head 200, end");
    expect(first.asked.length).toBe(1);
  });

  test("gives its own answer when nothing is left to try", async () => {
    const seen = await ask(
      chain([inTurn("a", unreachable), inTurn("b", failing(429, { "retry-after": "60" }))], { retries: 1 }),
    );
    expect([said(seen), seen.bytes]).toEqual(["b: head 429, end", '{"error":{"message":"429"}}']);
  });

  test("that says that repeating is of no use is not repeated", async () => {
    const only = inTurn("a", failing(500, { "x-should-retry": "false" }), ok);
    expect(said(await ask(chain([only], { retries: 3 })))).toBe("a: head 500, end");
  });

  test("takes no more repeats from all calls together than the budget has", async () => {
    const only = inTurn("a", failing(503, { "retry-after-ms": "0" }));
    const upstreams = chain([only], { retries: 3 });
    for (let at = 0; at < 20; at += 1) await ask(upstreams);
    // 20 calls, 10 repeats that are always there, one for every five calls.
    expect(only.asked.length).toBeLessThanOrEqual(20 + 10 + 4);
    expect(only.asked.length).toBeGreaterThan(20);
  });
});

test("what has begun to reach the client is not repeated", async () => {
  const breaks: MadeAnswer = {
    isStream: true,
    pieces: ["data: {}\n\n"],
    failure: { code: "upstream-broken", message: "cut" },
  };
  const next = inTurn("b", ok);
  const seen = await ask(chain([inTurn("a", breaks), next], { retries: 3 }), { isStream: true });
  expect([said(seen), next.asked.length]).toEqual(["a: head 200, fail upstream-broken", 0]);
});

test("a client that leaves between two attempts ends the call", async () => {
  const only = inTurn("a", failing(503, { "retry-after": "5" }), ok);
  const upstreams = chain([only], { retries: 3 });
  const left = new Promise<string>((resolve) => {
    const exchange = upstreams.ask(
      {
        operation: "generate",
        protocol: "chat",
        model: "m",
        isStream: false,
        body: Buffer.from("{}"),
        headers: {},
        query: "",
        hasOwnKey: false,
        session: null,
        pins: [],
        request: null,
      },
      {
        counted: () => undefined,
        chosen: () => {},
        head: () => {},
        data: () => true,
        end: () => resolve("end"),
        fail: (code) => resolve(code),
      },
    );
    setImmediate(() => exchange.cancel());
  });
  expect([await left, only.asked.length]).toEqual(["cancelled", 1]);
});

describe("several keys of one provider", () => {
  const byKey = (refused: { readonly [key: string]: MadeAnswer }): ReturnType<typeof scriptedProvider> =>
    scriptedProvider(({ key }: MadeQuestion) => refused[key ?? ""] ?? ok, "a");

  test.each([401, 403, 429])(
    "the next is used when one is answered with %i, and the first is left alone",
    async (status) => {
      const provider = byKey({ k0: failing(status), k1: failing(status) });
      const clock = { nowMs: 0 };
      const upstreams = chain([withKeys(provider, ["k0", "k1", "k2"])], { clock });
      expect(said(await ask(upstreams, { session: { id: "s" } }))).toBe("a: head 200, end");
      const used = provider.asked.length;
      await ask(upstreams, { session: { id: "s" } });
      expect(provider.asked.length).toBe(used + 1);
    },
  );

  test("all refused: the last answer is given", async () => {
    const provider = byKey({ k0: failing(401), k1: failing(401) });
    const seen = await ask(chain([withKeys(provider, ["k0", "k1"])]));
    expect([said(seen), provider.asked.length]).toEqual(["a: head 401, end", 2]);
  });

  test("a session keeps its key, and sessions are dealt out over all keys", async () => {
    const provider = byKey({});
    const upstreams = chain([withKeys(provider, ["k0", "k1", "k2"])]);
    const keyOf = async (session: string): Promise<string | null> => {
      await ask(upstreams, { session: { id: session } });
      return provider.asked.at(-1)?.key ?? null;
    };
    const names = Array.from({ length: 30 }, (_, at) => `session ${at}`);
    const once: (string | null)[] = [];
    const again: (string | null)[] = [];
    for (const name of names) once.push(await keyOf(name));
    for (const name of names) again.push(await keyOf(name));
    expect(again).toEqual(once);
    expect(new Set(once).size).toBe(3);
  });
});

describe("the circuit breaker", () => {
  async function failed(
    answer: MadeAnswer,
  ): Promise<{ clock: { nowMs: number }; upstreams: Upstreams; only: ReturnType<typeof scriptedProvider> }> {
    const clock = { nowMs: 0 };
    const only = inTurn("a", ...Array.from({ length: FAILURES_TO_OPEN }, () => answer), ok);
    const upstreams = chain([only], { clock });
    for (let at = 0; at < FAILURES_TO_OPEN; at += 1) await ask(upstreams);
    return { clock, upstreams, only };
  }

  test("refuses at once when a target did not answer at all, and lets one call through after its rest", async () => {
    const { clock, upstreams, only } = await failed(unreachable);
    expect((await ask(upstreams)).said).toEqual(["fail overloaded"]);
    expect(only.asked.length).toBe(FAILURES_TO_OPEN);
    clock.nowMs = FIRST_REST_MS;
    const both = await Promise.all([ask(upstreams), ask(upstreams)]);
    expect(both.map((seen) => seen.said.join(", "))).toEqual(["head 200, end", "fail overloaded"]);
    expect((await ask(upstreams)).said).toEqual(["head 200", "end"]);
  });

  test("still asks the only target when it answers with errors: they say why", async () => {
    const { upstreams } = await failed(failing(500));
    expect((await ask(upstreams)).said).toEqual(["head 200", "end"]);
  });

  test("keeps calls away from a failing target while another is left", async () => {
    const first = inTurn("a", failing(500));
    const upstreams = chain([first, inTurn("b", ok)]);
    for (let at = 0; at < FAILURES_TO_OPEN + 10; at += 1) await ask(upstreams);
    expect(first.asked.length).toBe(FAILURES_TO_OPEN);
  });

  test("is not held open by a probe whose client left", async () => {
    const { clock, upstreams } = await failed(unreachable);
    clock.nowMs = FIRST_REST_MS;
    const question = {
      operation: "generate",
      protocol: "chat",
      model: "m",
      isStream: false,
      body: Buffer.from("{}"),
      headers: {},
      query: "",
      hasOwnKey: false,
      session: null,
      pins: [],
      request: null,
    } as const;
    upstreams
      .ask(question, {
        counted: () => {},
        chosen: () => {},
        head: () => {},
        data: () => true,
        end: () => {},
        fail: () => {},
      })
      .cancel();
    expect((await ask(upstreams)).said).toEqual(["head 200", "end"]);
  });
});

describe("session safety", () => {
  const models = ["gpt-4.1", "claude-sonnet-4"];
  const long = {
    body: Buffer.from(JSON.stringify({ model: "m", pad: "x".repeat(20_000) })),
    session: { id: "s" },
  };

  /** The first target fails once, so that the second makes a tool call. */
  async function moved(): Promise<{
    upstreams: Upstreams;
    clock: { nowMs: number };
    first: ReturnType<typeof scriptedProvider>;
    second: ReturnType<typeof scriptedProvider>;
  }> {
    const clock = { nowMs: 0 };
    const first = inTurn("a", failing(503), ok);
    const second = inTurn("b", ok, failing(503));
    const upstreams = chain([first, second], { models, clock });
    const { place } = await ask(upstreams, long);
    if (place !== null) upstreams.remember(["call_1", "resp_1"], place);
    return { upstreams, clock, first, second };
  }

  test.each([
    ["a tool result", "call_1"],
    ["what goes on from a response", "resp_1"],
  ])("%s goes to the model that made it, and to no other when that fails", async (_, pin) => {
    const { upstreams, first, second } = await moved();
    const seen = await ask(upstreams, { pins: [pin] });
    expect([said(seen), first.asked.length, second.asked.length]).toEqual(["b: head 503, end", 1, 2]);
  });

  test("of an id that nobody made, the order of the config holds", async () => {
    const { upstreams } = await moved();
    expect(said(await ask(upstreams, { pins: ["call_unknown"] }))).toBe("a: head 200, end");
  });

  test("a session with a long prompt stays where it is cached", async () => {
    const { upstreams, second } = await moved();
    await ask(upstreams, long);
    expect(second.asked.length).toBe(2);
  });

  test.each([
    ["with a short prompt", { ...long, body: Buffer.from("{}") }, 0],
    ["after the cache is gone", long, 6 * 60_000],
  ])("a session %s returns to the first target", async (_, fields, afterMs) => {
    const { upstreams, clock } = await moved();
    clock.nowMs += afterMs;
    expect(said(await ask(upstreams, fields))).toBe("a: head 200, end");
  });
});

test("createUpstreams() names the provider that a model's targets lack", () => {
  const options = { defaultProvider: null, prices: LIST_PRICES, nowMs: () => 0, random: () => 0 };
  const models = { m: { targets: [{ provider: "nobody", model: null }], retries: 0 } };
  expect(() => createUpstreams({ ...options, providers: [inTurn("a", ok)], models })).toThrow(
    'there is no provider "nobody", only a',
  );
});
