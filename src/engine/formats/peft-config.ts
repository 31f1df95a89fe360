import type { Adapter } from "../model-config.ts";
import { isRecord } from "./json-file.ts";

/** What `adapter_config.json` says; which modules are changed, the tensors tell. */
export type PeftConfig = Pick<Adapter, "kind" | "rank" | "alpha"> & { readonly baseModel: string | null };

// Features that change the base or the computation; an adapter that uses one is refused by its name.
const UNSUPPORTED = [
  "alora_invocation_tokens",
  "fan_in_fan_out",
  "layer_replication",
  "layers_to_transform",
  "lora_bias",
  "modules_to_save",
  "target_parameters",
  "trainable_token_indices",
  "use_bdlora",
  "use_qalora",
] as const;
// Ways to begin that leave the base as it is; PiSSA, OLoRA, LoftQ and others begin by changing it.
const HARMLESS_STARTS: readonly unknown[] = [true, false, undefined, null, "gaussian", "eva", "orthogonal"];

/** Reads a parsed `adapter_config.json`; a string says what this engine cannot take. */
export function peftConfigOf(json: unknown): PeftConfig | string {
  if (!isRecord(json)) return "it is not a JSON object";
  const { peft_type: type, task_type: task, r: rank, lora_alpha: alpha } = json;
  if (type !== "LORA") return `its peft_type is ${JSON.stringify(type)}, expected LORA`;
  if ((task ?? "CAUSAL_LM") !== "CAUSAL_LM")
    return `its task_type is ${JSON.stringify(task)}, expected CAUSAL_LM`;
  if (typeof rank !== "number" || !Number.isInteger(rank) || rank < 1)
    return `its r is ${JSON.stringify(rank)}, expected a whole number`;
  if (typeof alpha !== "number") return `its lora_alpha is ${JSON.stringify(alpha)}, expected a number`;
  const fault =
    featureFault(json) ??
    patternFault(json.rank_pattern, rank, "rank_pattern") ??
    patternFault(json.alpha_pattern, alpha, "alpha_pattern");
  if (fault !== null) return fault;
  return {
    kind: json.use_dora === true ? "dora" : "lora",
    rank,
    // rsLoRA scales by alpha / √rank (Kalajdzievski 2023); ours is alpha / rank.
    alpha: json.use_rslora === true ? alpha * Math.sqrt(rank) : alpha,
    baseModel: typeof json.base_model_name_or_path === "string" ? json.base_model_name_or_path : null,
  };
}

function featureFault(json: Readonly<Record<string, unknown>>): string | null {
  const used = UNSUPPORTED.find((name) => isUsed(json[name]));
  if (used !== undefined) return `it uses ${used}, which is not supported`;
  const bias = json.bias ?? "none";
  if (bias !== "none") return `its bias is ${JSON.stringify(bias)}, expected none`;
  if (HARMLESS_STARTS.includes(json.init_lora_weights)) return null;
  return `its init_lora_weights is ${JSON.stringify(json.init_lora_weights)}, which changes the base's weights`;
}

function isUsed(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== null && value !== false;
}

function patternFault(pattern: unknown, expected: number, name: string): string | null {
  const values: readonly unknown[] = isRecord(pattern) ? Object.values(pattern) : [];
  if (values.every((value) => value === expected)) return null;
  return `its ${name} differs from module to module, which is not supported`;
}

/** `adapter_config.json` as PEFT reads it. */
export function peftConfigFor(adapter: Adapter, baseModel: string | null): Record<string, unknown> {
  return {
    base_model_name_or_path: baseModel,
    bias: "none",
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    lora_alpha: adapter.alpha,
    lora_dropout: 0,
    modules_to_save: null,
    peft_type: "LORA",
    r: adapter.rank,
    target_modules: [...adapter.targets].sort(),
    task_type: "CAUSAL_LM",
    use_dora: adapter.kind === "dora",
    use_rslora: false,
  };
}
