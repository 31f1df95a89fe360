// Trains the base: `npm run pretrain`. Seeded; stopped and started again it goes on where it was. See README.md beside this file.
// Usage: node scripts/pretrain/train.ts [--threads 2] [--hidden 192] [--layers 6] [--out base] [--work FOLDER] [--cache FOLDER]
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import {
  adamDefaults,
  fileCheckpoint,
  initialWeights,
  loadModelFolder,
  parameterCount,
  saveModelFolder,
  train,
  type HistoryEntry,
  type ModelConfig,
  type Schedule,
  type TrainingSequence,
} from "../../src/engine/index.ts";
import { openMaterial } from "./material.ts";
import { BASE, CACHE } from "./paths.ts";
import { ROW, type Shard } from "./shard.ts";

const TOKENS_PER_STEP = 2048;
const SHARDS_PER_STEP = 2;
/** What predicting a prompt's tokens is worth beside an answer's: words are learnt from prompts too, at no risk to the answers. */
const PROMPT_WEIGHT = 0.15;
const HELD_OUT_TOKENS = 60_000;
const HELD_OUT_SEED = 1;
const SHARD_TOKENS = 2_000_000;
const HEAD_SIZE = 32;

type Phase = {
  readonly name: string;
  /** Of the first shard of material; later ones count up. */
  readonly seed: number;
  readonly tokens: number;
  readonly maxSteps: number | null;
  readonly schedule: Schedule;
};

/** Learning fast for most of the way, then a short fall to nothing on fresh material: warm-up, stable, decay (Hu et al. 2024, MiniCPM). */
const PHASES: readonly Phase[] = [
  {
    name: "one",
    seed: 1,
    tokens: 16_000_000,
    maxSteps: 5000,
    schedule: { learningRate: 2e-3, warmupSteps: 200, decay: "cosine", finalShare: 0.03, decaySteps: 8600 },
  },
  {
    name: "two",
    seed: 1001,
    tokens: 3_400_000,
    maxSteps: null,
    schedule: { learningRate: 8e-4, warmupSteps: 20, decay: "linear", finalShare: 0.01 },
  },
];

const { values } = parseArgs({
  options: {
    threads: { type: "string", default: "2" },
    hidden: { type: "string", default: "192" },
    layers: { type: "string", default: "6" },
    out: { type: "string", default: BASE },
    work: { type: "string", default: join(CACHE, "run") },
    cache: { type: "string", default: CACHE },
  },
});
const out = resolve(values.out);
const work = resolve(values.work);
const controller = new AbortController();
process.once("SIGINT", () => controller.abort());

const { buildShard } = await openMaterial(values.cache);
const development = sequencesOf(buildShard(HELD_OUT_SEED, HELD_OUT_TOKENS, { part: "heldOut" }), 0);
const config = configOf(Number(values.hidden), Number(values.layers));
say(`model: ${(parameterCount(config) / 1e6).toFixed(2)} M parameters`);

let weights = initialWeights(config, HELD_OUT_SEED);
const history: HistoryEntry[] = [];
for (const phase of PHASES) {
  const folder = join(work, phase.name);
  // A phase that is done is not done again: its folder is written when it ends.
  const isDone = existsSync(join(folder, "training.json"));
  const past = isDone ? readHistory(folder) : await runPhase(phase, folder);
  const offset = history.at(-1)?.step ?? 0;
  history.push(...past.map((entry) => ({ ...entry, step: entry.step + offset })));
  ({ weights } = await loadModelFolder(folder));
}
await saveModelFolder(out, config, weights, { dtype: "f16" });
const steps = history.at(-1)?.step ?? 0;
const summary = { tokens: steps * TOKENS_PER_STEP, steps, phases: PHASES, history };
writeFileSync(join(out, "training.json"), `${JSON.stringify(summary, null, 1)}\n`);
say(`saved ${out}: held-out loss ${history.at(-1)?.developmentLoss?.toFixed(4)}`);

async function runPhase(phase: Phase, folder: string): Promise<readonly HistoryEntry[]> {
  mkdirSync(folder, { recursive: true });
  const started = performance.now();
  const result = await train(
    {
      config,
      trainable: { mode: "full" },
      objective: { kind: "cross-entropy" },
      isCausal: true,
      start: weights,
      sequences: materialOf(phase),
      development,
      options: {
        passes: 1,
        maxSteps: phase.maxSteps,
        tokensPerShard: TOKENS_PER_STEP / SHARDS_PER_STEP,
        shardsPerStep: SHARDS_PER_STEP,
        schedule: phase.schedule,
        adam: { ...adamDefaults, weightDecay: 0.1 },
        clipNorm: 1,
        evaluateEvery: 400,
        patience: null,
        seed: phase.seed,
        threads: Number(values.threads),
        maxBytes: null,
      },
    },
    {
      signal: controller.signal,
      onMemory: (bytes) => say(`memory: about ${Math.round(bytes / 1e6)} MB beside the material`),
      onHistory: ({ step, trainLoss, developmentLoss }) => {
        const minutes = (performance.now() - started) / 60_000;
        say(
          `phase ${phase.name}, step ${step}: training ${trainLoss.toFixed(4)}, held out ${developmentLoss?.toFixed(4)}, ${minutes.toFixed(1)} minutes`,
        );
      },
      checkpoint: fileCheckpoint(join(folder, "checkpoint"), 500),
    },
  );
  await saveModelFolder(folder, config, result.parameters, { dtype: "f32" });
  writeFileSync(join(folder, "training.json"), JSON.stringify(result.history));
  rmSync(join(folder, "checkpoint"), { force: true });
  return result.history;
}

// Written by runPhase.
function readHistory(folder: string): HistoryEntry[] {
  return JSON.parse(readFileSync(join(folder, "training.json"), "utf8")) as HistoryEntry[];
}

function materialOf({ seed, tokens }: Phase): TrainingSequence[] {
  const sequences: TrainingSequence[] = [];
  let made = 0;
  for (let shard = seed; made < tokens; shard += 1) {
    for (const sequence of sequencesOf(buildShard(shard, SHARD_TOKENS))) {
      sequences.push(sequence);
      made += sequence.ids.length;
    }
  }
  say(`material: ${(made / 1e6).toFixed(1)} M tokens in ${sequences.length} documents`);
  return sequences;
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
