import type { ModelConfig, RopeScaling } from "../model-config.ts";
import { isRecord } from "./json-file.ts";

type Rope = Pick<ModelConfig, "ropeTheta" | "ropeScaling">;

/** What Transformers takes where a configuration is silent. */
const DEFAULT_THETA = 10_000;

/**
 * The rotary embedding of a `config.json`: `rope_parameters` (Transformers 5) or `rope_theta` with `rope_scaling` (before).
 * A string says what cannot be taken.
 */
export function ropeOf(json: Readonly<Record<string, unknown>>): Rope | string {
  const parameters = json.rope_parameters ?? json.rope_scaling ?? {};
  if (!isRecord(parameters)) return "its rotary parameters are not an object";
  if (Object.values(parameters).some(isRecord)) return "it has rotary parameters per layer type";
  const ropeTheta = parameters.rope_theta ?? json.rope_theta ?? DEFAULT_THETA;
  if (typeof ropeTheta !== "number")
    return `its rope_theta is ${JSON.stringify(ropeTheta)}, expected a number`;
  const ropeScaling = scalingOf(parameters);
  return typeof ropeScaling === "string" ? ropeScaling : { ropeTheta, ropeScaling };
}

function scalingOf(parameters: Readonly<Record<string, unknown>>): RopeScaling | null | string {
  const kind = parameters.rope_type ?? parameters.type ?? "default";
  if (kind === "default") return null;
  if (kind !== "linear" && kind !== "llama3")
    return `its rotary scaling is ${JSON.stringify(kind)}, expected linear or llama3`;
  const names = ["factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"];
  for (const name of kind === "linear" ? names.slice(0, 1) : names)
    if (typeof parameters[name] !== "number") return `its rotary scaling ${kind} has no number ${name}`;
  // Checked to be numbers by the loop above.
  const [factor, lowFrequencyFactor, highFrequencyFactor, originalContextSize] = names.map(
    (name) => parameters[name] as number,
  );
  return kind === "linear"
    ? { kind, factor }
    : { kind, factor, lowFrequencyFactor, highFrequencyFactor, originalContextSize };
}

/** The fields of a `config.json`, in both spellings: Transformers 5, and what older readers look for. */
export function ropeFields({ ropeTheta, ropeScaling }: Rope): Record<string, unknown> {
  const scaling = ropeScaling === null ? null : scalingFields(ropeScaling);
  return {
    rope_theta: ropeTheta,
    rope_scaling: scaling,
    rope_parameters: { ...(scaling ?? { rope_type: "default" }), rope_theta: ropeTheta },
  };
}

function scalingFields(scaling: RopeScaling): Record<string, unknown> {
  if (scaling.kind === "linear") return { rope_type: "linear", factor: scaling.factor };
  return {
    rope_type: "llama3",
    factor: scaling.factor,
    low_freq_factor: scaling.lowFrequencyFactor,
    high_freq_factor: scaling.highFrequencyFactor,
    original_max_position_embeddings: scaling.originalContextSize,
  };
}
