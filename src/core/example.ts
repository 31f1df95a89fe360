import type { Answer } from "./answer.ts";
import type { TaskInput } from "./task.ts";

/** Which step may see an example. Drawn by session before anything is fitted. */
export type Part = "train" | "calibration" | "certification";

/** A curated call as material: masked, answer normalised. */
export type Example = {
  readonly callId: string;
  readonly taskId: string;
  readonly session: string;
  readonly at: string | null;
  readonly part: Part;
  /** Masked: secrets and personal data replaced by typed placeholders, the same in input and answer. */
  readonly input: TaskInput;
  readonly answer: Answer;
};

/** Why a call did not become an example. */
export type DropReason =
  | "failed"
  | "truncated"
  | "empty-answer"
  | "repeated"
  | "conflicting"
  | "answer-not-offered"
  | "invalid-answer"
  | "no-task"
  /** Answered by a specialist: a specialist is not its own teacher, nor its own judge. */
  | "served-by-specialist"
  /** Left to the LLM because a specialist was unsure: such calls may train, but a certificate on them would be about hard calls only. */
  | "chosen-by-score";
