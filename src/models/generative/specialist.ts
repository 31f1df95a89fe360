import {
  canonicalAnswer,
  hash32,
  HouseError,
  type Answer,
  type Prediction,
  type Specialist,
  type TaskInput,
} from "../../core/index.ts";
import {
  compileGrammar,
  jumpingAhead,
  openModel,
  type AdapterHandle,
  type Generation,
  type Grammar,
  type LanguageModel,
  type Sampling,
} from "../../engine/index.ts";
import { unpackGenerative, type GenerativeParts } from "./artifact.ts";
import { PRECISION, type Base } from "./base.ts";
import { copyingMask } from "./copying.ts";
import { lexicalGain } from "./lexicon.ts";
import { promptOf } from "./sequences.ts";
import { answerFrom, valueOf } from "./words.ts";

/** The family's name in the store and in reports. */
export const GENERATIVE_KIND = "generative";

/** The specialist in an artifact, on its base. Throws HouseError `bad-input` on foreign bytes or another base. */
export async function loadGenerative(artifact: Uint8Array, base: Base): Promise<Specialist> {
  const parts = unpackGenerative(artifact);
  if (parts.base !== base.hash) {
    throw new HouseError(
      "bad-input",
      `Cannot load a generative specialist: it was trained on base ${parts.base}, here is ${base.hash}; train the task again`,
    );
  }
  const { tensors } = parts;
  const isWhole = parts.adapter === null;
  const model = isWhole
    ? await openModel({ config: base.config, weights: tensors, precision: PRECISION })
    : await base.model();
  const adapter =
    parts.adapter === null ? undefined : model.loadAdapter({ kind: "lora", ...parts.adapter, tensors });
  const grammar = parts.grammar === null ? null : await compileGrammar(parts.grammar, base.vocabulary);
  const loaded: Loaded = { base, parts, model, adapter, grammar };
  const inFlight = new Set<Promise<Prediction>>();
  return {
    description: {
      kind: GENERATIVE_KIND,
      parameters: [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0),
    },
    predict(input, signal) {
      const prediction = predict(loaded, input, signal).finally(() => inFlight.delete(prediction));
      inFlight.add(prediction);
      return prediction;
    },
    async close() {
      await Promise.allSettled(inFlight);
      adapter?.close();
      if (isWhole) await model.close();
    },
  };
}

type Loaded = {
  readonly base: Base;
  readonly parts: GenerativeParts;
  readonly model: LanguageModel;
  /** Undefined where the model is the specialist's own. */
  readonly adapter: AdapterHandle | undefined;
  readonly grammar: Grammar | null;
};

async function predict(loaded: Loaded, input: TaskInput, signal?: AbortSignal): Promise<Prediction> {
  const { base, parts } = loaded;
  const prompt = promptOf(input, { base, maxPromptTokens: parts.maxPromptTokens });
  const prompts = Array.from({ length: parts.samples }, () => prompt);
  const sampling = { temperature: 1, topP: 1, seed: hash32(prompt.join()) };
  const generations = [
    ...(await written(loaded, { input, prompts: [prompt] }, undefined, signal)),
    ...(prompts.length === 0 ? [] : await written(loaded, { input, prompts }, sampling, signal)),
  ];
  const candidates = candidatesOf(loaded, generations);
  // An answer cut at its limit is none: it comes with a score that no threshold takes.
  if (candidates.length === 0) return { answer: { type: "text", text: "" }, score: 0 };
  const best = candidates.reduce((top, next) => (next.total > top.total ? next : top));
  const rest = candidates.reduce((sum, { total }) => sum + Math.exp(total - best.total), 0);
  return { answer: best.answer, score: Math.exp(best.logProb) / rest };
}

type Candidate = {
  readonly answer: Answer;
  /** Under the model and the grammar. Where the grammar leaves no choice a token counts 1: only what was decided is counted. */
  readonly logProb: number;
  /** With what the examples' values say of it. */
  readonly total: number;
};

/** Nats of the lexicon against nats of the model; chosen on examples that no published figure uses (docs/log.md). */
const LEXICON_WEIGHT = 1.2;

/** The different answers among what was written: the model proposes, the lexicon of the task's values has its say. */
function candidatesOf(loaded: Loaded, generations: readonly Generation[]): Candidate[] {
  const found = new Map<string, Candidate>();
  for (const generation of generations) {
    const answer = answerIn(loaded, generation);
    if (answer === undefined || found.has(canonicalAnswer(answer))) continue;
    const logProb = generation.maskedLogProbs.reduce((sum, one) => sum + one, 0);
    const gain = lexicalGain(loaded.parts.lexicon, valueOf(answer));
    found.set(canonicalAnswer(answer), { answer, logProb, total: logProb + LEXICON_WEIGHT * gain });
  }
  return [...found.values()];
}

type Asked = { readonly input: TaskInput; readonly prompts: readonly (readonly number[])[] };

/** One text per prompt; the likeliest, or one drawn. */
async function written(
  { base, parts, model, adapter, grammar }: Loaded,
  { input, prompts }: Asked,
  sampling: Sampling | undefined,
  signal: AbortSignal | undefined,
): Promise<Generation[]> {
  const matchers = prompts.map(() => grammar?.matcher());
  try {
    const requests = prompts.map((prompt, index) => {
      const matcher = matchers[index];
      const mask =
        matcher === undefined
          ? undefined
          : copyingMask(jumpingAhead(matcher, base.jumps), input, parts, base.tokens);
      // The prompt is read once for all that is drawn: its state is kept as a prefix.
      const read = { prefix: prompt.slice(0, -1), prompt: prompt.slice(-1) };
      return { ...read, ...(adapter && { adapter }), ...(mask && { mask }) };
    });
    const limits = { maxTokens: parts.maxAnswerTokens, ...(sampling && { sampling }) };
    const generations = await model.generate(requests, limits, signal);
    if (generations.some(({ finish }) => finish === "cancelled")) {
      throw new HouseError("cancelled", "Stopped while writing an answer");
    }
    return generations;
  } finally {
    for (const matcher of matchers) matcher?.dispose();
  }
}

function answerIn({ base, parts }: Loaded, { finish, tokens }: Generation): Answer | undefined {
  return finish === "stop" ? answerFrom(base.tokenizer.decode(tokens), parts.answerForm) : undefined;
}
