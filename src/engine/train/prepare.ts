import { HouseError } from "../../core/index.ts";
import type { Runtime } from "../onnx/runtime.ts";
import type { Weights } from "../model-config.ts";
import { planMemory, type MemoryPlan } from "./memory.ts";
import { bucketsFor, type PlanOptions } from "./plan.ts";
import { storeSequences, type TrainingSequence } from "./sequences.ts";
import type { Shared } from "./shared.ts";
import type { Material, ThreadOptions } from "./thread.ts";
import type { TrainJob } from "./train.ts";

/** A job's sequences as threads read them, and how they are laid into rows. */
export type Prepared = {
  readonly plan: PlanOptions;
  readonly train: Material;
  readonly development: Material;
  readonly memory: MemoryPlan;
};

/** Throws HouseError: `nothing-to-do` without sequences, `bad-input` for one that cannot be learnt from. */
export function prepareMaterial(job: TrainJob): Prepared {
  const { options, objective } = job;
  if (job.sequences.length === 0)
    throw new HouseError("nothing-to-do", "Cannot train: there is nothing to learn from");
  const plan: PlanOptions = {
    tokensPerShard: options.tokensPerShard,
    shardsPerStep: options.shardsPerStep,
    groupSize: objective.kind === "preference" ? 2 : 1,
    isAlone: objective.kind === "spans",
  };
  const material = (sequences: readonly TrainingSequence[]): Material => {
    if (sequences.length % plan.groupSize !== 0)
      throw new HouseError(
        "bad-input",
        `Cannot train on ${sequences.length} sequences: preferences come in pairs, chosen and rejected in turn`,
      );
    const store = storeSequences(sequences, job);
    return { store, buckets: bucketsFor(store, plan) };
  };
  const [train, development] = [material(job.sequences), material(job.development)];
  return { plan, train, development, memory: planMemory(job, train.buckets, development.buckets) };
}

/** What the threads of a run are given. */
export function threadOptionsOf(
  job: TrainJob,
  { train, development, memory, shared }: Omit<Prepared, "plan"> & { readonly shared: Shared },
  runtime: Runtime["kind"] | undefined,
): Omit<ThreadOptions, "threadIndex"> {
  const { config, trainable, objective, isCausal, options } = job;
  const frozen = frozenOf(job, shared);
  const model = { runtime, config, trainable, objective, isCausal };
  const { keepsArenas } = memory;
  return { ...model, train, development, frozen, shared, keepsArenas, threads: options.threads };
}

/** Trainable parameters, in the order of the start values. */
export function learntOf({ start, trainable }: TrainJob): { name: string; shape: readonly number[] }[] {
  return [...start]
    .filter(([name]) => trainable.mode === "full" || name.includes(".lora_") || name.startsWith("head."))
    .map(([name, { shape }]) => ({ name, shape }));
}

function frozenOf({ start }: TrainJob, { places }: Shared): Weights {
  const learnt = new Set(places.map(({ name }) => name));
  return new Map([...start].filter(([name]) => !learnt.has(name)));
}
