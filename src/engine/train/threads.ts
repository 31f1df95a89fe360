import { Worker } from "node:worker_threads";
import { HouseError } from "../../core/index.ts";
import { stopAll } from "./shared.ts";
import {
  createTrainingThread,
  type ScoreOrder,
  type ShardsOrder,
  type StepOrder,
  type ThreadOptions,
} from "./thread.ts";
import type { Order, Reply } from "./worker.ts";

/** All threads of a run, driven as one. */
export type TrainingThreads = {
  /** Returns the mean loss of the step and the norm of its gradient before clipping. */
  step(order: StepOrder): Promise<{ readonly loss: number; readonly gradientNorm: number }>;
  evaluate(order: ShardsOrder): Promise<number>;
  /** Fills the references of the sequences in the shards. */
  score(order: ScoreOrder): Promise<void>;
  close(): Promise<void>;
};

// The worker is the source under Node's type stripping, and the compiled file in the published package.
const WORKER = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);

/** `threads` 0 computes in this thread, which it blocks: for small models and tests. */
export async function startThreads(options: Omit<ThreadOptions, "threadIndex">): Promise<TrainingThreads> {
  const { shared, threads } = options;
  const team = threads === 0 ? [await inThisThread(options)] : await workers(options);
  const all = async (order: Order): Promise<number[]> =>
    Promise.all(team.map((member) => member.follow(order)));
  return {
    async step(order) {
      const [gradientNorm] = await all({ type: "step", ...order });
      const loss = shared.losses.subarray(0, order.shards.length).reduce((sum, one) => sum + one, 0);
      return { loss, gradientNorm };
    },
    async evaluate(order) {
      return (await all({ type: "evaluate", ...order })).reduce((sum, one) => sum + one, 0);
    },
    async score(order) {
      await all({ type: "score", ...order });
    },
    async close() {
      stopAll(shared.control);
      await Promise.all(team.map((member) => member.close()));
    },
  };
}

type Member = { follow(order: Order): Promise<number>; close(): Promise<void> };

async function inThisThread(options: Omit<ThreadOptions, "threadIndex">): Promise<Member> {
  const thread = await createTrainingThread({ ...options, threads: 1, threadIndex: 0 });
  return {
    follow: async (order) => {
      switch (order.type) {
        case "step":
          return thread.step(order);
        case "evaluate":
          return thread.evaluate(order);
        case "score":
          await thread.score(order);
          return 0;
        case "close":
          return 0;
      }
    },
    close: () => thread.close(),
  };
}

async function workers(options: Omit<ThreadOptions, "threadIndex">): Promise<Member[]> {
  const team = Array.from({ length: options.threads }, (_, threadIndex) =>
    member(new Worker(WORKER, { workerData: { ...options, threadIndex } satisfies ThreadOptions })),
  );
  try {
    await Promise.all(team.map(({ ready }) => ready));
  } catch (error) {
    await Promise.all(team.map((one) => one.close()));
    throw error;
  }
  return team;
}

type Waiting = { resolve(value: number): void; reject(error: Error): void };

function member(worker: Worker): Member & { readonly ready: Promise<number> } {
  let waiting: Waiting | null = null;
  let failure: Error | null = null;
  const next = (): Promise<number> =>
    new Promise((resolve, reject) => {
      if (failure === null) waiting = { resolve, reject };
      else reject(failure);
    });
  const fail = (error: Error): void => {
    failure = error;
    waiting?.reject(error);
  };
  worker.on("message", (reply: Reply) => {
    if (reply.type === "failed") fail(failureOf(reply.message));
    else waiting?.resolve(reply.type === "done" ? reply.value : 0);
  });
  worker.on("error", (error) => fail(failureOf(error.message)));
  worker.on("exit", () =>
    fail(new HouseError("cancelled", "Stopped while training: run the same command again to go on")),
  );
  return {
    ready: next(),
    follow: (order) => {
      const answer = next();
      if (failure === null) worker.postMessage(order);
      return answer;
    },
    close: async () => void (await worker.terminate()),
  };
}

const OUT_OF_MEMORY = /out of memory|bad_alloc|allocat/i;

function failureOf(message: string): Error {
  if (!OUT_OF_MEMORY.test(message)) return new Error(`Training failed: ${message}`);
  return new HouseError(
    "bad-input",
    "Cannot train: the memory of this machine does not suffice; use fewer tokens per shard, fewer threads or a smaller model",
  );
}
