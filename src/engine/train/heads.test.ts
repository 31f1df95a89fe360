import { describe, expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { openEncoder, type Encoded } from "../graph/encoder.ts";
import type { Head } from "../graph/heads.ts";
import type { ModelConfig } from "../model-config.ts";
import { adamDefaults } from "./adamw.ts";
import { initialHead, initialWeights } from "./initialize.ts";
import type { TrainingSequence } from "./sequences.ts";
import { train, type TrainJob, type TrainOptions } from "./train.ts";

const config: ModelConfig = {
  architecture: "llama",
  vocabularySize: 24,
  hiddenSize: 16,
  intermediateSize: 32,
  layers: 1,
  heads: 2,
  kvHeads: 2,
  headSize: 8,
  ropeTheta: 100,
  ropeScaling: null,
  normEpsilon: 1e-5,
  tiedHead: true,
  attentionBias: false,
  qkNorm: false,
  contextSize: 64,
  bosTokenId: 1,
  eosTokenIds: [2],
};

const options: TrainOptions = {
  passes: 10,
  maxSteps: null,
  tokensPerShard: 512,
  shardsPerStep: 1,
  schedule: { learningRate: 3e-2, warmupSteps: 2, decay: "cosine", finalShare: 0.1 },
  adam: adamDefaults,
  clipNorm: 1,
  evaluateEvery: 1000,
  patience: null,
  seed: 1,
  threads: 0,
  maxBytes: null,
};

/** A word of either kind stands in three quarters of the sequences, once. */
const [FIRST, SECOND] = [20, 21];

/** A first token (1), then 5 to 11 words: plain ones of 4 to 19, FIRST and SECOND. */
function words(count: number, seed: number, ask: Ask): TrainingSequence[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const ids = [1, ...Array.from({ length: 5 + random.below(7) }, () => 4 + random.below(16))];
    for (const word of [FIRST, SECOND]) if (random.below(4) > 0) ids[1 + random.below(ids.length - 1)] = word;
    return { ids, weights: ids.map(() => 1), ...ask(ids) };
  });
}

type Ask = (ids: readonly number[]) => Partial<TrainingSequence>;

/** From a word to the one after it; absent without it. */
const span = (ids: readonly number[], word: number): number[] => {
  const at = ids.indexOf(word);
  return at < 0 ? [0, 0] : [at, Math.min(at + 1, ids.length - 1)];
};

const tasks: readonly [Head, Ask][] = [
  [{ kind: "classes", classes: 2 }, (ids) => ({ labels: [ids.includes(FIRST) ? 1 : 0] })],
  // The tag of a word depends on the next one: only an encoder sees it.
  [
    { kind: "tags", tags: 3 },
    (ids) => ({ targets: ids.map((id, index) => ((ids[index + 1] ?? 0) > 11 ? 2 : id > 11 ? 1 : 0)) }),
  ],
  [{ kind: "spans", fields: 2 }, (ids) => ({ labels: [...span(ids, FIRST), ...span(ids, SECOND)] })],
];

const jobOf = ([head, ask]: (typeof tasks)[number]): TrainJob => ({
  config,
  trainable: { mode: "full" },
  objective: head,
  isCausal: false,
  start: new Map([...initialWeights(config, 1), ...initialHead(config, head, 1)]),
  sequences: words(300, 1, ask),
  development: [],
  options,
});

/** Share of right answers: classes, tags at all tokens, or starts and ends. */
function accuracy(head: Head, sequences: readonly TrainingSequence[], encoded: readonly Encoded[]): number {
  let [right, all] = [0, 0];
  encoded.forEach(({ logits }, index) => {
    const [rows, width] = logits!.shape;
    const truth = head.kind === "tags" ? sequences[index].targets! : sequences[index].labels!;
    for (let row = 0; row < rows; row += 1) {
      const scores = logits!.data.subarray(row * width, (row + 1) * width);
      right += scores.indexOf(Math.max(...scores)) === truth[row] ? 1 : 0;
      all += 1;
    }
  });
  return right / all;
}

describe.each(tasks)("an encoder with a head for %o", (...task) => {
  test("learns its task, and openEncoder() answers as it was trained", async () => {
    const job = jobOf(task);
    const { parameters } = await train(job);
    const encoder = await openEncoder({ config, weights: parameters, head: task[0] });
    const fresh = words(100, 2, task[1]);
    const encoded = await encoder.encode(fresh.map(({ ids }) => ids));
    await encoder.close();
    expect(accuracy(task[0], fresh, encoded)).toBeGreaterThan(0.97);
  });
});
