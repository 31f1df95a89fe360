import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { loadModelFolder } from "../formats/model-folder.ts";
import { loadPeftAdapter } from "../formats/peft.ts";
import type { ModelConfig, Tensor, Weights } from "../model-config.ts";
import { adamStep } from "../train/adamw.ts";
import { forward, vocabularyLogits, type Trainable } from "./decoder.ts";
import { gradientsOf, type Value } from "./graph.ts";
import { crossEntropy } from "./losses.ts";
import { rotationTables } from "./rotary.ts";
import { readGolden, runGraph } from "./testing.ts";

// What transformers and PEFT computed; versions in test/golden/engine/versions.json, made by scripts/oracle.
const GOLDEN = resolve(import.meta.dirname, "../../../test/golden/engine");
const LOGIT_TOLERANCE = 5e-3;
/** Relative to the largest element of each gradient. */
const GRADIENT_TOLERANCE = 1e-3;

type Case = {
  readonly config: ModelConfig;
  readonly weights: Weights;
  readonly trainable: Trainable;
  readonly isCausal?: boolean;
};

/** Hidden states, logits, loss and all gradients of our graph, for the inputs of a golden file. */
async function computed(
  { config, weights, trainable, isCausal = true }: Case,
  golden: Weights,
): Promise<Record<string, Float32Array>> {
  const [batch, length] = golden.get("input_ids")!.shape;
  const outputs = batch * length;
  const pass = forward(config, { batch, length, outputs }, trainable);
  const { graph } = pass;
  const logits = vocabularyLogits(pass);
  const hasTargets = golden.has("targets");
  const results: Record<string, Value> = { hidden: pass.hidden, logits };
  if (hasTargets) {
    const targets = graph.input("targets", [outputs], { type: "int64" });
    const loss = crossEntropy(graph, logits, targets, graph.input("weights", [outputs]));
    const gradients = gradientsOf(graph, loss, pass.trainable);
    pass.trainable.forEach(({ name }, index) => (results[`grad.${name}`] = gradients[index]));
    results.loss = loss;
  }
  const integers = (name: string): number[] => [...golden.get(name)!.data];
  const { cosines, sines } = rotationTables(config, length);
  const half = config.headSize / 2;
  return runGraph(
    graph.build(results),
    {
      ...Object.fromEntries(weights),
      mask: { shape: [batch, 1, length, length], data: maskOf(batch, length, isCausal) },
      cosines: { shape: [length, half], data: cosines },
      sines: { shape: [length, half], data: sines },
      ...(hasTargets && {
        backSines: { shape: [length, half], data: sines.map((sine) => -sine) },
        weights: { shape: [outputs], data: shares(golden.get("weights")!) },
      }),
    },
    {
      ids: { shape: [batch, length], data: integers("input_ids") },
      positions: { shape: [batch, length], data: Array.from({ length: outputs }, (_, i) => i % length) },
      places: { shape: [outputs], data: Array.from({ length: outputs }, (_, i) => i) },
      ...(hasTargets && { targets: { shape: [outputs], data: integers("targets") } }),
    },
  );
}

function maskOf(batch: number, length: number, isCausal: boolean): Float32Array {
  return Float32Array.from({ length: batch * length * length }, (_, index) => {
    const [query, key] = [Math.floor(index / length) % length, index % length];
    return isCausal && key > query ? -1e9 : 0;
  });
}

function shares({ data }: Tensor): Float32Array {
  const total = data.reduce((sum, weight) => sum + weight, 0);
  return data.map((weight) => weight / total);
}

const difference = (ours: Float32Array, theirs: Float32Array): number =>
  theirs.reduce((worst, value, index) => Math.max(worst, Math.abs(value - ours[index])), 0);

/** The largest error of any gradient, relative to its largest element. */
function gradientDifference(ours: Record<string, Float32Array>, golden: Weights): number {
  const names = [...golden.keys()].filter((name) => name.startsWith("grad."));
  expect(names.length).toBeGreaterThan(10);
  return Math.max(
    ...names.map((name) => {
      const { data } = golden.get(name)!;
      const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
      return difference(ours[name], data) / largest;
    }),
  );
}

const MODELS = ["llama", "llama-untied", "llama3-rope-scaling", "qwen2", "qwen3", "qwen3-untied"];

