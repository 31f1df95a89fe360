import { setImmediate } from "node:timers/promises";
import {
  canonicalAnswer,
  HouseError,
  seededRandom,
  type FitOptions,
  type TrainingExample,
} from "../../core/index.ts";
import { fitHashedChoices, hashedDefaults, meanWeights } from "../linear/hashed-choice.ts";
import { decide, readView, type AgentForm, type AgentModel } from "./agent-model.ts";
import type { Anchor } from "./agent-moments.ts";
import { memoryOf, AGENT_PRIOR, agentFeatures, type AgentMemory } from "./agent-score.ts";
import {
  explainCall,
  slotsOf,
  witnessesOf,
  type Explained,
  type SeenCall,
  type Witnesses,
} from "./agent-slots.ts";
import { agentAnswer, lessonOf, MAX_CALLS, runOf, type AgentAnswer, type Lesson } from "./agent-teach.ts";
import { viewOf } from "./agent-view.ts";
import { fitScore, type ScoreModel } from "./span-score.ts";

export type FittedAgent = {
  readonly model: AgentModel;
  readonly score: ScoreModel;
  readonly memory: AgentMemory;
  /** Tools whose answers the score tells apart. */
  readonly scored: readonly string[];
};

const FOLDS = 4;
/** More examples teach little that their time is worth. */
const MAX_EXAMPLES = 6000;
const MIN_EXAMPLES = 20;
/** Fewer answers than this share that can be said at all are not worth asking for. */
const MIN_SHARE = 0.05;
const MAX_SCORED_TOOLS = 24;

type Row = {
  readonly example: TrainingExample;
  readonly answer: AgentAnswer | null;
  readonly run: number;
};

/** The form of the answers, weights, and the confidence. Throws HouseError `nothing-to-do` where too few answers could be given. */
export async function fitAgent(
  examples: readonly TrainingExample[],
  options: FitOptions,
): Promise<FittedAgent> {
  const { rows, form, witnesses } = understandAgent(someOf(examples, options.seed), options);
  const lessons = rows.map((row, at) => teach(row, { form, witnesses, seed: `${options.seed} ${at}` }));
  refuse(lessons);
  const foldOf = drawFolds(rows, options.seed);
  const scored = scoredTools(rows);
  const members: Float32Array[] = [];
  const features: number[][] = [];
  const right: boolean[] = [];
  for (let fold = 0; fold < FOLDS; fold += 1) {
    // A fold takes seconds: between folds others get their turn.
    await setImmediate();
    if (options.signal?.aborted)
      throw new HouseError(
        "cancelled",
        `Cannot finish a tool agent: cancelled in fold ${fold + 1} of ${FOLDS}`,
      );
    const isSeen = (at: number): boolean => foldOf[at] !== fold;
    const weights = fitHashedChoices(
      lessons.flatMap((lesson, at) => (isSeen(at) ? (lesson?.choices ?? []) : [])),
      hashedDefaults,
      seededRandom(`tool-agent ${options.seed} ${fold}`),
    );
    members.push(weights);
    const memory = memoryOf(tracesOf(lessons, isSeen));
    for (const [at, { example, run }] of rows.entries()) {
      if (isSeen(at)) continue;
      const view = readView(form, example.input);
      const reading = decide({ form, weights }, view, besides(witnesses, run));
      if (reading.isDeclined) continue;
      features.push(agentFeatures(reading, view, memory, scored));
      right.push(canonicalAnswer(reading.answer) === canonicalAnswer(example.answer));
    }
    options.progress?.({ stage: "tool-agent", done: fold + 1, total: FOLDS, unit: "folds" });
  }
  if (features.length === 0)
    throw new HouseError(
      "nothing-to-do",
      "Cannot fit a tool agent: it would leave every call to the large model",
    );
  return {
    model: { form, weights: meanWeights(members) },
    score: fitScore(features, right, AGENT_PRIOR),
    memory: memoryOf(tracesOf(lessons, () => true)),
    scored,
  };
}

/** All, or a random choice of as many as are learnt from. */
function someOf(examples: readonly TrainingExample[], seed: number): readonly TrainingExample[] {
  if (examples.length <= MAX_EXAMPLES) return examples;
  return seededRandom(`examples ${seed}`).shuffle(examples).slice(0, MAX_EXAMPLES);
}

export type Understood = {
  readonly rows: readonly Row[];
  readonly form: AgentForm;
  readonly witnesses: Witnesses;
};

