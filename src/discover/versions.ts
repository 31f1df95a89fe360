import type { Group } from "./cluster.ts";
import { PROFILE_BUCKETS } from "./fingerprint.ts";
import { tokensOf } from "./lines.ts";
import type { Pattern } from "./pattern.ts";
import { MAX_OVERLAP, overlapOf, timesOf } from "./split.ts";

/** Prompts this alike are one task even while both are in use (an A/B test, a variant for one tenant). */
const MIN_PROMPT_ALIKE = 0.8;
/** A label task's versions answer with the same labels: share of answers that the other version also gives. */
const MIN_ANSWERS_SHARED = 0.6;
/** With fewer distinct answers (yes and no), shared answers say little alone. */
const MIN_ANSWERS_FOR_PROOF = 4;
/** What else must agree for a successor: prompts alike, or inputs alike. */
const MIN_SUCCESSOR_PROMPT_ALIKE = 0.25;
const MIN_SUCCESSOR_INPUT_ALIKE = 0.5;
/** Share of answers whose outside (type, fields, look) both versions have. */
const MIN_FORMS_ALIKE = 0.5;
/** Answers are labels when at most this many words are said with them on average. */
const MIN_REPEATED_ANSWERS = 0.5;

/** What two groups have in common. All in [0, 1]. */
export type Evidence = {
  readonly promptAlike: number;
  readonly inputAlike: number;
  readonly answersShared: number | null;
  readonly overlap: number;
  readonly sameForm: boolean;
};

/** Puts groups that are versions of one task together: connected by evidence, oldest first within a task. */
export function mergeVersions(groups: readonly Group[]): Group[][] {
  const summaries = summariesOf(groups);
  const parent = groups.map((_, index) => index);
  const root = (index: number): number => (parent[index] === index ? index : root(parent[index]));
  for (let a = 0; a < groups.length; a += 1) {
    for (let b = a + 1; b < groups.length; b += 1) {
      if (root(a) !== root(b) && isOneTask(evidenceOf(summaries[a], summaries[b]))) parent[root(b)] = root(a);
    }
  }
  const tasks = new Map<number, Group[]>();
  groups.forEach((group, index) => tasks.set(root(index), [...(tasks.get(root(index)) ?? []), group]));
  return [...tasks.values()];
}

/** The rule. Prompts that replace each other may differ much; prompts in use side by side must be nearly the same. */
export function isOneTask(evidence: Evidence): boolean {
  if (!evidence.sameForm) return false;
  if (evidence.promptAlike >= MIN_PROMPT_ALIKE) return true;
  if (evidence.overlap > MAX_OVERLAP) return false;
  if (evidence.answersShared !== null) return evidence.answersShared >= MIN_ANSWERS_SHARED;
  return (
    evidence.promptAlike >= MIN_SUCCESSOR_PROMPT_ALIKE || evidence.inputAlike >= MIN_SUCCESSOR_INPUT_ALIKE
  );
}

type Summary = {
  readonly group: Group;
  readonly words: ReadonlySet<string>;
  readonly profile: Float64Array;
  readonly forms: ReadonlyMap<string, number>;
  readonly answers: ReadonlyMap<number, number> | null;
  readonly tools: ReadonlySet<string>;
  readonly times: readonly number[];
};

function summariesOf(groups: readonly Group[]): Summary[] {
  const everyday = new Float64Array(PROFILE_BUCKETS);
  const calls = groups.reduce((sum, group) => sum + group.calls.length, 0);
  for (const group of groups)
    for (const { profile } of group.calls) for (const word of new Set(profile)) everyday[word] += 1 / calls;
  return groups.map((group) => summaryOf(group, everyday));
}

/** Words weigh by how rare they are over all groups: everyday words make any two inputs look alike. */
function summaryOf(group: Group, everyday: Float64Array): Summary {
  const profile = new Float64Array(PROFILE_BUCKETS);
  const forms = new Map<string, number>();
  const answers = new Map<number, number>();
  let answered = 0;
  for (const { form, profile: words } of group.calls) {
    for (const word of new Set(words)) profile[word] -= Math.log(everyday[word]) / group.calls.length;
    if (form === null) continue;
    answered += 1;
    const key = `${form.type}:${form.keys}:${form.look}`;
    forms.set(key, (forms.get(key) ?? 0) + 1);
    answers.set(form.hash, (answers.get(form.hash) ?? 0) + 1);
  }
  for (const [key, count] of forms) forms.set(key, count / Math.max(1, answered));
  const repeated = [...answers.values()].filter((count) => count > 1).reduce((sum, count) => sum + count, 0);
  const isLabel =
    answered > 0 && repeated / answered >= MIN_REPEATED_ANSWERS && answers.size >= MIN_ANSWERS_FOR_PROOF;
  return {
    group,
    words: new Set([...group.fixed, ...group.userFixed].flatMap(({ text }) => wordsIn(text))),
    profile,
    forms,
    answers: isLabel ? answers : null,
    tools: new Set(group.calls[0].toolNames),
    times: timesOf(group.calls),
  };
}

const wordsIn = (text: string | Pattern): readonly string[] =>
  typeof text === "string" ? tokensOf(text) : text.filter((word) => word !== null);

function evidenceOf(a: Summary, b: Summary): Evidence {
  const sameTools = a.tools.size === 0 ? b.tools.size === 0 : jaccard(a.tools, b.tools) >= 0.5;
  return {
    promptAlike: jaccard(a.words, b.words),
    inputAlike: cosine(a.profile, b.profile),
    answersShared:
      a.answers === null || b.answers === null
        ? null
        : Math.min(shared(a.answers, b.answers), shared(b.answers, a.answers)),
    overlap: overlapOf(a.times, b.times),
    sameForm: sameTools && formsAlike(a.forms, b.forms) >= MIN_FORMS_ALIKE,
  };
}

function jaccard<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): number {
  const both = [...a].filter((item) => b.has(item)).length;
  return both === 0 ? 0 : both / (a.size + b.size - both);
}

function cosine(a: Float64Array, b: Float64Array): number {
  let dot = 0;
  let normA = 0;
  let normB = 0;
  for (let index = 0; index < a.length; index += 1) {
    dot += a[index] * b[index];
    normA += a[index] ** 2;
    normB += b[index] ** 2;
  }
  return normA === 0 || normB === 0 ? 0 : dot / Math.sqrt(normA * normB);
}

function formsAlike(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  return [...a].reduce((sum, [key, share]) => sum + Math.min(share, b.get(key) ?? 0), 0);
}

function shared(a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): number {
  let inside = 0;
  let all = 0;
  for (const [answer, count] of a) {
    all += count;
    if (b.has(answer)) inside += count;
  }
  return all === 0 ? 0 : inside / all;
}

/** The evidence between any two of the groups, by their places: to test and to explain a decision. */
export function evidenceMatrix(groups: readonly Group[]): (a: number, b: number) => Evidence {
  const summaries = summariesOf(groups);
  return (a, b) => evidenceOf(summaries[a], summaries[b]);
}
