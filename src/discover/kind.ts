import type { TaskKind } from "../core/index.ts";
import type { AnswerForm } from "./fingerprint.ts";

/** A task that may call tools is a tool task from this share of calls on; the rest is talk between them. */
const MIN_CALLING = 0.1;
/** Answers are labels when at least this share of them was given more than once. */
const MIN_REPEATED = 0.7;
/** And when there are, on average, at least this many calls to a distinct answer. */
const MIN_CALLS_PER_ANSWER = 5;
const MAJORITY = 0.5;

/** The kind of a task from the outside of its answers. */
export function kindOf(forms: readonly AnswerForm[]): TaskKind {
  const share = (isSo: (form: AnswerForm) => boolean): number =>
    forms.filter(isSo).length / Math.max(1, forms.length);
  if (share(({ type }) => type === "tool-calls") >= MIN_CALLING) return "tool-call";
  if (areLabels(forms) && share(({ keys, look }) => !keys.includes(",") && look !== "prose") >= MAJORITY)
    return "label";
  if (share(({ type }) => type === "json") >= MAJORITY) return "json";
  if (share(({ look }) => look === "sql") >= MAJORITY) return "sql";
  return share(({ look }) => look === "code") >= MAJORITY ? "code" : "text";
}

function areLabels(forms: readonly AnswerForm[]): boolean {
  const counts = new Map<number, number>();
  for (const { hash } of forms) counts.set(hash, (counts.get(hash) ?? 0) + 1);
  const repeated = [...counts.values()].filter((count) => count > 1).reduce((sum, count) => sum + count, 0);
  return (
    repeated / Math.max(1, forms.length) >= MIN_REPEATED &&
    forms.length / Math.max(1, counts.size) >= MIN_CALLS_PER_ANSWER
  );
}