describe.each(MODELS)("forward() of %s", (name) => {
  const folder = `${GOLDEN}/${name}`;
  const both = async (): Promise<{ ours: Record<string, Float32Array>; golden: Weights }> => {
    const golden = readGolden(`${folder}/expected.safetensors`);
    return {
      golden,
      ours: await computed({ ...(await loadModelFolder(folder)), trainable: { mode: "full" } }, golden),
    };
  };
  const run = both();
  test("has the logits of transformers", async () => {
    const { ours, golden } = await run;
    expect(difference(ours.logits, golden.get("logits")!.data)).toBeLessThan(LOGIT_TOLERANCE);
  });
  test("has the loss and the gradients of transformers", async () => {
    const { ours, golden } = await run;
    expect(ours.loss[0]).toBeCloseTo(golden.get("loss")!.data[0], 4);
    expect(gradientDifference(ours, golden)).toBeLessThan(GRADIENT_TOLERANCE);
  });
});

describe.each(["lora", "dora"] as const)("forward() with a %s adapter", (kind) => {
  test("has the logits, the loss and the gradients of PEFT", async () => {
    const { config, weights } = await loadModelFolder(`${GOLDEN}/llama`);
    const { adapter } = await loadPeftAdapter(`${GOLDEN}/peft-${kind}`, config);
    const golden = readGolden(`${GOLDEN}/peft-${kind}/expected.safetensors`);
    const { rank, alpha, targets } = adapter;
    const trainable: Trainable = { mode: "adapter", kind, rank, alpha, targets };
    const ours = await computed(
      { config, trainable, weights: new Map([...weights, ...adapter.tensors]) },
      golden,
    );
    expect(difference(ours.logits, golden.get("logits")!.data)).toBeLessThan(LOGIT_TOLERANCE);
    expect(ours.loss[0]).toBeCloseTo(golden.get("loss")!.data[0], 4);
    expect(gradientDifference(ours, golden)).toBeLessThan(GRADIENT_TOLERANCE);
  });
});

describe.each(["lora", "dora"] as const)("three AdamW steps on a %s adapter", (kind) => {
  test.each([
    ["steps", Infinity],
    ["steps-clipped", 0.5],
  ] as const)("are those of torch and PEFT (%s)", async (file, clipNorm) => {
    const { config, weights } = await loadModelFolder(`${GOLDEN}/llama`);
    const { adapter } = await loadPeftAdapter(`${GOLDEN}/peft-${kind}`, config);
    const { rank, alpha, targets } = adapter;
    const trainable: Trainable = { mode: "adapter", kind, rank, alpha, targets };
    const golden = readGolden(`${GOLDEN}/peft-${kind}/${file}.safetensors`);
    const learnt = new Map(
      [...adapter.tensors].map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }]),
    );
    const moments = new Map(
      [...learnt].map(([name, { data }]) => [name, { first: data.map(() => 0), second: data.map(() => 0) }]),
    );
    const losses: number[] = [];
    for (let step = 1; step <= 3; step += 1) {
      const ours = await computed(
        { config, trainable, weights: new Map([...weights, ...learnt]) },
        batchOf(golden, step - 1),
      );
      const gradients = [...learnt.keys()].map((name) => ours[`grad.${name}`]);
      const norm = Math.sqrt(gradients.flatMap((one) => [...one]).reduce((sum, g) => sum + g * g, 0));
      for (const [name, { data }] of learnt) {
        adamStep(
          { parameters: data, ...moments.get(name)! },
          ours[`grad.${name}`],
          { from: 0, to: data.length },
          {
            ...TORCH,
            step,
            gradientScale: norm > clipNorm ? clipNorm / norm : 1,
          },
        );
      }
      losses.push(ours.loss[0]);
      if (step !== 2) expect(adapterDifference(learnt, golden, `after${step}`)).toBeLessThan(1e-4);
    }
    expect(difference(Float32Array.from(losses), golden.get("losses")!.data)).toBeLessThan(1e-4);
  });
});

const TORCH = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  decaysVectors: true,
  learningRate: 0.01,
};

function batchOf(golden: Weights, step: number): Weights {
  const names = ["input_ids", "targets", "weights"];
  return new Map(
    names.map((name) => {
      const { shape, data } = golden.get(name)!;
      const size = shape[1] * shape[2];
      return [name, { shape: shape.slice(1), data: data.subarray(step * size, (step + 1) * size) }];
    }),
  );
}

function adapterDifference(learnt: Weights, golden: Weights, prefix: string): number {
  return Math.max(
    ...[...learnt].map(([name, { data }]) => difference(data, golden.get(`${prefix}.${name}`)!.data)),
  );
}
