import { HouseError, hash32, type FitOptions, type Json, type TrainingExample } from "../../core/index.ts";
import {
  adamDefaults,
  compileGrammar,
  initialAdapter,
  train,
  type GrammarSource,
  type Matcher,
  type Trainable,
  type TrainingSequence,
  type Weights,
} from "../../engine/index.ts";
import { packGenerative, type GenerativeParts } from "./artifact.ts";
import type { Base } from "./base.ts";
import { learnCopying, listedInOrder, type Copying, type Listing } from "./copying.ts";
import { arrangerOf, grammarSourceOf, listingsOf } from "./form.ts";
import { learnLexicon, type Lexicon } from "./lexicon.ts";
import { sequenceOf, swapValues, type Writing } from "./sequences.ts";
import { answerFormOf, answerText } from "./words.ts";

/** How a base is adapted; defaults chosen on examples that no acceptance figure uses (docs/log.md). */
export type AdaptOptions = {
  /** Times each example is seen at most. */
  readonly passes: number;
  readonly learningRate: number;
  /** Of the adapter; null trains all parameters. */
  readonly rank: number | null;
  /** Share of examples whose values are swapped in a pass. */
  readonly swapShare: number;
  /** Tokens trained at most, prompts counted: bounds the time. */
  readonly maxTokens: number;
  /** Answers drawn per call as further candidates, computed together; 0 for the likeliest alone. */
  readonly samples: number;
};

export const adaptDefaults: AdaptOptions = {
  passes: 8,
  learningRate: 1e-3,
  rank: null,
  swapShare: 0.5,
  maxTokens: 1_000_000,
  samples: 12,
};

/** Longer prompts keep their end. */
const MAX_PROMPT_TOKENS = 512;
const MAX_ANSWER_TOKENS = 320;
const DEVELOPMENT_SHARE = 0.1;
const MAX_DEVELOPMENT = 200;
const TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];
/** Small steps: a few hundred examples should still make some hundred of them. */
const TOKENS_PER_SHARD = 512;
const SHARDS_PER_STEP = 2;

/** Adapts a base to a task. Throws HouseError `nothing-to-do` when its answers cannot be written by one grammar and form. */
export async function fitGenerative(
  base: Base,
  examples: readonly TrainingExample[],
  options: FitOptions,
  adapt: AdaptOptions = adaptDefaults,
): Promise<Uint8Array> {
  const writing = await writingOf(base, examples, options);
  const short = examples.filter((example) => isLearnable(example, writing));
  if (short.length === 0) throw cannot("no example has an answer that is short enough");
  const isDevelopment = developmentChooser(short, options.seed);
  const fitted = short.filter((example, index) => !isDevelopment(example, index));
  const development = short.filter(isDevelopment).map((example) => sequenceOf(example, writing));
  const shape = adapt.rank === null ? null : { rank: adapt.rank, alpha: 2 * adapt.rank, targets: TARGETS };
  const trainable: Trainable =
    shape === null ? { mode: "full" } : { mode: "adapter", kind: "lora", ...shape };
  const start: Weights =
    trainable.mode === "full"
      ? base.weights
      : new Map([
          ...base.weights,
          ...initialAdapter(base.config, base.weights, trainable, options.seed).tensors,
        ]);
  const sequences = passesOf(fitted, writing, { ...adapt, seed: options.seed });
  const steps = Math.max(1, Math.round(tokensOf(sequences) / (TOKENS_PER_SHARD * SHARDS_PER_STEP)));
  const { parameters } = await train(
    {
      config: base.config,
      trainable,
      objective: { kind: "cross-entropy" },
      isCausal: true,
      start,
      sequences,
      development,
      options: {
        passes: 1,
        maxSteps: null,
        tokensPerShard: TOKENS_PER_SHARD,
        shardsPerStep: SHARDS_PER_STEP,
        schedule: {
          learningRate: adapt.learningRate,
          warmupSteps: Math.min(50, Math.ceil(steps / 10)),
          decay: "cosine",
          finalShare: 0.05,
        },
        adam: { ...adamDefaults, weightDecay: 0.01 },
        clipNorm: 1,
        evaluateEvery: Math.max(10, Math.round(steps / 16)),
        patience: null,
        seed: options.seed,
        threads: options.threads ?? 1,
        maxBytes: options.maxBytes ?? null,
      },
    },
    {
      progress: options.progress,
      signal: options.signal,
      onMemory: (bytes) =>
        options.progress?.({ stage: "memory", done: 0, total: Math.ceil(bytes / 1e6), unit: "MB of memory" }),
    },
  );
  writing.matcher?.dispose();
  return packGenerative({ ...artifactOf(base, writing, adapt), tensors: inOrder(parameters) });
}

type Task = Writing & {
  readonly grammar: GrammarSource | null;
  readonly copying: Copying;
  readonly listings: readonly Listing[];
  readonly lexicon: Lexicon;
};

