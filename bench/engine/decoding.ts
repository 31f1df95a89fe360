import {
  compileGrammar,
  openModel,
  type Generation,
  type GrammarSource,
  type Precision,
  type Runtime,
  type Weights,
} from "../../src/engine/index.ts";
import { CONFIG, TOOLS, type Material } from "./material.ts";
import { stopwatch, type Measured } from "./measure.ts";

export const SOURCE: GrammarSource = { tools: TOOLS, form: "call" };
export const MAX_TOKENS = 160;
export const PREFILL_TOKENS = 512;

export type DecodingRound = {
  /** All tokens of the answers, also those that the grammar left no choice about. */
  readonly written: Measured;
  /** Tokens that the model was asked for. */
  readonly computed: Measured;
  readonly characters: Measured;
  readonly texts: readonly string[];
};

/** One engine that writes answers under the grammar, one request after another. */
export type Writer = {
  readonly name: string;
  round(prompts: readonly (readonly number[])[]): Promise<DecodingRound>;
  /** Reads this many tokens anew. */
  prefill(tokens: readonly number[]): Promise<Measured>;
  close(): Promise<void>;
};

export async function openOurs(
  precision: Precision,
  { weights, material, runtime }: { weights: Weights; material: Material; runtime: Runtime },
): Promise<Writer> {
  const model = await openModel({
    config: CONFIG,
    weights,
    precision,
    threads: 1,
    contextSize: 1024,
    runtime,
  });
  const grammar = await compileGrammar(SOURCE, material.vocabulary);
  const answer = async (prompt: readonly number[]): Promise<Generation> => {
    const matcher = grammar.matcher();
    // All but the last token are the prefix, and known before the clock starts.
    const request = { prefix: prompt.slice(0, -1), prompt: prompt.slice(-1), mask: matcher };
    const [generation] = await model.generate([request], { maxTokens: MAX_TOKENS });
    matcher.dispose();
    return generation;
  };
  return {
    name: `ours, ${precision}`,
    async round(prompts) {
      for (const prompt of prompts)
        await model.generate([{ prefix: prompt.slice(0, -1), prompt: prompt.slice(-1) }], { maxTokens: 1 });
      const taken = stopwatch();
      const answers: Generation[] = [];
      for (const prompt of prompts) answers.push(await answer(prompt));
      const cost = taken();
      const texts = answers.map(({ tokens }) => material.tokenizer.decode(tokens));
      const tokens = answers.flatMap((one) => one.logProbs);
      return {
        written: { units: tokens.length, ...cost },
        computed: { units: tokens.filter((logProb) => logProb !== null).length, ...cost },
        characters: { units: texts.join("").length, ...cost },
        texts,
      };
    },
    async prefill(tokens) {
      const taken = stopwatch();
      await model.generate([{ prompt: tokens }], { maxTokens: 1 });
      return { units: tokens.length, ...taken() };
    },
    close: () => model.close(),
  };
}
