import {
  agrees,
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
import { promptOf } from "./sequences.ts";
import { answerFrom } from "./words.ts";

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
  const [likeliest] = await written(loaded, { input, prompts: [prompt] }, undefined, signal);
  const answer = answerIn(loaded, likeliest);
  // An answer cut at its limit is none: it comes with a score that no threshold takes.
  if (answer === undefined) return { answer: { type: "text", text: "" }, score: 0 };
  const confidence = confidenceOf(likeliest);
  if (parts.samples === 0) return { answer, score: confidence };
  const sampling = { temperature: SAMPLE_TEMPERATURE, topP: 1, seed: hash32(prompt.join()) };
  const drawn = await written(
    loaded,
    { input, prompts: Array.from({ length: parts.samples }, () => prompt) },
    sampling,
    signal,
  );
  const same = drawn.filter((generation) => {
    const other = answerIn(loaded, generation);
    return other !== undefined && agrees(other, answer);
  });
  return { answer, score: (same.length + confidence) / (drawn.length + 1) };
}

/** Wang et al. 2023 (self-consistency) draw at 0.5 to 0.7. */
const SAMPLE_TEMPERATURE = 0.7;

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
      return { prompt, ...(adapter && { adapter }), ...(mask && { mask }) };
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

/**
 * The probability of the whole answer under the model and the grammar: the product over its tokens. Where the grammar leaves no choice
 * (keys, quotes) a token counts 1, so that only what was decided is counted: which fields, which values.
 */
function confidenceOf({ maskedLogProbs }: Generation): number {
  return Math.exp(maskedLogProbs.reduce((sum, logProb) => sum + logProb, 0));
}