/** Tools, arguments and texts as the examples show them; nothing is trained. */
export function understandAgent(
  examples: readonly TrainingExample[],
  options: Pick<FitOptions, "form">,
): Understood {
  const rows = examples.map((example): Row => ({
    example,
    answer: agentAnswer(example),
    run: runOf(example),
  }));
  const anchor = anchorOf(rows);
  const calls: SeenCall[] = [];
  const explained: Explained = new Map();
  for (const { example, answer, run } of rows) {
    if (answer?.kind !== "calls") continue;
    const view = viewOf(example.input, anchor);
    for (const call of answer.calls) {
      calls.push({ ...call, run });
      explainCall(explained, view, call);
    }
  }
  const witnesses = witnessesOf(calls);
  const most = rows.reduce(
    (max, { answer }) => Math.max(max, answer?.kind === "calls" ? answer.calls.length : 1),
    1,
  );
  const form: AgentForm = {
    tools: slotsOf(calls, { witnesses, explained, form: options.form ?? null }),
    texts: textsOf(rows),
    hasJson: rows.some(({ example }) => example.answer.type === "json"),
    maxCalls: Math.min(MAX_CALLS, most),
    anchor,
  };
  return { rows, form, witnesses };
}

const ISO_DATE = /"(\d{4})-(\d{2})-\d{2}/g;

/** Year and month most often written in the answers. */
function anchorOf(rows: readonly Row[]): Anchor {
  const counts = new Map<string, number>();
  for (const { answer } of rows) {
    if (answer?.kind !== "calls") continue;
    for (const [, year, month] of JSON.stringify(answer.calls).matchAll(ISO_DATE))
      counts.set(`${year}-${month}`, (counts.get(`${year}-${month}`) ?? 0) + 1);
  }
  const [top] = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const [year, month] = (top?.[0] ?? "2000-01").split("-");
  return { year: Number(year), month: Number(month) };
}

const MIN_TEXT_RUNS = 3;
/** A text that answers fewer calls than this is one of many that would do: it is not worth an offer of its own. */
const MIN_TEXT_SHARE = 0.03;

/** Texts given word for word in many runs. */
function textsOf(rows: readonly Row[]): string[] {
  const runs = new Map<string, Set<number>>();
  for (const { answer, run } of rows)
    if (answer?.kind === "text" && answer.text !== "")
      runs.set(answer.text, (runs.get(answer.text) ?? new Set<number>()).add(run));
  const all = new Set(rows.map(({ run }) => run)).size;
  return [...runs]
    .filter(([, seen]) => seen.size >= Math.max(MIN_TEXT_RUNS, MIN_TEXT_SHARE * all))
    .sort(([a, m], [b, n]) => n.size - m.size || (a < b ? -1 : 1))
    .map(([text]) => text);
}

/** Runs other than this one that gave a value. */
export function besides(witnesses: Witnesses, run: number): (slot: string, canonical: string) => number {
  return (slot, canonical) => {
    const runs = witnesses.get(slot)?.get(canonical);
    return (runs?.size ?? 0) - (runs?.has(run) === true ? 1 : 0);
  };
}

function teach(
  { example, answer, run }: Row,
  { form, witnesses, seed }: { form: AgentForm; witnesses: Witnesses; seed: string },
): Lesson | null {
  if (answer === null) return null;
  const view = readView(form, example.input);
  return lessonOf(answer, {
    form,
    view,
    witnesses: besides(witnesses, run),
    random: seededRandom(`lesson ${seed}`),
  });
}

function refuse(lessons: readonly (Lesson | null)[]): void {
  const can = lessons.filter((lesson) => lesson?.isExpressible === true).length;
  if (can >= MIN_EXAMPLES && can >= MIN_SHARE * lessons.length) return;
  throw new HouseError(
    "nothing-to-do",
    `Cannot fit a tool agent: ${can} of ${lessons.length} answers are calls whose arguments stand in their requests or recur, need ${MIN_EXAMPLES} and ${100 * MIN_SHARE} %`,
  );
}

function drawFolds(rows: readonly Row[], seed: number): number[] {
  const runs = seededRandom(`folds ${seed}`).shuffle([...new Set(rows.map(({ run }) => run))]);
  const foldOf = new Map(runs.map((run, place) => [run, place % FOLDS]));
  return rows.map(({ run }) => foldOf.get(run) ?? 0);
}

function scoredTools(rows: readonly Row[]): string[] {
  const counts = new Map<string, number>();
  for (const { answer } of rows)
    if (answer?.kind === "calls" && answer.calls.length > 0)
      counts.set(answer.calls[0].tool, (counts.get(answer.calls[0].tool) ?? 0) + 1);
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, MAX_SCORED_TOOLS)
    .map(([tool]) => tool)
    .sort();
}

const tracesOf = (lessons: readonly (Lesson | null)[], isSeen: (at: number) => boolean): Uint32Array[] =>
  lessons.flatMap((lesson, at) => (lesson !== null && isSeen(at) ? [lesson.trace] : []));
