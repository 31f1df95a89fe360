import { parameterShapes, type ModelConfig, type Tensor } from "../model-config.ts";
import type { GgufTokenizer } from "../tokens/gguf-tokenizer.ts";
import { configFault } from "./check-config.ts";
import { shapesFault, shapesOf, weightsFault } from "./check-weights.ts";
import { ENCODINGS, type Encoding } from "./encoding.ts";
import { brokenFile, unwritable } from "./file.ts";
import { configOfGguf, metadataOfConfig, ROPE_DIVISORS, textAt } from "./gguf-config.ts";
import { withGguf, writeGguf, type GgufFile } from "./gguf-file.ts";
import { ggufName } from "./gguf-names.ts";
import { keysOfTokenizer, tokenizerOfGguf } from "./gguf-vocabulary.ts";
import type { Model } from "./model-folder.ts";
import { isRotated, llama3Divisors, toHalves, toNeighbours } from "./rotary-rows.ts";

/** A model with what its file carries beside it: the tokenizer, null where that is not byte-level BPE, and the chat template. */
export type GgufModel = Model & {
  readonly tokenizer: GgufTokenizer | null;
  readonly chatTemplate?: string | null;
};

const CHAT_TEMPLATE = "tokenizer.chat_template";

/** Encodings a model can be written in. Vectors (norms, biases) are float32 in all of them. */
export type GgufDtype = "f32" | "f16" | "q8_0";

// llama.cpp's `general.file_type` (enum llama_ftype).
const FILE_TYPE: Readonly<Record<GgufDtype, number>> = { f32: 0, f16: 1, q8_0: 7 };
/** The version of ggml's block formats (GGML_QNT_VERSION). */
const QUANTIZATION_VERSION = 2;

/** Reads a GGUF model of the architectures llama, qwen2 and qwen3 in F32, F16, BF16 or Q8_0. */
export function loadGguf(path: string): Promise<GgufModel> {
  return withGguf(path, async (file) => {
    const config = await configOfGguf(file);
    const expected = new Map([...parameterShapes(config)].map(([name, shape]) => [ggufName(name), shape]));
    const found = new Map([...file.tensors].map(([name, { shape }]) => [name, shape]));
    found.delete(ROPE_DIVISORS);
    const fault = shapesFault(expected, found);
    if (fault !== null) throw brokenFile(path, fault);
    return {
      config,
      weights: await readWeights(file, config),
      tokenizer: tokenizerOfGguf(file),
      chatTemplate: textAt(file.metadata, CHAT_TEMPLATE) ?? null,
    };
  });
}

async function readWeights(file: GgufFile, config: ModelConfig): Promise<Map<string, Tensor>> {
  const isLlama = textAt(file.metadata, "general.architecture") === "llama";
  const weights = new Map<string, Tensor>();
  for (const name of parameterShapes(config).keys()) {
    const tensor = await file.read(ggufName(name));
    if (!isLlama || !isRotated(name)) weights.set(name, tensor);
    else weights.set(name, { shape: tensor.shape, data: toHalves(tensor, config.headSize).data });
  }
  return weights;
}

/** Writes a model for llama.cpp; without a tokenizer it loads but cannot tokenize. In `q8_0` a matrix whose rows are no multiple of 32 is written as float16, as llama.cpp's own converter does. */
export async function saveGguf(
  path: string,
  model: GgufModel,
  options: { readonly dtype?: GgufDtype; readonly name?: string } = {},
): Promise<void> {
  const { config, weights, tokenizer } = model;
  const fault = configFault(config) ?? weightsFault(config, shapesOf(weights)) ?? tokensFault(model);
  if (fault !== null) throw unwritable(path, fault);
  const metadata = metadataOfConfig(config);
  if (typeof metadata === "string") throw unwritable(path, metadata);
  const dtype = options.dtype ?? "f32";
  if (options.name !== undefined) metadata.set("general.name", { type: "string", value: options.name });
  if (typeof model.chatTemplate === "string")
    metadata.set(CHAT_TEMPLATE, { type: "string", value: model.chatTemplate });
  metadata.set("general.file_type", { type: "u32", value: FILE_TYPE[dtype] });
  metadata.set("general.quantization_version", { type: "u32", value: QUANTIZATION_VERSION });
  for (const [key, value] of keysOfTokenizer(tokenizer, config.vocabularySize))
    if (!metadata.has(key)) metadata.set(key, value);
  await writeGguf(path, metadata, tensorsOf(model), (_, tensor) => encodingFor(tensor, dtype));
}

function tokensFault({ config, tokenizer }: GgufModel): string | null {
  const count = tokenizer?.tokens.length ?? 0;
  if (count > config.vocabularySize)
    return `its tokenizer has ${count} tokens, the embedding ${config.vocabularySize} rows`;
  return null;
}

function tensorsOf({ config, weights }: GgufModel): Map<string, Tensor> {
  const isLlama = config.architecture === "llama";
  const tensors = new Map<string, Tensor>();
  for (const [name, tensor] of weights)
    tensors.set(ggufName(name), isLlama && isRotated(name) ? toNeighbours(tensor, config.headSize) : tensor);
  if (config.ropeScaling?.kind === "llama3") {
    const data = llama3Divisors(config);
    tensors.set(ROPE_DIVISORS, { shape: [data.length], data });
  }
  return tensors;
}

function encodingFor({ shape }: Tensor, dtype: GgufDtype): Encoding {
  if (shape.length < 2) return "f32";
  return shape[shape.length - 1] % ENCODINGS[dtype].blockSize === 0 ? dtype : "f16";
}
