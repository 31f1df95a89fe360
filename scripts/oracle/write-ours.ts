// What Understudy writes, for check-ours.py to read with transformers, PEFT and llama.cpp; README.md beside this file says in which form.
// Usage: node write-ours.ts FOLDER
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { seededRandom } from "../../src/core/index.ts";
import {
  adamDefaults,
  ggufTokenizerOf,
  initialAdapter,
  initialWeights,
  loadGguf,
  loadModelFolder,
  makeTokenizer,
  parseTokenizer,
  saveGguf,
  saveGgufAdapter,
  saveModelFolder,
  savePeftAdapter,
  tokenizerFiles,
  train,
  trainBpe,
  type Adapter,
  type GgufDtype,
  type ModelConfig,
  type SafetensorsDtype,
  type Tokenizer,
  type Weights,
} from "../../src/engine/index.ts";
import { logitsOf } from "./our-logits.ts";

/** A model with its words, in memory. */
type Ours = {
  readonly name: string;
  readonly config: ModelConfig;
  readonly weights: Weights;
  readonly tokenizer: Tokenizer;
  /** The files beside the weights: texts of tokenizer.json and tokenizer_config.json. */
  readonly files: { readonly tokenizer: string; readonly config: string };
  /** In which its weights lose nothing. */
  readonly dtype: SafetensorsDtype;
};

const SEED = 1;
const ROWS = 2;
const LENGTH = 24;
// Fresh weights make logits near 0, which agree whatever is wrong.
const WEIGHT_SCALE = 6;
const STEPS = 4;
const RATE = 0.02;
const TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];
// llama.cpp rounds activations too: to 16 bits beside f16, to blocks of 8 bits beside q8_0.
const TOLERANCES: Readonly<Record<GgufDtype, number>> = { f32: 5e-3, f16: 2e-2, q8_0: 0.3 };
/** Rounding grows with what is rounded: of larger logits than these more is allowed, but for f32. */
const USUAL_LOGIT = 8;
const BASE = resolve(import.meta.dirname, "../../base");

const TINY: ModelConfig = {
  architecture: "llama",
  vocabularySize: 384,
  hiddenSize: 64,
  intermediateSize: 96,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 16,
  ropeTheta: 10_000,
  ropeScaling: null,
  normEpsilon: 1e-5,
  tiedHead: true,
  attentionBias: false,
  qkNorm: false,
  contextSize: 256,
  bosTokenId: 1,
  eosTokenIds: [2],
};
const CONFIGS: Readonly<Record<string, ModelConfig>> = {
  llama: TINY,
  "llama-untied": { ...TINY, tiedHead: false, kvHeads: 4 },
  "llama3-rope-scaling": {
    ...TINY,
    ropeScaling: {
      kind: "llama3",
      factor: 8,
      lowFrequencyFactor: 1,
      highFrequencyFactor: 4,
      originalContextSize: 32,
    },
  },
  qwen2: { ...TINY, architecture: "qwen2", attentionBias: true },
  // Heads together are wider than the hidden state.
  qwen3: { ...TINY, architecture: "qwen3", qkNorm: true, headSize: 32, ropeTheta: 1_000_000 },
};

const out = process.argv[2];
if (out === undefined) {
  process.stderr.write("usage: node write-ours.ts FOLDER\n");
  process.exit(2);
}
const folder = resolve(out);
const training = readFileSync(join(import.meta.dirname, "training.txt"), "utf8");
const texts = training.split("\n").filter((line) => line !== "");

for (const [name, config] of Object.entries(CONFIGS)) await writeAll(randomModel(name, config));
if (existsSync(join(BASE, "model.safetensors"))) await writeAll(await shippedBase());
else process.stdout.write("base/ has no weights: not checked\n");

async function writeAll(model: Ours): Promise<void> {
  const lora = await learntAdapter(model, "lora");
  const dora = await learntAdapter(model, "dora");
  await writeFolder(model);
  for (const adapter of [lora, dora]) await writePeft(model, adapter);
  for (const dtype of ["f32", "f16", "q8_0"] as const) await writeGguf(model, dtype);
  await writeGgufAdapter(model, lora);
}

function randomModel(name: string, config: ModelConfig): Ours {
  const names = { bos: "<bos>", eos: "<eos>", pad: "<pad>" };
  // Some rows of the embedding stay without a word, as in many published models.
  const pairs = trainBpe(texts, { vocabularySize: 350, specials: [names.pad, names.bos, names.eos] });
  const { tokenizer, config: tokenizerConfig } = tokenizerFiles(pairs, names);
  const files = { tokenizer: JSON.stringify(tokenizer), config: JSON.stringify(tokenizerConfig) };
  const random = seededRandom(`${name} ${SEED}`);
  const weights = new Map(
    [...initialWeights(config, SEED)].map(([key, { shape, data }]) => {
      // Norms and biases are moved too: ones and zeros would hide that they are left out.
      const scaled =
        shape.length === 1
          ? data.map((value) => value + 0.4 * (random.next() - 0.5))
          : data.map((value) => WEIGHT_SCALE * value);
      return [key, { shape, data: scaled }] as const;
    }),
  );
  const made = makeTokenizer(tokenizer, tokenizerConfig, name);
  return { name, config, weights, files, dtype: "f32", tokenizer: made };
}

