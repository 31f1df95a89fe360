import { AggregatorRegistry, collectDefaultMetrics, Registry } from "prom-client";
import { createHistogram, merge, type Histogram } from "./histogram.ts";
import type { Series, Tally } from "./tally.ts";

type Labels = { readonly [name: string]: string };
type Value = { readonly labels: Labels; readonly value: number; readonly metricName?: string };

/** A family of metrics in the form of prom-client's JSON: it can be sent to another process and summed up there. */
export type Family = {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly aggregator: "sum" | "first" | "min" | "max";
  readonly values: readonly Value[];
};

/** A figure that is read when it is asked for. */
export type Gauge = {
  readonly name: string;
  readonly help: string;
  /** A gauge when left out; a counter for what only grows. */
  readonly type?: "counter";
  readonly aggregator?: Family["aggregator"];
  /** One value, or one for each value of a label. */
  readonly read: () => number | { readonly label: string; readonly values: ReadonlyMap<string, number> };
};

export type Metrics = {
  /** Everything this process has to tell. */
  families(): Promise<readonly Family[]>;
};

/** The metrics of one process, in a registry of its own: counted calls, gauges, and what Node says of itself. */
export function createMetrics(tally: Tally, gauges: readonly Gauge[]): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return {
    async families() {
      // prom-client types its JSON more loosely than it is.
      const own = (await registry.getMetricsAsJSON()) as unknown as readonly Family[];
      return [...callFamilies(tally), ...gauges.map((gauge) => gaugeFamily(gauge)), ...own];
    },
  };
}

/** The text that Prometheus scrapes: one process's families, or those of all summed up. */
export async function exposition(
  all: readonly (readonly Family[])[],
): Promise<{ contentType: string; text: string }> {
  const registry = AggregatorRegistry.aggregate(all.map((families) => [...families]));
  return { contentType: registry.contentType, text: await registry.metrics() };
}

function callFamilies(tally: Tally): readonly Family[] {
  const series = tally.series();
  const totals = (names: readonly Name[], of: (one: Series) => number): readonly Value[] =>
    grouped(series, names).map(({ labels, members }) => at(labels, sum(members, of)));
  const spreads = (names: readonly Name[], of: (one: Series) => Histogram): readonly Spread[] =>
    grouped(series, names).map(({ labels, members }) => spread(labels, members, of));
  const isCounted = (one: Series): number => one.duration.count;
  const byProvider = ["provider", "upstreamModel"] as const;
  const bySurface = ["surface", "servedBy"] as const;
  const refusals = [...tally.refusals].map(([code, value]) => at({ code }, value));
  const tokens = (direction: string, of: (one: Series) => Histogram): readonly Value[] =>
    totals(byProvider, (one) => of(one).sum).map(({ labels, value }) => at({ ...labels, direction }, value));
  return [
    counter("understudy_calls_total", HELP.calls, totals(["surface", "servedBy", "outcome"], isCounted)),
    counter("understudy_decisions_total", HELP.decisions, totals(["task", "servedBy", "reason"], isCounted)),
    counter(
      "understudy_provider_attempts_total",
      HELP.attempts,
      totals(["provider"], (one) => one.attempts),
    ),
    counter("understudy_tokens_total", HELP.tokens, [
      ...tokens("input", (one) => one.inputTokens),
      ...tokens("output", (one) => one.outputTokens),
    ]),
    counter(
      "understudy_cost_usd_total",
      HELP.cost,
      totals(byProvider, (one) => one.costUsd),
    ),
    counter(
      "understudy_unpriced_calls_total",
      HELP.unpriced,
      totals(byProvider, (one) => one.unpriced),
    ),
    counter("understudy_refusals_total", HELP.refusals, refusals),
    histogram(
      "understudy_call_duration_seconds",
      HELP.duration,
      spreads(bySurface, (one) => one.duration),
    ),
    histogram(
      "understudy_first_byte_seconds",
      HELP.firstByte,
      spreads(bySurface, (one) => one.firstByte),
    ),
  ];
}

const HELP = {
  calls: "Calls that ended, by who served them and how they came out",
  decisions: "Why calls were served by whom, by task",
  attempts: "Requests sent to providers, further attempts included",
  tokens: "Tokens that providers counted",
  cost: "What providers' answers cost, by list prices and those of the config",
  unpriced: "Provider's answers whose cost is not known",
  refusals: "Requests refused before they became calls, by code",
  duration: "From the request's arrival to the answer's last byte",
  firstByte: "From the request's arrival to the first byte of a streamed answer",
} as const;

type Name = "surface" | "servedBy" | "outcome" | "task" | "reason" | "provider" | "upstreamModel";

function grouped(series: readonly Series[], names: readonly Name[]) {
  const groups = new Map<string, { readonly labels: Labels; readonly members: Series[] }>();
  for (const one of series) {
    const labels = Object.fromEntries(names.map((name) => [snake(name), one[name]]));
    const key = Object.values(labels).join("\n");
    const group = groups.get(key) ?? { labels, members: [] };
    group.members.push(one);
    groups.set(key, group);
  }
  return [...groups.values()];
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const at = (labels: Labels, value: number): Value => ({ labels, value });
const sum = (members: readonly Series[], of: (one: Series) => number): number =>
  members.reduce((total, one) => total + of(one), 0);

function counter(name: string, help: string, values: readonly Value[]): Family {
  return { name, help, type: "counter", aggregator: "sum", values };
}

type Spread = { readonly labels: Labels; readonly histogram: Histogram };

function spread(labels: Labels, members: readonly Series[], of: (one: Series) => Histogram): Spread {
  const all = createHistogram(of(members[0]).bounds);
  for (const one of members) merge(all, of(one));
  return { labels, histogram: all };
}

function histogram(name: string, help: string, spreads: readonly Spread[]): Family {
  const values = spreads.flatMap(({ labels, histogram: { bounds, counts, sum: total, count: all } }) => {
    let below = 0;
    const buckets = bounds.map((bound, place) => {
      below += counts[place];
      return { metricName: `${name}_bucket`, labels: { le: String(bound), ...labels }, value: below };
    });
    return [
      ...buckets,
      { metricName: `${name}_bucket`, labels: { le: "+Inf", ...labels }, value: all },
      { metricName: `${name}_sum`, labels, value: total },
      { metricName: `${name}_count`, labels, value: all },
    ];
  });
  return { name, help, type: "histogram", aggregator: "sum", values };
}

function gaugeFamily({ name, help, type, aggregator = "sum", read }: Gauge): Family {
  const now = read();
  const values =
    typeof now === "number"
      ? [at({}, now)]
      : [...now.values].map(([value, figure]) => at({ [now.label]: value }, figure));
  return { name, help, type: type ?? "gauge", aggregator, values };
}
