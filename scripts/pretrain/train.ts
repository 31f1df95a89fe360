// Trains the base: `npm run pretrain`. Seeded; stopped and started again it goes on where it was. See README.md beside this file.
// Usage: node scripts/pretrain/train.ts [--tokens 16000000] [--steps 10500] [--threads 2] [--hidden 192] [--layers 6] [--out base] [--work FOLDER] [--cache FOLDER]
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import {
  adamDefaults,
  fileCheckpoint,
  initialWeights,
  parameterCount,
  saveModelFolder,
  train,
  type ModelConfig,
  type TrainingSequence,
  type TrainJob,
} from "../../src/engine/index.ts";
import { openMaterial } from "./material.ts";
import { BASE, CACHE } from "./paths.ts";
import { ROW, type Shard } from "./shard.ts";

const SEED = 1;
/** What predicting a prompt's tokens is worth beside an answer's: words are learnt from prompts too, at no risk to the answers. */
const PROMPT_WEIGHT = 0.15;
const HELD_OUT_TOKENS = 60_000;
const SHARD_TOKENS = 2_000_000;
/** Steps of a whole pass over 16 million tokens, which the rate is planned for. */
const DECAY_STEPS = 10_996;
const HEAD_SIZE = 32;

const { values } = parseArgs({
  options: {
    tokens: { type: "string", default: "16000000" },
    threads: { type: "string", default: "2" },
    hidden: { type: "string", default: "192" },
    layers: { type: "string", default: "6" },
    steps: { type: "string", default: "10500" },
    rate: { type: "string", default: "0.002" },
    out: { type: "string", default: BASE },
    work: { type: "string", default: join(CACHE, "run") },
    cache: { type: "string", default: CACHE },
  },
});
const out = resolve(values.out);
const work = resolve(values.work);
mkdirSync(out, { recursive: true });
mkdirSync(work, { recursive: true });

const { buildShard } = await openMaterial(values.cache);
const sequences: TrainingSequence[] = [];
for (let seed = SEED; sequencesTokens() < Number(values.tokens); seed += 1) {
  sequences.push(...sequencesOf(buildShard(seed, SHARD_TOKENS)));
  say(`material: ${(sequencesTokens() / 1e6).toFixed(1)} M tokens in ${sequences.length} documents`);
}
const development = sequencesOf(buildShard(SEED, HELD_OUT_TOKENS, { part: "heldOut" }), 0);

const config = configOf(Number(values.hidden), Number(values.layers));
say(`model: ${(parameterCount(config) / 1e6).toFixed(2)} M parameters`);
const checkpointFile = join(work, "checkpoint");
const started = performance.now();
let saved = Promise.resolve();
const job: TrainJob = {
  config,
  trainable: { mode: "full" },
  objective: { kind: "cross-entropy" },
  isCausal: true,
  start: initialWeights(config, SEED),
  sequences,
  development,
  options: {
    passes: 1,
    maxSteps: Number(values.steps),
    tokensPerShard: 1024,
    shardsPerStep: 2,
    schedule: {
      learningRate: Number(values.rate),
      warmupSteps: 200,
      decay: "cosine",
      finalShare: 0.03,
      decaySteps: DECAY_STEPS,
    },
    adam: { ...adamDefaults, weightDecay: 0.1 },
    clipNorm: 1,
    evaluateEvery: 400,
    patience: null,
    keep: "last",
    seed: SEED,
    threads: Number(values.threads),
    maxBytes: null,
  },
};
const controller = new AbortController();
process.once("SIGINT", () => controller.abort());
const result = await train(job, {
  signal: controller.signal,
  onMemory: (bytes) => say(`memory: about ${Math.round(bytes / 1e6)} MB beside the material`),
  onHistory: (entry, parameters) => {
    const minutes = (performance.now() - started) / 60_000;
    say(
      `step ${entry.step}: training ${entry.trainLoss.toFixed(4)}, held out ${entry.developmentLoss?.toFixed(4)}, ${minutes.toFixed(1)} minutes`,
    );
    // A look at what there is so far, for whoever cannot wait.
    if (entry.step % 2000 === 0)
      saved = saveModelFolder(join(work, "latest"), config, parameters(), { dtype: "f16" });
  },
  checkpoint: fileCheckpoint(checkpointFile, 500),
});
await saved;
await saveModelFolder(out, config, result.parameters, { dtype: "f16" });
const tokens = sequencesTokens();
writeFileSync(
  join(out, "training.json"),
  `${JSON.stringify({ seed: SEED, tokens, steps: result.steps, options: job.options, history: result.history }, null, 1)}\n`,
);
rmSync(checkpointFile, { force: true });
say(`saved ${out}: held-out loss ${result.developmentLoss?.toFixed(4)}`);

function sequencesTokens(): number {
  return sequences.reduce((sum, { ids }) => sum + ids.length, 0);
}

/** The documents of a shard, padding left out. */
function sequencesOf(
  { ids, weights, starts }: Shard,
  promptWeight: number = PROMPT_WEIGHT,
): TrainingSequence[] {
  const found: TrainingSequence[] = [];
  starts.forEach((start, index) => {
    let end = Math.min(starts[index + 1] ?? ids.length, (Math.floor(start / ROW) + 1) * ROW);
    while (end > start && ids[end - 1] === 0) end -= 1;
    const worth = Float32Array.from(weights.subarray(start, end), (weight) =>
      weight > 0 ? 1 : promptWeight,
    );
    worth[0] = 0;
    found.push({ ids: ids.subarray(start, end), weights: worth });
  });
  return found;
}

function configOf(hidden: number, layers: number): ModelConfig {
  return {
    architecture: "llama",
    vocabularySize: 4096,
    hiddenSize: hidden,
    intermediateSize: Math.round((hidden * 8) / 3 / 64) * 64,
    layers,
    heads: hidden / HEAD_SIZE,
    kvHeads: 2,
    headSize: HEAD_SIZE,
    ropeTheta: 10_000,
    ropeScaling: null,
    normEpsilon: 1e-5,
    tiedHead: true,
    attentionBias: false,
    qkNorm: false,
    contextSize: 1024,
    bosTokenId: 1,
    eosTokenIds: [2],
  };
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
