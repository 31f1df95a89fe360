import {
  canonicalAnswer,
  type Answer,
  type Json,
  type Task,
  type TaskProfile,
  type TrainingExample,
} from "../core/index.ts";

/** Examples looked at; a profile is a rough thing. */
const MAX_READ = 2000;

/** What the training part shows about a task: how closed its answers are, and where they come from. */
export function profileOf(task: Task, examples: readonly TrainingExample[]): TaskProfile {
  const read = examples.slice(0, MAX_READ);
  const counts = new Map<string, number>();
  for (const { answer } of read) {
    const key = canonicalAnswer(answer);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const share = (isSo: (example: TrainingExample) => boolean): number =>
    read.filter(isSo).length / Math.max(1, read.length);
  return {
    kind: task.kind,
    examples: examples.length,
    answers: counts.size,
    shareRepeatedAnswers: share(({ answer }) => (counts.get(canonicalAnswer(answer)) ?? 0) > 1),
    shareAnswerOffered: share(isOffered),
    shareCopied: copiedShare(read),
  };
}

/** Whether every word the answer chooses stands in the variable part of the input, or among the tools offered. */
function isOffered({ input, answer }: TrainingExample): boolean {
  const leaves = leavesOf(answer);
  const text = input.parts.map((part) => part.text).join("\n");
  return leaves.length > 0 && leaves.every((leaf) => text.includes(leaf) || input.tools.includes(leaf));
}

function copiedShare(examples: readonly TrainingExample[]): number {
  let leaves = 0;
  let copied = 0;
  for (const { input, answer } of examples) {
    const text = input.parts.map((part) => part.text).join("\n");
    for (const leaf of leavesOf(answer)) {
      leaves += 1;
      if (text.includes(leaf)) copied += 1;
    }
  }
  return leaves === 0 ? 0 : copied / leaves;
}

function leavesOf(answer: Answer): string[] {
  switch (answer.type) {
    case "text":
      return [answer.text];
    case "json":
      return stringsIn(answer.value);
    case "tool-calls":
      return answer.calls.flatMap((call) => stringsIn(call.arguments));
  }
}

function stringsIn(value: Json): string[] {
  if (typeof value === "string") return value === "" ? [] : [value];
  if (value === null || typeof value !== "object") return [];
  return Object.values(value).flatMap((inner: Json) => stringsIn(inner));
}