async function writingOf(
  base: Base,
  examples: readonly TrainingExample[],
  options: FitOptions,
): Promise<Task> {
  if (examples.length === 0) throw cannot("there are no examples");
  const answerForm = answerFormOf(examples.map(({ answer }) => answer));
  if (answerForm === undefined) throw cannot("its answers are texts, JSON and tool calls mixed");
  const values = examples.flatMap(({ answer }) => {
    const text = answer.type === "text" ? null : answerText(answer, answerForm, (value) => value);
    return text === null ? [] : [JSON.parse(text) as Json];
  });
  const copying = learnCopying(
    examples.flatMap(({ input, answer }) =>
      answer.type === "text"
        ? []
        : [{ input, value: JSON.parse(answerText(answer, answerForm, (value) => value)) as Json }],
    ),
  );
  const fits = async (source: GrammarSource, given: readonly Json[]): Promise<boolean> =>
    mostAreWritten(base, source, given);
  const grammar = await grammarSourceOf(
    values,
    answerForm,
    { stated: options.form ?? null, copied: copying.paths },
    fits,
  );
  if (grammar === null && answerForm !== "text") throw cannot("no grammar writes all its answers");
  const arrange = arrangerOf(grammar);
  const listings = listingsOf(grammar);
  const contextSize = Math.min(base.config.contextSize, MAX_PROMPT_TOKENS + MAX_ANSWER_TOKENS);
  return {
    base,
    answerForm,
    grammar,
    copying,
    listings,
    lexicon: learnLexicon(values, copying.paths),
    arrange: (value, input) => listedInOrder(arrange(value), input, listings),
    maxPromptTokens: contextSize - MAX_ANSWER_TOKENS,
    matcher: grammar === null ? null : (await compileGrammar(grammar, base.vocabulary)).matcher(),
  };
}

/** Answers that a grammar may fail to write: a list where others have a text, say. They are left out of training. */
const MAX_UNWRITTEN = 0.01;

/** Whether the grammar can write nearly every value: what it cannot write, the specialist could never answer. */
async function mostAreWritten(base: Base, source: GrammarSource, values: readonly Json[]): Promise<boolean> {
  try {
    const matcher = (await compileGrammar(source, base.vocabulary)).matcher();
    const arrange = arrangerOf(source);
    const unwritten = values.filter((value) => !isWritten(JSON.stringify(arrange(value)), base, matcher));
    matcher.dispose();
    return unwritten.length <= MAX_UNWRITTEN * values.length;
  } catch (error) {
    // A schema that a grammar cannot hold is not used; what the examples show is.
    if (error instanceof HouseError) return false;
    throw error;
  }
}

function isWritten(text: string, base: Base, matcher: Matcher): boolean {
  matcher.reset();
  return [...base.tokenizer.encode(text), base.marks.end].every((token) => matcher.accept(token));
}

/** Whether an example's answer is short enough, and in the grammar. */
function isLearnable({ input, answer }: TrainingExample, writing: Writing): boolean {
  const { base, answerForm, arrange, matcher } = writing;
  const text = answerText(answer, answerForm, (value) => arrange(value, input));
  const isShort = base.tokenizer.encode(text).length < MAX_ANSWER_TOKENS;
  return isShort && (matcher === null || answer.type === "text" || isWritten(text, base, matcher));
}

function passesOf(
  examples: readonly TrainingExample[],
  writing: Writing,
  { passes, maxTokens, swapShare, seed }: AdaptOptions & { seed: number },
): TrainingSequence[] {
  const sequences: TrainingSequence[] = [];
  let tokens = 0;
  for (let pass = 0; pass < passes && tokens < maxTokens; pass += 1) {
    // The first pass and the last see the examples as they are.
    const share = pass === 0 || pass === passes - 1 ? 0 : swapShare;
    const made = swapValues(examples, share, seed * 1000 + pass).map((example) =>
      sequenceOf(example, writing),
    );
    sequences.push(...made);
    tokens += tokensOf(made);
  }
  return sequences;
}

const tokensOf = (sequences: readonly TrainingSequence[]): number =>
  sequences.reduce((sum, { ids }) => sum + ids.length, 0);

/** A tenth of the examples, by the hash of their input: the same whatever their order. */
function developmentChooser(
  examples: readonly TrainingExample[],
  seed: number,
): (example: TrainingExample, index: number) => boolean {
  const share = Math.min(DEVELOPMENT_SHARE, MAX_DEVELOPMENT / examples.length);
  const chosen = examples.map(({ input }) => hash32(JSON.stringify(input), seed) / 2 ** 32 < share);
  return (_, index) => chosen[index];
}

function artifactOf(
  base: Base,
  { answerForm, grammar, copying, listings, lexicon, maxPromptTokens }: Task,
  { rank, samples }: AdaptOptions,
): Omit<GenerativeParts, "tensors"> {
  return {
    base: base.hash,
    answerForm,
    grammar,
    copying,
    listings,
    lexicon,
    maxPromptTokens,
    maxAnswerTokens: MAX_ANSWER_TOKENS,
    samples,
    adapter: rank === null ? null : { rank, alpha: 2 * rank, targets: TARGETS },
  };
}

const inOrder = (parameters: Weights): Weights =>
  new Map([...parameters].sort(([a], [b]) => (a < b ? -1 : 1)));

function cannot(why: string): HouseError {
  return new HouseError("nothing-to-do", `Cannot train a generative specialist: ${why}`);
}
