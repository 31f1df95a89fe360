import * as official from "@opentelemetry/semantic-conventions";
import * as incubating from "@opentelemetry/semantic-conventions/incubating";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { silentLog } from "../../core/index.ts";
import { LIST_PRICES } from "../../models/index.ts";
import type { CallFacts } from "../hooks.ts";
import { ATTRIBUTES, METRICS, providerNameOf } from "./conventions.ts";
import { nanos } from "./otlp-json.ts";
import { startTelemetry, type Telemetry } from "./otlp-exporter.ts";
import { createTally } from "./tally.ts";
import { sampleFacts } from "./testing.ts";
import { readTraceparent } from "./trace.ts";

type Posted = { readonly path: string; readonly headers: object; readonly body: Body };
type Body = {
  resourceSpans?: { resource: unknown; scopeSpans: { spans: Span[] }[] }[];
  resourceMetrics?: { scopeMetrics: { metrics: Metric[] }[] }[];
};
type Span = {
  traceId: string;
  parentSpanId?: string;
  name: string;
  attributes: { key: string; value: object }[];
  status: object;
};
type Metric = {
  name: string;
  unit: string;
  histogram: {
    dataPoints: { count: string; sum: number; bucketCounts: string[]; explicitBounds: number[] }[];
  };
};

/** A collector on a free port that takes what comes, or answers with a status. */
async function collector(status = 200): Promise<{ url: string; posted: Posted[] }> {
  const posted: Posted[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      // What this test's exporter has sent.
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Body;
      posted.push({ path: request.url ?? "", headers: request.headers, body });
      response.writeHead(status).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, posted };
}

function exporter(otlpUrl: string): { telemetry: Telemetry; tell: (facts: CallFacts) => void } {
  const tally = createTally(() => LIST_PRICES, 1_700_000_000_000);
  const options = { otlpUrl, headers: { "x-token": "t" }, serviceName: "gate", version: "0.0.0" };
  let ids = 0;
  const telemetry = startTelemetry(options, {
    tally,
    nowMs: () => 1_700_000_001_000,
    log: silentLog,
    providerName: () => providerNameOf("azure"),
    randomHex: (bytes) => (ids += 1).toString(16).padStart(2 * bytes, "0"),
  });
  const tell = (facts: CallFacts): void => {
    tally.count(facts);
    telemetry.observe(facts);
  };
  return { telemetry, tell };
}

async function spansOf(calls: readonly CallFacts[]): Promise<Span[]> {
  const { url, posted } = await collector();
  const { telemetry, tell } = exporter(url);
  for (const facts of calls) tell(facts);
  await telemetry.close();
  return posted.flatMap(({ body }) =>
    (body.resourceSpans ?? []).flatMap(({ scopeSpans }) => scopeSpans[0].spans),
  );
}

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";

test("the names are those of the official package", () => {
  const known = new Set<unknown>([
    ...Object.values<unknown>(official),
    ...Object.values<unknown>(incubating),
  ]);
  expect(
    [...Object.values(ATTRIBUTES), ...Object.values(METRICS)].filter((name) => !known.has(name)),
  ).toEqual([]);
  const types = ["openai", "anthropic", "azure", "gemini", "bedrock"].map((type) => providerNameOf(type));
  expect(types.filter((name) => !known.has(name))).toEqual([]);
});

test("a call is a span with the conventions' attributes, in the caller's trace", async () => {
  const [span] = await spansOf([sampleFacts({ traceparent: `00-${TRACE}-${PARENT}-01` })]);
  expect(span).toMatchObject({
    traceId: TRACE,
    parentSpanId: PARENT,
    name: "chat fast",
    kind: 3,
    status: {},
  });
  expect(span).toMatchObject({
    startTimeUnixNano: "1700000000000000000",
    endTimeUnixNano: "1700000000100000000",
  });
  expect(Object.fromEntries(span.attributes.map(({ key, value }) => [key, value]))).toMatchObject({
    "gen_ai.operation.name": { stringValue: "chat" },
    "gen_ai.provider.name": { stringValue: "azure.ai.openai" },
    "gen_ai.request.model": { stringValue: "fast" },
    "gen_ai.response.model": { stringValue: "gpt-4o-mini" },
    "gen_ai.usage.input_tokens": { intValue: "1000" },
    "gen_ai.usage.output_tokens": { intValue: "100" },
    "gen_ai.conversation.id": { stringValue: "session-1" },
  });
});

