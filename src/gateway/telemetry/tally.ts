import { costOf, type PriceTable } from "../../models/index.ts";
import type { CallFacts } from "../hooks.ts";
import {
  createHistogram,
  DURATION_BOUNDS,
  FIRST_BOUNDS,
  observe,
  TOKEN_BOUNDS,
  type Histogram,
} from "./histogram.ts";

/** Names come from clients (models) and from data (tasks): so many different ones are told apart, the rest are counted together. */
const MAX_NAMES = 200;
/** Combinations of all that is told apart: each is about 700 bytes here and some 70 lines in a scrape. */
const MAX_SERIES = 2000;
export const OTHER = "(other)";

/** What calls of one kind have come to. */
export type Series = {
  readonly surface: string;
  readonly operation: CallFacts["operation"];
  readonly servedBy: CallFacts["decision"]["servedBy"];
  readonly reason: string;
  /** Empty for none. */
  readonly task: string;
  readonly model: string;
  readonly upstreamModel: string;
  /** Empty when no provider answered. */
  readonly provider: string;
  /** `ok`, a code of the house, or `http-429` and the like for an error that the provider gave. */
  readonly outcome: string;
  readonly isStream: boolean;
  readonly duration: Histogram;
  readonly firstByte: Histogram;
  readonly inputTokens: Histogram;
  readonly outputTokens: Histogram;
  costUsd: number;
  /** Calls that a provider answered and whose cost is not known. */
  unpriced: number;
  attempts: number;
};

export type Tally = {
  /** Counts one call: some string work and a look-up. */
  count(facts: CallFacts): void;
  /** Counts a request that was refused before it became a call. */
  countRefusal(code: string): void;
  readonly series: () => readonly Series[];
  readonly refusals: ReadonlyMap<string, number>;
  readonly startedMs: number;
};

/** Counts calls by what tells them apart; read by the exporters when they are asked, so that a call costs one look-up. */
export function createTally(prices: () => PriceTable, startedMs: number): Tally {
  const all = new Map<string, Series>();
  const models = new Set<string>();
  const tasks = new Set<string>();
  const refusals = new Map<string, number>();
  // Calls come in rows of one kind.
  let last: Last | null = null;
  const seriesOf = (facts: CallFacts): Series => {
    if (last !== null && isAsBefore(facts, last)) return last.series;
    const series = seriesFor(facts);
    last = lastOf(facts, series);
    return series;
  };
  const seriesFor = (facts: CallFacts): Series => {
    const kind = kindOf(facts, { models, tasks });
    const { surface, operation, servedBy, reason, task, model, upstreamModel, provider, outcome } = kind;
    const key = `${surface}\n${operation}\n${servedBy}\n${reason}\n${task}\n${model}\n${upstreamModel}\n${provider}\n${outcome}\n${kind.isStream}`;
    const known = all.get(key);
    if (known !== undefined) return known;
    if (all.size >= MAX_SERIES) return seriesFor({ ...facts, ...REST });
    const fresh = makeSeries(kind);
    all.set(key, fresh);
    return fresh;
  };
  return {
    startedMs,
    refusals,
    series: () => [...all.values()],
    countRefusal: (code) => void refusals.set(code, (refusals.get(code) ?? 0) + 1),
    count(facts) {
      const series = seriesOf(facts);
      observe(series.duration, Math.max(0, facts.endedMs - facts.startedMs) / 1000);
      if (facts.isStream && facts.firstByteMs !== null)
        observe(series.firstByte, Math.max(0, facts.firstByteMs - facts.startedMs) / 1000);
      series.attempts += facts.attempts;
      if (facts.decision.servedBy !== "provider") return;
      const { inputTokens, outputTokens } = facts.usage;
      if (inputTokens !== null) observe(series.inputTokens, inputTokens);
      if (outputTokens !== null) observe(series.outputTokens, outputTokens);
      const cost = costOf(facts.upstreamModel ?? facts.model, facts.usage, prices());
      if (cost === null) series.unpriced += 1;
      else series.costUsd += cost;
    },
  };
}

/** What told the last call's series, and nothing else of that call. */
type Last = Pick<
  CallFacts,
  "surface" | "operation" | "model" | "upstreamModel" | "provider" | "isStream" | "status" | "failure"
> &
  Pick<CallFacts["decision"], "servedBy" | "reason" | "taskId"> & { readonly series: Series };

function lastOf(facts: CallFacts, series: Series): Last {
  const { surface, operation, model, upstreamModel, provider, isStream, status, failure } = facts;
  const { servedBy, reason, taskId } = facts.decision;
  const told = { surface, operation, model, upstreamModel, provider, isStream, status, failure };
  return { ...told, servedBy, reason, taskId, series };
}

function isAsBefore(facts: CallFacts, last: Last): boolean {
  const { decision } = facts;
  return (
    facts.model === last.model &&
    facts.status === last.status &&
    facts.isStream === last.isStream &&
    decision.servedBy === last.servedBy &&
    decision.reason === last.reason &&
    decision.taskId === last.taskId &&
    facts.surface === last.surface &&
    facts.operation === last.operation &&
    facts.upstreamModel === last.upstreamModel &&
    facts.provider === last.provider &&
    facts.failure === last.failure
  );
}

/** Beyond the bound: one series for each way of serving and outcome. */
const REST = { model: OTHER, upstreamModel: OTHER, provider: OTHER, surface: OTHER } as const;

type Known = { readonly models: Set<string>; readonly tasks: Set<string> };
type Kind = Omit<
  Series,
  "duration" | "firstByte" | "inputTokens" | "outputTokens" | "costUsd" | "unpriced" | "attempts"
>;

function kindOf(facts: CallFacts, known: Known): Kind {
  const { decision, provider } = facts;
  const isRest = facts.surface === OTHER;
  return {
    surface: facts.surface,
    operation: facts.operation,
    servedBy: decision.servedBy,
    reason: decision.reason,
    task: isRest || decision.taskId === null ? "" : bounded(decision.taskId, known.tasks),
    model: bounded(facts.model, known.models),
    upstreamModel: facts.upstreamModel === null ? "" : bounded(facts.upstreamModel, known.models),
    provider: provider ?? "",
    outcome: facts.failure ?? (facts.status < 400 ? "ok" : `http-${facts.status}`),
    isStream: facts.isStream,
  };
}

function bounded(name: string, known: Set<string>): string {
  if (known.has(name)) return name;
  // A name of any length and any characters, made fit for a label.
  if (known.size >= MAX_NAMES || name.length > MAX_NAME_CHARS) return OTHER;
  known.add(name);
  return name;
}

const MAX_NAME_CHARS = 128;

function makeSeries(kind: Kind): Series {
  return {
    ...kind,
    duration: createHistogram(DURATION_BOUNDS),
    firstByte: createHistogram(FIRST_BOUNDS),
    inputTokens: createHistogram(TOKEN_BOUNDS),
    outputTokens: createHistogram(TOKEN_BOUNDS),
    costUsd: 0,
    unpriced: 0,
    attempts: 0,
  };
}
