import {
  answerOf,
  canonicalAnswer,
  canonicalJson,
  textOf,
  type Answer,
  type AnswerStyle,
  type Assignment,
  type Call,
  type ChatRequest,
  type DropReason,
  type Example,
  type Message,
  type Part,
  type Task,
  type TaskForm,
  type TaskInput,
} from "../core/index.ts";
import { createMasker } from "../guard/index.ts";
import { mapAnswer } from "../models/index.ts";
import type { DropRow } from "../store/index.ts";
import { createFormReader } from "./form.ts";
import { NearIndex } from "./near.ts";
import { partOf } from "./split.ts";
import { styleOf } from "./style.ts";

/** One of several answers to one input is taken for right when at least this share gave it. */
const MIN_MAJORITY = 0.66;
/** Answers of a label task are choices from the prompt when at least this share of them stand in it; then others are errors. */
const MIN_OFFERED = 0.95;

export type Curated = {
  readonly examples: readonly Example[];
  readonly drops: readonly DropRow[];
  readonly style: AnswerStyle;
  /** As the requests that may be learnt from state it; null when they do not. */
  readonly form: TaskForm | null;
};

export type CurateOptions = {
  readonly seed: number;
  readonly assign: (request: ChatRequest) => Assignment | null;
};

type Candidate = {
  readonly part: Part;
  readonly call: Pick<Call, "id" | "session" | "at">;
  readonly input: TaskInput;
  readonly answer: Answer;
  readonly inputKey: string;
  readonly answerKey: string;
  readonly isOffered: boolean;
};

/**
 * The examples in a task's calls (in time order): failed, cut off and repeated calls out, answers normalised, conflicts
 * resolved, near-duplicates dropped, personal data masked, each session in one part. Every call is an example or a drop.
 * Answers that look wrong (none of the choices, no JSON, against the majority) are kept from training only: the large model
 * gave them, and a certificate that left them out would promise an agreement that nobody will see.
 */
export function curate(task: Task, calls: Iterable<Call>, options: CurateOptions): Curated {
  const drops: DropRow[] = [];
  const drop = (callId: string, reason: DropReason): void =>
    void drops.push({ callId, taskId: task.id, reason });
  const candidates: Candidate[] = [];
  const messages: Message[] = [];
  const requests = createFormReader();
  for (const call of calls) {
    const candidate = candidateOf(task, call, options);
    if (typeof candidate === "string") drop(call.id, candidate);
    else {
      candidates.push(candidate);
      if (call.response !== null) messages.push(call.response.message);
      if (candidate.part !== "certification") requests.read(call.request);
    }
  }
  const offered = withoutUnoffered(task, candidates, drop);
  const settled = withoutConflicts(offered, drop);
  const examples = withoutNearDuplicates(settled, drop).map((candidate) => exampleOf(task, candidate));
  return { examples, drops, style: styleOf(messages), form: requests.form() };
}

/** Reasons of the gateway that depend on what a specialist answered. */
const CHOSEN: ReadonlySet<unknown> = new Set(["below-threshold", "answer-not-offered"]);

/** Why a call cannot be an example, or what it would be made of. */
function candidateOf(task: Task, call: Call, { assign, seed }: CurateOptions): Candidate | DropReason {
  const { response } = call;
  const part = partOf(call.session, seed);
  if (call.servedBy === "specialist") return "served-by-specialist";
  const isChosen = call.source === "gateway" && CHOSEN.has(call.foreign["reason"]);
  if (isChosen && part !== "train") return "chosen-by-score";
  if (response === null || call.status >= 400) return "failed";
  if (response.finish_reason === "length" || response.finish_reason === "content_filter") return "truncated";
  const answer = answerOf(response.message);
  if (part !== "certification" && answer.type === "text" && answer.text === "") return "empty-answer";
  if (part !== "certification" && task.kind === "json" && answer.type === "text") return "invalid-answer";
  const assignment = assign(call.request);
  if (assignment === null || assignment.taskId !== task.id) return "no-task";
  const { call: kept, ...masked } = maskTogether(call, assignment.input, answer);
  return {
    call: kept,
    part,
    ...masked,
    inputKey: canonicalJson(masked.input),
    answerKey: canonicalAnswer(masked.answer),
    isOffered: task.kind === "label" && isOffered(answer, call.request),
  };
}

