import { planPass } from "./plan.ts";
import { learntOf, prepareMaterial, threadOptionsOf } from "./prepare.ts";
import { createShared } from "./shared.ts";
import { startThreads } from "./threads.ts";
import type { TrainHooks, TrainJob } from "./train.ts";

/** In the order of a job's sequences. */
export type References = { readonly sequences: readonly number[]; readonly development: readonly number[] };

/**
 * Σ weights·log p of every sequence of a job under its start weights: what preference learning measures gains against, to be set as
 * each sequence's `reference`. Runs on the job's threads.
 */
export async function referenceLogProbs(
  job: TrainJob,
  { runtime }: Pick<TrainHooks, "runtime"> = {},
): Promise<References> {
  const prepared = prepareMaterial(job);
  const { plan, train, development } = prepared;
  const shared = createShared(learntOf(job), job.start, 1);
  const threads = await startThreads(threadOptionsOf(job, { ...prepared, shared }, runtime));
  try {
    for (const part of ["train", "development"] as const) {
      const { store, buckets } = part === "train" ? train : development;
      // Any order will do: a sequence's log-probability does not depend on its neighbours.
      const shards = planPass(store, buckets, { ...plan, seed: 0 }).flatMap((step) => step.shards);
      await threads.score({ shards, part });
    }
  } finally {
    await threads.close();
  }
  return { sequences: [...train.store.references], development: [...development.store.references] };
}