test("a call that failed is an error with its type; an unsampled one is not told; a bad traceparent begins a trace", async () => {
  const spans = await spansOf([
    sampleFacts({ failure: "upstream-timeout", status: 504 }),
    sampleFacts({ traceparent: `00-${TRACE}-${PARENT}-00` }),
    sampleFacts({ traceparent: "nonsense", status: 429 }),
  ]);
  const types = spans.map(({ attributes }) => attributes.find(({ key }) => key === "error.type")?.value);
  expect(types).toEqual([{ stringValue: "upstream-timeout" }, { stringValue: "429" }]);
  expect(spans.map(({ status, parentSpanId }) => [status, parentSpanId])).toEqual([
    [{ code: 2 }, undefined],
    [{ code: 2 }, undefined],
  ]);
});

test("metrics are histograms of the conventions, with counts for every bucket", async () => {
  const { url, posted } = await collector();
  const { telemetry, tell } = exporter(url);
  tell(sampleFacts());
  tell(sampleFacts({ isStream: true }));
  await telemetry.close();
  const metrics = posted.flatMap(({ body }) => body.resourceMetrics?.[0].scopeMetrics[0].metrics ?? []);
  expect(metrics.map(({ name, unit }) => [name, unit])).toEqual([
    ["gen_ai.client.operation.duration", "s"],
    ["gen_ai.client.token.usage", "{token}"],
    ["gen_ai.server.request.duration", "s"],
    ["gen_ai.server.time_to_first_token", "s"],
  ]);
  const [point] = metrics[0].histogram.dataPoints;
  expect([point.count, point.sum, point.bucketCounts.length]).toEqual([
    "2",
    0.2,
    point.explicitBounds.length + 1,
  ]);
  expect(metrics[1].histogram.dataPoints.map(({ sum }) => sum)).toEqual([2000, 200]);
  expect(posted.map(({ path }) => path).sort()).toEqual(["/v1/metrics", "/v1/traces"]);
  expect(posted[0].headers).toMatchObject({ "x-token": "t", "content-type": "application/json" });
});

test("without a collector calls wait up to a bound, and the rest are counted", async () => {
  const { telemetry, tell } = exporter("http://127.0.0.1:1");
  for (let index = 0; index < 5000; index += 1) tell(sampleFacts());
  expect(telemetry.dropped()).toBe(5000 - 4096);
  await telemetry.close();
});

test("a collector that refuses for good costs the batch, not the memory", async () => {
  const { url } = await collector(400);
  const { telemetry, tell } = exporter(url);
  for (let index = 0; index < 300; index += 1) tell(sampleFacts());
  await telemetry.close();
  expect(telemetry.dropped()).toBe(300);
});

test.each([
  ["none", null],
  ["empty", ""],
  ["version ff", `ff-${TRACE}-${PARENT}-01`],
  ["more in version 00", `00-${TRACE}-${PARENT}-01-x`],
  ["a trace of zeros", `00-${"0".repeat(32)}-${PARENT}-01`],
  ["a parent of zeros", `00-${TRACE}-${"0".repeat(16)}-01`],
  ["capitals", `00-${TRACE.toUpperCase()}-${PARENT}-01`],
])("readTraceparent() refuses %s", (_, header) => expect(readTraceparent(header)).toBeNull());

test("readTraceparent() reads a later version that has more", () => {
  expect(readTraceparent(`01-${TRACE}-${PARENT}-01-more`)).toEqual({
    traceId: TRACE,
    parentId: PARENT,
    isSampled: true,
  });
});

test("nanos() is exact", () => expect(nanos(1_700_000_000_123.456)).toBe("1700000000123456000"));
