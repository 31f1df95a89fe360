import { expect, test } from "vitest";
import { LIST_PRICES } from "../../models/index.ts";
import { createMetrics, exposition, type Gauge } from "./prometheus.ts";
import { createTally, OTHER, type Tally } from "./tally.ts";
import { sampleFacts } from "./testing.ts";

const tally = (): Tally => createTally(() => LIST_PRICES, 0);

async function scrape(all: readonly Tally[], gauges: readonly Gauge[] = []): Promise<string[]> {
  const families = await Promise.all(all.map((one) => createMetrics(one, gauges).families()));
  const { text } = await exposition(families);
  return text.split("\n").filter((line) => line.startsWith("understudy_"));
}

test("a call is counted under its surface, server, outcome, tokens and cost", async () => {
  const one = tally();
  one.count(sampleFacts());
  one.count(
    sampleFacts({
      failure: "upstream-timeout",
      status: 504,
      usage: { inputTokens: null, outputTokens: null },
    }),
  );
  one.countRefusal("over-limit");
  const lines = await scrape([one]);
  const provider = 'provider="main",upstream_model="gpt-4o-mini"';
  expect(lines).toEqual(
    expect.arrayContaining([
      'understudy_calls_total{surface="/v1/chat/completions",served_by="provider",outcome="ok"} 1',
      'understudy_calls_total{surface="/v1/chat/completions",served_by="provider",outcome="upstream-timeout"} 1',
      'understudy_decisions_total{task="",served_by="provider",reason="novel"} 2',
      'understudy_provider_attempts_total{provider="main"} 2',
      `understudy_tokens_total{${provider},direction="input"} 1000`,
      `understudy_tokens_total{${provider},direction="output"} 100`,
      // 1000 · 0.15 + 100 · 0.6 per million.
      `understudy_cost_usd_total{${provider}} 0.00021`,
      `understudy_unpriced_calls_total{${provider}} 1`,
      'understudy_refusals_total{code="over-limit"} 1',
    ]),
  );
});

test("the duration's buckets are cumulative and end with the count", async () => {
  const one = tally();
  for (const ms of [5, 100, 100_000]) one.count(sampleFacts({ startedMs: 0, endedMs: ms }));
  const lines = (await scrape([one])).filter((line) => line.startsWith("understudy_call_duration_seconds"));
  const of = (le: string) =>
    lines
      .find((line) => line.includes(`le="${le}"`))
      ?.split(" ")
      .at(-1);
  expect([of("0.01"), of("0.08"), of("0.16"), of("81.92"), of("+Inf")]).toEqual(["1", "1", "2", "2", "3"]);
  expect(lines.find((line) => line.includes("_sum"))).toMatch(/ 100\.105$/);
});

test("several processes are summed up", async () => {
  const both = [tally(), tally()];
  for (const one of both) one.count(sampleFacts());
  const gauge: Gauge = { name: "understudy_in_flight", help: "h", read: () => 3 };
  const lines = await scrape(both, [gauge]);
  expect(lines).toContain(
    'understudy_calls_total{surface="/v1/chat/completions",served_by="provider",outcome="ok"} 2',
  );
  expect(lines).toContain("understudy_in_flight 6");
});

test("what a specialist answers has no tokens and no cost", async () => {
  const one = tally();
  const decision = { servedBy: "specialist", reason: "certified", taskId: "t1", score: 0.99 } as const;
  one.count(
    sampleFacts({
      provider: null,
      upstreamModel: null,
      decision,
      usage: { inputTokens: 0, outputTokens: 0 },
    }),
  );
  const lines = await scrape([one]);
  expect(lines).toContain(
    'understudy_decisions_total{task="t1",served_by="specialist",reason="certified"} 1',
  );
  expect(lines).toContain('understudy_cost_usd_total{provider="",upstream_model=""} 0');
});

test("names that clients make up do not grow the memory", () => {
  const one = tally();
  for (let index = 0; index < 5000; index += 1)
    one.count(
      sampleFacts({
        model: `m${index}`,
        upstreamModel: "x".repeat(5000),
        decision: { servedBy: "provider", reason: "novel", taskId: `t${index}`, score: null },
      }),
    );
  const series = one.series();
  expect(series.length).toBeLessThan(2200);
  expect(series.reduce((sum, { duration }) => sum + duration.count, 0)).toBe(5000);
  expect(series.some(({ model }) => model === OTHER)).toBe(true);
  expect(Math.max(...series.map(({ upstreamModel }) => upstreamModel.length))).toBeLessThan(200);
});

test("a label with quotes, newlines and backslashes is one line", async () => {
  const one = tally();
  one.count(sampleFacts({ upstreamModel: 'a"b\nc\\' }));
  const lines = (await scrape([one])).filter((line) => line.startsWith("understudy_cost_usd_total"));
  expect(lines).toEqual(['understudy_cost_usd_total{provider="main",upstream_model="a\\"b\\nc\\\\"} 0']);
});
