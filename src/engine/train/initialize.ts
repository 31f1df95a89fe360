import { seededRandom, type Random } from "../../core/index.ts";
import { adapterShapes, type Trainable } from "../graph/decoder.ts";
import { headShapes, type Head } from "../graph/heads.ts";
import {
  parameterShapes,
  sizeOf,
  type Adapter,
  type ModelConfig,
  type Tensor,
  type Weights,
} from "../model-config.ts";

/** Standard deviation of a fresh weight (GPT-2, Llama). */
const STD = 0.02;

/** A fresh model: normal weights, norms of one, biases of zero; what writes into the residual stream is smaller with depth (GPT-2, section 2.3). */
export function initialWeights(config: ModelConfig, seed: number): Weights {
  const random = seededRandom(`weights ${seed}`);
  const weights = new Map<string, Tensor>();
  for (const [name, shape] of parameterShapes(config)) {
    const isResidual = name.endsWith("o_proj.weight") || name.endsWith("down_proj.weight");
    const std = isResidual ? STD / Math.sqrt(2 * config.layers) : STD;
    const data = new Float32Array(sizeOf(shape));
    if (name.endsWith("norm.weight")) data.fill(1);
    else if (!name.endsWith(".bias")) fillNormal(data, std, random);
    weights.set(name, { shape, data });
  }
  return weights;
}

/** A fresh adapter that changes nothing yet: A uniform by Kaiming's rule (as PEFT), B zero, magnitudes those of the weights. */
export function initialAdapter(
  config: ModelConfig,
  weights: Weights,
  trainable: Extract<Trainable, { mode: "adapter" }>,
  seed: number,
): Adapter {
  const random = seededRandom(`adapter ${seed}`);
  const tensors = new Map<string, Tensor>();
  for (const [name, shape] of adapterShapes(config, trainable)) {
    const data = new Float32Array(sizeOf(shape));
    if (name.endsWith(".lora_A")) {
      // torch's kaiming_uniform_ with a = √5: bound 1/√in.
      const bound = 1 / Math.sqrt(shape[1]);
      for (let i = 0; i < data.length; i += 1) data[i] = (2 * random.next() - 1) * bound;
    }
    if (name.endsWith(".lora_magnitude_vector")) {
      data.set(rowNorms(weights.get(name.replace("lora_magnitude_vector", "weight"))));
    }
    tensors.set(name, { shape, data });
  }
  const { kind, rank, alpha, targets } = trainable;
  return { kind, rank, alpha, targets, tensors };
}

/** A fresh head of an encoder: normal weights, a bias of zero. To be put beside the model's weights at the start. */
export function initialHead(config: ModelConfig, head: Head, seed: number): Weights {
  const random = seededRandom(`head ${seed}`);
  const tensors = new Map<string, Tensor>();
  for (const [name, shape] of headShapes(head, config)) {
    const data = new Float32Array(sizeOf(shape));
    if (!name.endsWith(".bias")) fillNormal(data, STD, random);
    tensors.set(name, { shape, data });
  }
  return tensors;
}

function fillNormal(data: Float32Array, std: number, random: Random): void {
  for (let i = 0; i < data.length; i += 1) {
    // Box–Muller; 1 − u is in (0, 1].
    const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
    data[i] = std * radius * Math.cos(2 * Math.PI * random.next());
  }
}

function rowNorms(tensor: Tensor | undefined): Float32Array {
  if (tensor === undefined)
    throw new RangeError("Cannot start a DoRA adapter: the model lacks a weight it changes");
  const [rows, columns] = tensor.shape;
  return Float32Array.from({ length: rows }, (_, row) => {
    let square = 0;
    for (let i = row * columns; i < (row + 1) * columns; i += 1) square += tensor.data[i] ** 2;
    return Math.sqrt(square);
  });
}
