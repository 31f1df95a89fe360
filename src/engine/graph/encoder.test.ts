import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { loadModelFolder } from "../formats/model-folder.ts";
import type { Weights } from "../model-config.ts";
import { forward } from "./decoder.ts";
import { multiply, sumAll } from "./elementwise.ts";
import { openEncoder } from "./encoder.ts";
import { gradientsOf, type Value } from "./graph.ts";
import { pooled, rowScores, spanScores } from "./heads.ts";
import { crossEntropy } from "./losses.ts";
import { rotationTables } from "./rotary.ts";
import { gradientError, randomTensor, readGolden, runGraph } from "./testing.ts";

// What transformers computed without a causal mask; versions in test/golden/engine/versions.json, made by scripts/oracle.
const GOLDEN = resolve(import.meta.dirname, "../../../test/golden/engine");
const golden = readGolden(`${GOLDEN}/encoder/expected.safetensors`);
const [batch, length] = golden.get("input_ids")!.shape;

const difference = (ours: Float32Array, theirs: Float32Array): number =>
  theirs.reduce((worst, value, index) => Math.max(worst, Math.abs(value - ours[index])), 0);

/** The rows of the golden batch without their padding. */
function sequences(): number[][] {
  const [ids, mask] = ["input_ids", "mask"].map((name) => golden.get(name)!.data);
  return Array.from({ length: batch }, (_, row) =>
    [...ids.subarray(row * length, (row + 1) * length)].filter((_id, at) => mask[row * length + at] === 1),
  );
}

/** The gradients of Σ pooled·direction on the golden batch, padded as it is. */
async function pooledGradients(weights: Weights): Promise<Record<string, Float32Array>> {
  const { config } = await loadModelFolder(`${GOLDEN}/llama`);
  const pass = forward(config, { batch, length, outputs: 1 }, { mode: "full" });
  const { graph } = pass;
  const direction = graph.input("direction", [batch, config.hiddenSize]);
  const mean = pooled(pass, graph.input("shares", [batch, 1, length]));
  const gradients = gradientsOf(graph, sumAll(graph, multiply(graph, mean, direction)), pass.trainable);
  const outputs = Object.fromEntries(
    pass.trainable.map(({ name }, index) => [`grad.${name}`, gradients[index]]),
  );
  const real = golden.get("mask")!.data;
  const counts = sequences().map(({ length: count }) => count);
  const { cosines, sines } = rotationTables(config, length);
  const table = (data: Float32Array): { shape: number[]; data: Float32Array } => ({
    shape: [length, config.headSize / 2],
    data,
  });
  const floats = {
    ...Object.fromEntries(weights),
    direction: golden.get("direction")!,
    shares: { shape: [batch, 1, length], data: real.map((one, at) => one / counts[Math.floor(at / length)]) },
    mask: {
      shape: [batch, 1, length, length],
      data: Float32Array.from({ length: batch * length * length }, (_, at) => {
        const row = Math.floor(at / (length * length));
        return real[row * length + (at % length)] === 1 ? 0 : -1e9;
      }),
    },
    cosines: table(cosines),
    sines: table(sines),
    backSines: table(sines.map((sine) => -sine)),
  };
  return runGraph(graph.build(outputs), floats, {
    ids: { shape: [batch, length], data: [...golden.get("input_ids")!.data] },
    positions: {
      shape: [batch, length],
      data: Array.from({ length: batch * length }, (_, at) => at % length),
    },
    places: { shape: [1], data: [0] },
  });
}

describe("an encoder", () => {
  test("has the hidden states and the means of transformers", async () => {
    const encoder = await openEncoder(await loadModelFolder(`${GOLDEN}/llama`));
    const encoded = await encoder.encode(sequences());
    await encoder.close();
    const [hidden, means] = [golden.get("hidden")!.data, golden.get("pooled")!.data];
    encoded.forEach((one, row) => {
      const width = one.pooled.length;
      const from = row * length * width;
      expect(difference(one.hidden.data, hidden.subarray(from, from + one.hidden.data.length))).toBeLessThan(
        1e-4,
      );
      expect(difference(one.pooled, means.subarray(row * width, (row + 1) * width))).toBeLessThan(1e-4);
    });
  });
  test("has the gradients of transformers through the mean", async () => {
    const { weights } = await loadModelFolder(`${GOLDEN}/llama`);
    const ours = await pooledGradients(weights);
    const worst = [...weights.keys()].map((name) => {
      const { data } = golden.get(`grad.${name}`)!;
      const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
      return difference(ours[`grad.${name}`], data) / largest;
    });
    expect(Math.max(...worst)).toBeLessThan(1e-3);
  });
  test("answers alike for a sequence alone and among others", async () => {
    const model = await loadModelFolder(`${GOLDEN}/llama`);
    const encoder = await openEncoder(model);
    const [first, second] = sequences();
    const many = await encoder.encode([second, first, second, first, [5], second]);
    const [alone] = await encoder.encode([first]);
    await encoder.close();
    expect(many.map(({ hidden }) => hidden.shape[0])).toEqual([7, 12, 7, 12, 1, 7]);
    expect(difference(many[3].hidden.data, alone.hidden.data)).toBeLessThan(1e-5);
  });
  test("refuses a sequence that is empty, too long or of foreign tokens", async () => {
    const encoder = await openEncoder(await loadModelFolder(`${GOLDEN}/llama`));
    await expect(encoder.encode([[1], []])).rejects.toThrow("Cannot encode sequence 1: it is empty");
    await expect(encoder.encode([[128]])).rejects.toThrow("token 128 is outside the vocabulary of 128");
    await expect(encoder.encode([Array<number>(513).fill(1)])).rejects.toThrow(
      "513 tokens, the model takes 512",
    );
    await encoder.close();
  });
});

type Values = Readonly<Record<string, Value>>;
const hidden = randomTensor([8, 3], 1);

test("the gradient of spanScores with its cross-entropy is that of differences, past the end of a row too", async () => {
  const error = await gradientError(
    { x: hidden, w: randomTensor([4, 3], 2) },
    (graph, { x, w, t }: Values) => {
      const padding = graph.constant([0, 0, 0, 0, 0, 0, -1e9, -1e9], [2, 1, 4]);
      const pass = { graph, hidden: x, picked: x, parameters: new Map(), trainable: [] };
      const scores = spanScores(pass, new Map([["head.weight", w]]), padding);
      return crossEntropy(graph, scores, t, graph.constant([1, 2, 0.5, 1, 1, 0, 1, 1], [8]));
    },
    { t: { shape: [8], data: [0, 3, 2, 1, 1, 0, 0, 1] } },
  );
  expect(error).toBeLessThan(2e-3);
});

test("the gradient of rowScores with its cross-entropy is that of differences", async () => {
  const error = await gradientError(
    { x: hidden, w: randomTensor([4, 3], 2), b: randomTensor([4], 3) },
    (graph, { x, w, b, t }: Values) => {
      const scores = rowScores(
        graph,
        x,
        new Map([
          ["head.weight", w],
          ["head.bias", b],
        ]),
      );
      return crossEntropy(graph, scores, t, graph.constant([1, 2, 0.5, 1, 1, 0, 1, 1], [8]));
    },
    { t: { shape: [8], data: [0, 3, 2, 1, 1, 0, 0, 1] } },
  );
  expect(error).toBeLessThan(2e-3);
});
