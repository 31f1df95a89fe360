import type { Progress } from "./effects.ts";
import type { Answer } from "./answer.ts";
import type { TaskForm, TaskInput, TaskKind } from "./task.ts";

/** What a family could say for a task at all, told before anything is trained. */
export type FamilyForm = {
  readonly family: string;
  /** What its answers can be, in a line; and what not. */
  readonly can: string;
  readonly cannot: string;
  /** Share of new examples whose answers it could give, were every decision right. */
  readonly ceiling: number;
  /** Examples looked at. */
  readonly n: number;
};

/** What a specialist learns from. */
export type TrainingExample = {
  readonly input: TaskInput;
  readonly answer: Answer;
  /** The run of an agent it is from: what one call of a run says must not be learnt from another and tested on it. Unknown when not given. */
  readonly session?: string;
};

/** An answer with how sure the specialist is. */
export type Prediction = {
  readonly answer: Answer;
  /** In [0, 1], higher is surer; an order, not yet a probability. */
  readonly score: number;
};

export type SpecialistDescription = {
  /** The family that made it: `closed-set`, `option-ranker`, … */
  readonly kind: string;
  /** Learnt numbers. */
  readonly parameters: number;
};

/** A small model made for one task, ready to answer. Pure: the same input gives the same prediction in any process. */
export type Specialist = {
  readonly description: SpecialistDescription;
  /** At once where the answer costs little; else later, and then it rejects with HouseError `cancelled` when the signal is raised. */
  predict(input: TaskInput, signal?: AbortSignal): Prediction | Promise<Prediction>;
  /** Frees what it holds (threads, native memory), after the predictions in flight; later ones reject. */
  close?(): Promise<void>;
};

/** What `select` knows about a task before training. */
export type TaskProfile = {
  readonly kind: TaskKind;
  readonly examples: number;
  /** Distinct answers. */
  readonly answers: number;
  /** Share of calls whose answer occurs at least twice. */
  readonly shareRepeatedAnswers: number;
  /** Share of examples whose answer (a string label) stands in the variable part of the input. */
  readonly shareAnswerOffered: number;
  /** Share of the string leaves of JSON answers or tool arguments that are copied from the input. */
  readonly shareCopied: number;
};

/** What a model says of an example that it has not seen. */
export type HeldOut = {
  /** The example, by its place. */
  readonly place: number;
  readonly prediction: Prediction;
  /**
   * Where the recorded answer stands among those that were weighed and not given: 0 the next best, 1 the last. Null where it was given or not
   * weighed, or so few were that its place says nothing.
   */
  readonly rank: number | null;
};

export type FitOptions = {
  readonly seed: number;
  /** Cores that the fit may use; 1 when not given. They change how long it takes, never what comes out. */
  readonly threads?: number;
  /** Bytes that the fit may take: one that needs more is refused before it starts. No limit when not given. */
  readonly maxBytes?: number;
  /** What the task's requests say about the form of its answers; null when they say nothing. */
  readonly form?: TaskForm | null;
  /**
   * Told, for each example that the fit holds out to learn how sure it may be, what a model that had not seen it says. In no order. A family that
   * holds nothing out tells nothing.
   */
  readonly onHeldOut?: (held: HeldOut) => void;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
};

/**
 * A rung of the ladder: how to make one kind of specialist. Every family passes the contract test:
 * fit twice = fit once for any number of threads, load(fit) predicts the same in any process, scores lie in [0, 1], a fit can be cancelled,
 * foreign bytes are refused (src/models/families.test.ts).
 */
export type SpecialistFamily = {
  readonly kind: string;
  /** Cheapest first. */
  readonly rank: number;
  /** `all`: a fit is long and keeps every core busy, so it is done alone. One core when not given. */
  readonly threads?: "all";
  /** Hash of what every fit starts from beside its examples (a base): another one makes another specialist of the same examples. */
  startsFrom?(): Promise<string>;
  /** Whether the family can express this task at all. */
  suits(profile: TaskProfile): boolean;
  /** Learns from examples; the artifact is the whole specialist. Throws HouseError `nothing-to-do` when the examples cannot be learnt from. */
  fit(examples: readonly TrainingExample[], options: FitOptions): Promise<Uint8Array>;
  /** The specialist in an artifact. Throws HouseError `bad-input` on foreign bytes. */
  load(artifact: Uint8Array): Specialist | Promise<Specialist>;
};
