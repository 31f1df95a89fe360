import { hash32 } from "../../core/index.ts";
import { lastCall, type AgentReading } from "./agent-model.ts";
import type { AgentView } from "./agent-view.ts";

/** How often each pattern of a decision occurs in the examples, by hash; and their words. */
export type AgentMemory = ReadonlyMap<number, number>;

const patternKey = (pattern: string): number => hash32(pattern, 41);
const wordKey = (word: string): number => hash32(word, 42);

/** What an example leaves in the memory. */
export const traceOf = (patterns: readonly string[], view: AgentView): Uint32Array =>
  Uint32Array.from([...patterns.map(patternKey), ...[...view.userWords].map(wordKey)]);

export function memoryOf(traces: Iterable<Uint32Array>): Map<number, number> {
  const memory = new Map<number, number>();
  for (const trace of traces) for (const key of trace) memory.set(key, (memory.get(key) ?? 0) + 1);
  return memory;
}

const MAX_LOGIT = 7;
const MAX_LOG = 20;
const CERTAIN = 1e-9;

function logit(p: number): number {
  const inside = Math.min(1 - CERTAIN, Math.max(CERTAIN, p));
  return Math.max(-MAX_LOGIT, Math.min(MAX_LOGIT, Math.log(inside / (1 - inside))));
}

/** What is believed of the features below before an error was seen: sure decisions count as they are, new ones against the answer. */
export const AGENT_PRIOR: readonly number[] = [0.1, 0.3, 0.2, 0.3, 0, 0, -0.5, 0, 0.2, 0, -0.3];

/** Numbers that tell a right answer from a wrong one: the decisions' own belief, the weakest of them, and what is new about them. */
export function agentFeatures(
  { decisions, acts }: AgentReading,
  view: AgentView,
  memory: AgentMemory,
  tools: readonly string[],
): number[] {
  const log = Math.max(
    -MAX_LOG,
    decisions.reduce((sum, { p }) => sum + Math.log(Math.max(p, CERTAIN)), 0),
  );
  const weakest = decisions.reduce((least, { p }) => Math.min(least, p), 1);
  const margin = decisions.reduce((least, { p, second }) => Math.min(least, p - second), 1);
  const other = decisions.reduce((most, one) => Math.max(most, one.other), 0);
  const counts = decisions.map(({ pattern }) => memory.get(patternKey(pattern)) ?? 0);
  const [act] = acts;
  const called = act?.kind === "call" ? act.tool : "";
  return [
    log,
    logit(Math.exp(log)),
    logit(weakest),
    logit(decisions[0]?.p ?? 0),
    margin,
    Math.log1p(decisions.length),
    counts.filter((count) => count === 0).length,
    Math.log1p(Math.min(...counts)),
    Math.log1p(counts[0] ?? 0),
    acts.length,
    Math.log1p([...view.userWords].filter((word) => !memory.has(wordKey(word))).length),
    logit(1 - other),
    Math.log1p(view.state.happenings.length),
    view.state.happenings.at(-1)?.kind === "result" ? 1 : 0,
    lastCall(view) === called ? 1 : 0,
    ...tools.map((tool) => (tool === called ? 1 : 0)),
  ];
}
