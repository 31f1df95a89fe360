import type { ModelConfig } from "../model-config.ts";
import type { Graph, Value } from "./graph.ts";

/** Rotation tables: cosines and sines [positions, headSize / 2], and the sines negated for the way back. */
export type Rotation = { readonly cosines: Value; readonly sines: Value; readonly backSines: Value };

/**
 * Rotary position embedding (Su et al. 2021), the halves of a head rotated against each other as Hugging Face's Llama does.
 * x: [batch, length, heads × headSize]; positions: int64 [batch, length].
 */
export function rotate(graph: Graph, x: Value, positions: Value, rotation: Rotation): Value {
  const turned = (value: Value, sines: Value): Value =>
    graph.node("RotaryEmbedding", [value, positions, rotation.cosines, sines], x.shape, {
      domain: "com.microsoft",
    });
  // A rotation's transpose is the rotation by the opposite angle.
  return graph.differentiable(turned(x, rotation.sines), [x], [(dy) => turned(dy, rotation.backSines)]);
}

/** Angles per position, [positions × headSize / 2] row-major: cosines and sines. */
export function rotationTables(
  config: ModelConfig,
  positions: number,
): { readonly cosines: Float32Array; readonly sines: Float32Array } {
  const half = config.headSize / 2;
  const cosines = new Float32Array(positions * half);
  const sines = new Float32Array(positions * half);
  for (let index = 0; index < half; index += 1) {
    const frequency = scaledFrequency(config, config.ropeTheta ** (-index / half));
    for (let position = 0; position < positions; position += 1) {
      cosines[position * half + index] = Math.cos(position * frequency);
      sines[position * half + index] = Math.sin(position * frequency);
    }
  }
  return { cosines, sines };
}

/** Radians per position after rotary scaling (Llama 3: low frequencies slowed, the middle blended). */
export function scaledFrequency({ ropeScaling }: ModelConfig, frequency: number): number {
  if (ropeScaling === null) return frequency;
  if (ropeScaling.kind === "linear") return frequency / ropeScaling.factor;
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContextSize } = ropeScaling;
  const turns = (originalContextSize * frequency) / (2 * Math.PI);
  if (turns < low) return frequency / factor;
  if (turns > high) return frequency;
  const blend = (turns - low) / (high - low);
  return (1 - blend) * (frequency / factor) + blend * frequency;
}
