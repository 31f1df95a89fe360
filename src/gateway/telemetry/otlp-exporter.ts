import { Agent, request } from "undici";
import type { Log } from "../../core/index.ts";
import type { CallFacts, Observer } from "../hooks.ts";
import { ATTRIBUTES, SCHEMA_URL } from "./conventions.ts";
import { attributes } from "./otlp-json.ts";
import { metricsOf } from "./otlp-metrics.ts";
import { spanOf, type SpanDeps } from "./spans.ts";
import type { Tally } from "./tally.ts";

/** Calls that wait to be told; more are not told, and counted: an observer must not hold memory when nobody listens. */
const MAX_WAITING = 4096;
/** Written out at once: about 2 ms of the serving thread. */
const MAX_BATCH = 256;
const SPANS_EVERY_MS = 1000;
const METRICS_EVERY_MS = 30_000;
/** At the end, what is left is sent within this. */
const TIMEOUT_MS = 5000;
/** After this many batches that nobody took in a row, one is dropped. */
const MAX_ATTEMPTS = 3;
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export type TelemetryOptions = {
  /** `http://127.0.0.1:4318`: the paths of the signals are added. */
  readonly otlpUrl: string;
  readonly headers: { readonly [name: string]: string };
  readonly serviceName: string;
  readonly version: string;
};

export type TelemetryDeps = SpanDeps & {
  readonly tally: Tally;
  readonly nowMs: () => number;
  readonly log: Log;
};

export type Telemetry = {
  readonly observe: Observer;
  /** Calls that were never told. */
  readonly dropped: () => number;
  close(): Promise<void>;
};

/**
 * Spans and metrics over OTLP/HTTP. Our own small exporter: a call's facts come all at once when it has ended, so a span is one object and
 * one JSON text per batch; the official SDK (28 packages) keeps live spans, contexts and aggregations that would run in every call for
 * the same bytes. The names are those of the official package, and a test says so.
 */
export function startTelemetry(options: TelemetryOptions, deps: TelemetryDeps): Telemetry {
  const { tally, nowMs } = deps;
  const { post, resource, scope, close } = senderOf(options, deps);
  const waiting: CallFacts[] = [];
  let dropped = 0;
  let attempts = 0;
  let sending: Promise<void> | null = null;

  const sendSpans = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MAX_BATCH);
      const spans = batch.map((facts) => spanOf(facts, deps)).filter((span) => span !== null);
      const body = { resourceSpans: [{ resource, scopeSpans: [{ scope, spans, schemaUrl: SCHEMA_URL }] }] };
      const outcome = spans.length === 0 ? "taken" : await post("/v1/traces", body);
      attempts = outcome === "later" ? attempts + 1 : 0;
      // The next round tries again, a few times.
      if (outcome === "later" && attempts < MAX_ATTEMPTS) return;
      if (outcome !== "taken") dropped += spans.length;
      attempts = 0;
      waiting.splice(0, batch.length);
    }
  };
  const sendMetrics = async (): Promise<void> => {
    const metrics = metricsOf(tally, nowMs(), deps.providerName);
    if (metrics.length === 0) return;
    const body = {
      resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics, schemaUrl: SCHEMA_URL }] }],
    };
    // Cumulative: what is lost now is in the next.
    await post("/v1/metrics", body);
  };
  const spanTimer = setInterval(() => {
    sending ??= sendSpans().finally(() => (sending = null));
  }, SPANS_EVERY_MS);
  let sendingMetrics: Promise<void> | null = null;
  const metricTimer = setInterval(() => {
    sendingMetrics ??= sendMetrics().finally(() => (sendingMetrics = null));
  }, METRICS_EVERY_MS);
  spanTimer.unref();
  metricTimer.unref();
  return {
    dropped: () => dropped,
    observe(facts) {
      if (waiting.length < MAX_WAITING) waiting.push(facts);
      else dropped += 1;
    },
    async close() {
      clearInterval(spanTimer);
      clearInterval(metricTimer);
      await Promise.all([sending, sendingMetrics]);
      await Promise.all([sendSpans(), sendMetrics()]);
      await close();
    },
  };
}

type Outcome = "taken" | "later" | "never";

/** Where to, and who says it. */
function senderOf(options: TelemetryOptions, { log, randomHex }: TelemetryDeps) {
  const agent = new Agent({ connections: 2, connect: { timeout: TIMEOUT_MS } });
  const base = options.otlpUrl.replace(/\/+$/, "");
  const resource = {
    attributes: attributes({
      [ATTRIBUTES.serviceName]: options.serviceName,
      [ATTRIBUTES.serviceVersion]: options.version,
      [ATTRIBUTES.serviceInstance]: randomHex(8),
    }),
  };
  const post = async (path: string, body: object): Promise<Outcome> => {
    try {
      const response = await request(`${base}${path}`, {
        method: "POST",
        headers: { ...options.headers, "content-type": "application/json" },
        body: JSON.stringify(body),
        dispatcher: agent,
        headersTimeout: TIMEOUT_MS,
        bodyTimeout: TIMEOUT_MS,
      });
      await response.body.dump();
      if (response.statusCode < 300) return "taken";
      log.warn({ event: "telemetry-refused", path, status: response.statusCode });
      return RETRYABLE.has(response.statusCode) ? "later" : "never";
    } catch (error) {
      log.warn({ event: "telemetry-unreachable", path, message: (error as Error).message });
      return "later";
    }
  };
  return {
    resource,
    scope: { name: "understudy", version: options.version },
    post,
    close: () => agent.close(),
  };
}
