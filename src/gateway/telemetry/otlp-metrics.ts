import { ATTRIBUTES, METRICS, operationName } from "./conventions.ts";
import { createHistogram, merge, type Histogram } from "./histogram.ts";
import { attributes, nanos, type Attribute } from "./otlp-json.ts";
import { OURSELVES } from "./spans.ts";
import type { Series, Tally } from "./tally.ts";

const CUMULATIVE = 2;

type Point = { readonly attributes: readonly Attribute[]; readonly histogram: Histogram };

/** The tally as metrics of the conventions, in OTLP's JSON form: `client` is what providers did for us, `server` what we did. */
export function metricsOf(
  tally: Tally,
  nowMs: number,
  providerName: (provider: string) => string,
): readonly object[] {
  const all = tally.series();
  const byProvider = all.filter(({ provider }) => provider !== "");
  const times = { startTimeUnixNano: nanos(tally.startedMs), timeUnixNano: nanos(nowMs) };
  const common = (one: Series) => ({
    [ATTRIBUTES.operationName]: operationName(one.operation),
    [ATTRIBUTES.providerName]: one.provider === "" ? OURSELVES : providerName(one.provider),
    [ATTRIBUTES.requestModel]: one.model,
    [ATTRIBUTES.responseModel]: one.upstreamModel === "" ? null : one.upstreamModel,
  });
  const timed = (one: Series) => ({
    ...common(one),
    [ATTRIBUTES.errorType]: one.outcome === "ok" ? null : one.outcome,
  });
  const tokens = (one: Series, type: string) => ({ ...common(one), [ATTRIBUTES.tokenType]: type });
  const metric = (name: string, unit: string, points: readonly Point[]): object[] =>
    points.length === 0
      ? []
      : [
          {
            name,
            unit,
            histogram: {
              aggregationTemporality: CUMULATIVE,
              dataPoints: points.map((point) => dataPoint(point, times)),
            },
          },
        ];
  return [
    ...metric(
      METRICS.clientDuration,
      "s",
      pointsOf(byProvider, timed, (one) => one.duration),
    ),
    ...metric(METRICS.clientTokens, "{token}", [
      ...pointsOf(
        byProvider,
        (one) => tokens(one, "input"),
        (one) => one.inputTokens,
      ),
      ...pointsOf(
        byProvider,
        (one) => tokens(one, "output"),
        (one) => one.outputTokens,
      ),
    ]),
    ...metric(
      METRICS.serverDuration,
      "s",
      pointsOf(all, timed, (one) => one.duration),
    ),
    ...metric(
      METRICS.serverFirstToken,
      "s",
      pointsOf(all, common, (one) => one.firstByte),
    ),
  ];
}

/** Series with the same attributes are one point; those without a value none. */
function pointsOf(
  all: readonly Series[],
  attributesOf: (one: Series) => { readonly [name: string]: string | null },
  histogramOf: (one: Series) => Histogram,
): readonly Point[] {
  const points = new Map<string, Point>();
  for (const one of all) {
    const from = histogramOf(one);
    if (from.count === 0) continue;
    const own = attributesOf(one);
    const key = JSON.stringify(own);
    const point = points.get(key) ?? { attributes: attributes(own), histogram: createHistogram(from.bounds) };
    merge(point.histogram, from);
    points.set(key, point);
  }
  return [...points.values()];
}

function dataPoint(
  { attributes: own, histogram: { bounds, counts, sum, count } }: Point,
  times: { readonly startTimeUnixNano: string; readonly timeUnixNano: string },
): object {
  return {
    attributes: own,
    ...times,
    count: String(count),
    sum,
    bucketCounts: Array.from(counts, (value) => String(value)),
    explicitBounds: bounds,
  };
}
