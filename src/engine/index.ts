export { ggufTokenizerOf, tokenizerFromGguf, type GgufTokenizer } from "./tokens/gguf-tokenizer.ts";
export { makeTokenizer, parseTokenizer, type Tokenizer } from "./tokens/tokenizer.ts";
export { GPT2_PATTERN, type BytePairs } from "./tokens/tokenizer-json.ts";
export { tokenizerFiles, trainBpe, type BpeOptions } from "./tokens/train-bpe.ts";
export { loadGgufAdapter, saveGgufAdapter } from "./formats/gguf-adapter.ts";
export { loadGguf, saveGguf, type GgufDtype, type GgufModel } from "./formats/gguf-model.ts";
export { mergeAdapter } from "./formats/merge-adapter.ts";
export { loadModelConfig, loadModelFolder, saveModelFolder, type Model } from "./formats/model-folder.ts";
export { loadPeftAdapter, savePeftAdapter, type PeftAdapter } from "./formats/peft.ts";
export {
  readSafetensors,
  withSafetensors,
  writeSafetensors,
  type SafetensorsDtype,
  type SafetensorsFile,
} from "./formats/safetensors.ts";
export type {
  AdapterHandle,
  Generation,
  GenerationOptions,
  GenerationRequest,
  GeneratedToken,
  LanguageModel,
  Sampling,
  ScoreRequest,
  TokenMask,
} from "./decode/language-model.ts";
export { createJumps, jumpingAhead, type JumpingMatcher, type Jumps } from "./decode/jump-ahead.ts";
export { openLlamaModel, type LlamaModelOptions } from "./decode/llama-cpp.ts";
export { openModel, type OpenModelOptions } from "./decode/open-model.ts";
export type { Precision } from "./decode/model-parts.ts";
export {
  parameterCount,
  parameterShapes,
  type Adapter,
  type ModelConfig,
  type Tensor,
  type Weights,
} from "./model-config.ts";
export { openRuntime, type Runtime } from "./onnx/runtime.ts";
export { adapterShapes, type Trainable } from "./graph/decoder.ts";
export { adamDefaults, learningRateAt, type AdamOptions, type Schedule } from "./train/adamw.ts";
export { openEncoder, type Encoded, type Encoder, type EncoderOptions } from "./graph/encoder.ts";
export { headShapes, type Head } from "./graph/heads.ts";
export type { CheckpointPlace, HistoryEntry } from "./train/checkpoint.ts";
export { fileCheckpoint } from "./train/file-checkpoint.ts";
export { initialAdapter, initialHead, initialWeights } from "./train/initialize.ts";
export { type Objective } from "./train/objective.ts";
export { referenceLogProbs, type References } from "./train/reference.ts";
export { type TrainingSequence } from "./train/sequences.ts";
export { train, type TrainHooks, type TrainJob, type TrainOptions, type TrainResult } from "./train/train.ts";
export { decode as decodeFloats, encode as encodeFloats } from "./formats/encoding.ts";
export { arrangerFor } from "./grammar/arrange.ts";
export { compileGrammar, type Grammar, type GrammarSource, type Vocabulary } from "./grammar/compile.ts";
export { schemaOfExamples } from "./grammar/schema-of-examples.ts";
export { type Matcher } from "./grammar/matcher.ts";
export { schemaOfTools, type ToolForm } from "./grammar/tools.ts";