async function shippedBase(): Promise<Ours> {
  const { config, weights } = await loadModelFolder(BASE);
  const text = (file: string): string => readFileSync(join(BASE, file), "utf8");
  const files = { tokenizer: text("tokenizer.json"), config: text("tokenizer_config.json") };
  return { name: "base", config, weights, files, dtype: "f16", tokenizer: parseTokenizer(files, BASE) };
}

/** An adapter after a few steps of our trainer, at a rate that moves it far. */
async function learntAdapter(model: Ours, kind: Adapter["kind"]): Promise<Adapter> {
  const { config, weights } = model;
  const trainable = { mode: "adapter", kind, rank: 4, alpha: 8, targets: TARGETS } as const;
  const adapter = initialAdapter(config, weights, trainable, SEED);
  const sequences = texts.map((text) => {
    const ids = [1, ...model.tokenizer.encode(text), 2];
    return { ids, weights: ids.map(() => 1) };
  });
  const { parameters } = await train({
    config,
    trainable,
    objective: { kind: "cross-entropy" },
    isCausal: true,
    start: new Map([...weights, ...adapter.tensors]),
    sequences,
    development: [],
    options: {
      passes: STEPS,
      maxSteps: STEPS,
      tokensPerShard: 512,
      shardsPerStep: 1,
      schedule: { learningRate: RATE, warmupSteps: 0, decay: "constant", finalShare: 1 },
      adam: adamDefaults,
      clipNorm: 1,
      evaluateEvery: STEPS,
      patience: null,
      seed: SEED,
      threads: 0,
      maxBytes: null,
    },
  });
  return { ...adapter, tensors: parameters };
}

async function writeFolder(model: Ours): Promise<void> {
  const { name, config, weights, files, dtype, tokenizer } = model;
  await saveModelFolder(join(folder, name, "model"), config, weights, { dtype });
  writeFileSync(join(folder, name, "model", "tokenizer.json"), files.tokenizer);
  writeFileSync(join(folder, name, "model", "tokenizer_config.json"), files.config);
  const known = texts.map((text) => ({ text, ids: tokenizer.encode(text) }));
  await writeCase(name, { model: "model", texts: known }, model);
}

async function writePeft(model: Ours, adapter: Adapter): Promise<void> {
  const name = `${model.name}-${adapter.kind}`;
  // A path: PEFT would look for a name on the network.
  const baseModel = join(folder, model.name, "model");
  await savePeftAdapter(join(folder, name, "adapter"), model.config, adapter, { baseModel });
  await writeCase(name, { model: `../${model.name}/model`, adapter: "adapter" }, { ...model, adapter });
}

async function writeGguf(model: Ours, dtype: GgufDtype): Promise<void> {
  const name = `${model.name}-gguf-${dtype}`;
  const path = join(folder, name, "model.gguf");
  mkdirSync(join(folder, name), { recursive: true });
  await saveGguf(path, { ...model, tokenizer: ggufTokenizerOf(model.tokenizer) }, { dtype });
  // Our logits are those of the rounded weights: how much rounding costs is no matter of the format.
  const { weights } = await loadGguf(path);
  const known = texts.map((text) => ({ text, ids: model.tokenizer.encode(text) }));
  await writeCase(name, { model: "model.gguf", texts: known }, { ...model, weights }, dtype);
}

async function writeGgufAdapter(model: Ours, adapter: Adapter): Promise<void> {
  const name = `${model.name}-gguf-lora`;
  mkdirSync(join(folder, name), { recursive: true });
  await saveGgufAdapter(join(folder, name, "adapter.gguf"), model.config, adapter);
  const fields = { model: `../${model.name}-gguf-f32/model.gguf`, adapter: "adapter.gguf" };
  await writeCase(name, fields, { ...model, adapter });
}

async function writeCase(
  name: string,
  fields: Readonly<Record<string, unknown>>,
  model: Pick<Ours, "config" | "weights"> & { readonly adapter?: Adapter },
  dtype: GgufDtype = "f32",
): Promise<void> {
  const random = seededRandom(`ids of ${name}`);
  const inputIds = Array.from({ length: ROWS }, () =>
    Array.from({ length: LENGTH }, () => random.below(model.config.vocabularySize)),
  );
  const logits = await logitsOf(model, inputIds);
  mkdirSync(join(folder, name), { recursive: true });
  const tolerance = TOLERANCES[dtype] * (dtype === "f32" ? 1 : Math.max(1, greatest(logits) / USUAL_LOGIT));
  writeFileSync(join(folder, name, "case.json"), JSON.stringify({ ...fields, tolerance, inputIds, logits }));
  process.stdout.write(`wrote ${name}\n`);
}

function greatest(logits: readonly number[][][]): number {
  return logits.flat(2).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
