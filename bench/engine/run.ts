import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
// Past the door: the text of a grammar is only of interest to another engine.
import { grammarText } from "../../src/engine/grammar/compile.ts";
import {
  ggufTokenizerOf,
  initialWeights,
  openRuntime,
  saveGguf,
  type Precision,
  type Runtime,
  type Trainable,
  type Weights,
} from "../../src/engine/index.ts";
import { openOurs, PREFILL_TOKENS, SOURCE, type DecodingRound, type Writer } from "./decoding.ts";
import { openProduct, productsOf, type OpenProduct } from "./gemm.ts";
import { gbnfOf, startLlama, type Llama } from "./llama.ts";
import { CONFIG, openMaterial, ROW, type Material } from "./material.ts";
import { rateOf, type Measured, type Rate } from "./measure.ts";
import { FULL, LORA, STEP_TOKENS, trainingRound } from "./training.ts";

export type Size = {
  readonly rounds: number;
  /** Steps before the first round: afterwards the model writes requests' usual words, and tokens as the tokenizer cuts them. */
  readonly firstSteps: number;
  /** Measured steps of a round. */
  readonly steps: number;
  readonly requests: number;
  /** Of one core, per product and round. */
  readonly gemmSeconds: number;
};

export type WriterFigures = {
  readonly name: string;
  readonly written: Rate;
  readonly computed: Rate;
  readonly characters: Rate;
  readonly prefill: Rate;
  /** Mean over the answers of all rounds. */
  readonly tokensPerAnswer: number;
  /** Share of the answers of all rounds that are, letter by letter, those of our engine in f32. */
  readonly sameShare: number;
};

export type Figures = {
  readonly runtime: Runtime["kind"];
  readonly products: readonly { readonly name: string; readonly flops: Rate }[];
  readonly training: Rate;
  readonly lora: Rate;
  readonly loss: number;
  readonly writers: readonly WriterFigures[];
  /** Why llama.cpp is not among the writers; null when it is. */
  readonly noLlama: string | null;
};

const SEED = 1;
const PRECISIONS: readonly Precision[] = ["f32", "int8", "int4"];

/** Every round measures each thing once, one after another, so that a busy minute of the machine slows all of them. */
export async function run(size: Size, say: (line: string) => void): Promise<Figures> {
  const material = openMaterial();
  const runtime = await openRuntime();
  say(`training ${size.firstSteps} steps, to have a model that writes calls…`);
  const first = await trainingRound(initialWeights(CONFIG, SEED), FULL, rowsOf(material, size.firstSteps, 0));
  const weights = first.parameters;
  const folder = mkdtempSync(join(tmpdir(), "understudy-bench-"));
  const llama = await startLlama(gbnfOf(grammarText(SOURCE)), material.tokenizer, say);
  try {
    const ours: Writer[] = [];
    for (const precision of PRECISIONS) ours.push(await openOurs(precision, { weights, material, runtime }));
    const theirs = typeof llama === "string" ? llama : await openTheirs(llama, { weights, material, folder });
    const noLlama = typeof theirs === "string" ? theirs : null;
    if (noLlama !== null) say(`without llama.cpp: ${noLlama}`);
    const writers = typeof theirs === "string" ? ours : [...ours, ...theirs];
    const products = await Promise.all(productsOf(STEP_TOKENS).map((one) => openProduct(runtime, one)));
    const rounds: Round[] = [];
    for (let index = 0; index < size.rounds; index += 1) {
      rounds.push(await round({ material, weights, products, writers, size }, index));
      say(`round ${index + 1} of ${size.rounds}`);
    }
    for (const one of [...products, ...writers]) await one.close();
    return { ...figuresOf(rounds, products, writers), runtime: runtime.kind, loss: first.loss, noLlama };
  } finally {
    if (typeof llama !== "string") llama.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Opening = { readonly material: Material; readonly weights: Weights; readonly folder: string };

/** llama.cpp on the same weights, written as GGUF by us; or why not. */
async function openTheirs(llama: Llama, { material, weights, folder }: Opening): Promise<Writer[] | string> {
  const tokenizer = ggufTokenizerOf(material.tokenizer);
  const writers: Writer[] = [];
  for (const dtype of ["f16", "q8_0"] as const) {
    const path = join(folder, `${dtype}.gguf`);
    await saveGguf(path, { config: CONFIG, weights, tokenizer }, { dtype });
    try {
      writers.push(await llama.open(path, `node-llama-cpp, ${dtype}`));
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
  return writers;
}

type Round = {
  readonly products: readonly Measured[];
  readonly training: Measured;
  readonly lora: Measured;
  readonly decoding: readonly DecodingRound[];
  readonly prefill: readonly Measured[];
};

type Parts = {
  readonly material: Material;
  readonly weights: Weights;
  readonly products: readonly OpenProduct[];
  readonly writers: readonly Writer[];
  readonly size: Size;
};

async function round({ material, weights, products, writers, size }: Parts, index: number): Promise<Round> {
  const prompts = material.prompts(size.requests, index);
  const [{ ids }, { ids: more }] = material.rows(2, -1 - index);
  const long = [...Array.from(ids), ...Array.from(more)].slice(0, PREFILL_TOKENS);
  const trained = async (trainable: Trainable): Promise<Measured> =>
    (await trainingRound(weights, trainable, rowsOf(material, size.steps + 1, index + 1))).measured;
  const gemm: Measured[] = [];
  for (const product of products) gemm.push(await product.round(size.gemmSeconds));
  const training = await trained(FULL);
  const lora = await trained(LORA);
  const decoding: DecodingRound[] = [];
  const prefill: Measured[] = [];
  for (const writer of writers) {
    decoding.push(await writer.round(prompts));
    prefill.push(await writer.prefill(long));
  }
  return { products: gemm, training, lora, decoding, prefill };
}

const rowsOf = (material: Material, steps: number, seed: number): ReturnType<Material["rows"]> =>
  material.rows((steps * STEP_TOKENS) / ROW, seed);

function figuresOf(
  rounds: readonly Round[],
  products: readonly OpenProduct[],
  writers: readonly Writer[],
): Pick<Figures, "products" | "training" | "lora" | "writers"> {
  return {
    products: products.map(({ name }, at) => ({
      name,
      flops: rateOf(rounds.map((one) => one.products[at])),
    })),
    training: rateOf(rounds.map(({ training }) => training)),
    lora: rateOf(rounds.map(({ lora }) => lora)),
    writers: writers.map(({ name }, at) => {
      const own = rounds.map(({ decoding }) => decoding[at]);
      const answers = own.flatMap(({ texts }) => texts);
      const reference = rounds.flatMap(({ decoding }) => decoding[0].texts);
      return {
        name,
        written: rateOf(own.map(({ written }) => written)),
        computed: rateOf(own.map(({ computed }) => computed)),
        characters: rateOf(own.map(({ characters }) => characters)),
        prefill: rateOf(rounds.map(({ prefill }) => prefill[at])),
        tokensPerAnswer: own.reduce((sum, { written }) => sum + written.units, 0) / answers.length,
        sameShare: answers.filter((text, place) => text === reference[place]).length / answers.length,
      };
    }),
  };
}