/** Input and answer under one masker: the same value becomes the same placeholder in both. */
function maskTogether(
  call: Call,
  input: TaskInput,
  answer: Answer,
): Pick<Candidate, "call" | "input" | "answer"> {
  const masker = createMasker();
  const parts = input.parts.map(({ role, text }) => ({ role, text: masker.mask(text) }));
  return {
    call: { id: call.id, session: call.session, at: call.at },
    input: { parts, tools: input.tools },
    answer: mapAnswer(answer, (text) => masker.mask(text)),
  };
}

/** Whether the words of a label stand in the prompt. */
function isOffered(answer: Answer, request: ChatRequest): boolean {
  const words = labelsIn(answer);
  const prompt = request.messages.map(textOf).join("\n");
  return words.length > 0 && words.every((word) => prompt.includes(word));
}

function labelsIn(answer: Answer): string[] {
  if (answer.type === "text") return [answer.text];
  const value: unknown = answer.type === "json" ? answer.value : null;
  if (value === null || typeof value !== "object") return [];
  return Object.values(value).flatMap((inner) =>
    inner === null || typeof inner === "object" ? [] : [String(inner)],
  );
}

function withoutUnoffered(
  task: Task,
  candidates: readonly Candidate[],
  drop: (callId: string, reason: DropReason) => void,
): Candidate[] {
  const share = candidates.filter((candidate) => candidate.isOffered).length / Math.max(1, candidates.length);
  if (task.kind !== "label" || share < MIN_OFFERED) return [...candidates];
  return candidates.filter((candidate) => {
    const isKept = candidate.isOffered || candidate.part === "certification";
    if (!isKept) drop(candidate.call.id, "answer-not-offered");
    return isKept;
  });
}

/** One candidate per input: the first with the answer most calls got; none when no answer has a clear majority. To certify, all that differ. */
function withoutConflicts(
  candidates: readonly Candidate[],
  drop: (callId: string, reason: DropReason) => void,
): Candidate[] {
  const byInput = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    const group = byInput.get(candidate.inputKey);
    if (group === undefined) byInput.set(candidate.inputKey, [candidate]);
    else group.push(candidate);
  }
  const kept: Candidate[] = [];
  for (const group of byInput.values()) {
    const winner = majorityOf(group);
    const first = group.find(({ answerKey }) => answerKey === winner);
    if (first !== undefined) kept.push(first);
    for (const candidate of group) {
      if (candidate === first) continue;
      if (candidate.answerKey === winner) drop(candidate.call.id, "repeated");
      else if (candidate.part === "certification") kept.push(candidate);
      else drop(candidate.call.id, "conflicting");
    }
  }
  return kept;
}

function majorityOf(group: readonly Candidate[]): string | null {
  const counts = new Map<string, number>();
  for (const { answerKey } of group) counts.set(answerKey, (counts.get(answerKey) ?? 0) + 1);
  const [[best, count]] = [...counts].sort((a, b) => b[1] - a[1]);
  return count / group.length >= MIN_MAJORITY ? best : null;
}

/** Nearly equal inputs of different sessions with equal answers teach the same twice, and would test what was taught. */
function withoutNearDuplicates(
  candidates: readonly Candidate[],
  drop: (callId: string, reason: DropReason) => void,
): Candidate[] {
  const index = new NearIndex();
  const added: Candidate[] = [];
  const kept: Candidate[] = [];
  for (const candidate of candidates) {
    const near = index
      .add(candidate.input.parts.map(({ text }) => text).join("\n"))
      .map((number) => added[number]);
    added.push(candidate);
    const isRepeated = near.some(
      ({ call, answerKey }) => call.session !== candidate.call.session && answerKey === candidate.answerKey,
    );
    if (isRepeated) drop(candidate.call.id, "repeated");
    else kept.push(candidate);
  }
  return kept;
}

function exampleOf(task: Task, { call, part, input, answer }: Candidate): Example {
  return {
    callId: call.id,
    taskId: task.id,
    session: call.session,
    at: call.at,
    part,
    input,
    answer,
  };
}
