import type { ModelConfig, Tensor } from "../model-config.ts";

/**
 * llama.cpp's `llama` turns neighbouring pairs (2i, 2i+1) of a head, Hugging Face pairs (i, i + half). The rows of q and k are put
 * in the order that makes both the same: convert_hf_to_gguf.py, `LlamaModel.permute`. Also for biases and for LoRA's B.
 */
export function toNeighbours(tensor: Tensor, headSize: number): Tensor {
  return moved(tensor, headSize, (half, pair) => [half * (headSize / 2) + pair, 2 * pair + half]);
}

/** The inverse of `toNeighbours`. */
export function toHalves(tensor: Tensor, headSize: number): Tensor {
  return moved(tensor, headSize, (half, pair) => [2 * pair + half, half * (headSize / 2) + pair]);
}

type RowMove = (half: number, pair: number) => readonly [from: number, to: number];

// The data is made when it is read: a whole model is permuted one tensor at a time.
function moved(tensor: Tensor, headSize: number, move: RowMove): Tensor {
  return {
    shape: tensor.shape,
    get data() {
      return moveRows(tensor, headSize, move);
    },
  };
}

function moveRows({ shape, data }: Tensor, headSize: number, move: RowMove): Float32Array {
  const [rows] = shape;
  const width = data.length / rows;
  const out = new Float32Array(data.length);
  for (let head = 0; head < rows; head += headSize)
    for (let half = 0; half < 2; half += 1)
      for (let pair = 0; pair < headSize / 2; pair += 1) {
        const [from, to] = move(half, pair);
        out.set(data.subarray((head + from) * width, (head + from + 1) * width), (head + to) * width);
      }
  return out;
}

/** Whether a parameter or adapter tensor has the rows that `llama` keeps in the other order. */
export function isRotated(name: string): boolean {
  return /\.self_attn\.[qk]_proj\.(weight|bias|lora_B)$/.test(name);
}

/** By what llama.cpp divides each rotary frequency (`rope_freqs.weight`): Llama 3's scaling; headSize / 2 values. */
export function llama3Divisors({
  headSize,
  ropeTheta,
  ropeScaling,
}: Pick<ModelConfig, "headSize" | "ropeTheta" | "ropeScaling">): Float32Array {
  if (ropeScaling?.kind !== "llama3") throw new RangeError("Only the scaling llama3 has divisors");
  const {
    factor,
    lowFrequencyFactor: low,
    highFrequencyFactor: high,
    originalContextSize: original,
  } = ropeScaling;
  return Float32Array.from({ length: headSize / 2 }, (_, i) => {
    const waveLength = 2 * Math.PI * ropeTheta ** ((2 * i) / headSize);
    if (waveLength < original / high) return 1;
    if (waveLength > original / low) return factor;
    const smooth = (original / waveLength - low) / (high - low);
    return 1 / ((1 - smooth) / factor + smooth);
  });
}
