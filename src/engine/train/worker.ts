import { parentPort, workerData } from "node:worker_threads";
import {
  createTrainingThread,
  type ScoreOrder,
  type ShardsOrder,
  type StepOrder,
  type ThreadOptions,
} from "./thread.ts";

/** What a worker is told. */
export type Order =
  | ({ readonly type: "step" } & StepOrder)
  | ({ readonly type: "evaluate" } & ShardsOrder)
  | ({ readonly type: "score" } & ScoreOrder)
  | { readonly type: "close" };

/** What it answers, one reply to each order and one when it is ready. */
export type Reply =
  | { readonly type: "ready" }
  | { readonly type: "done"; readonly value: number }
  | { readonly type: "failed"; readonly message: string };

// The entry of a thread: it runs when it is loaded, as an entry does.
const post = (reply: Reply): void => parentPort?.postMessage(reply);

try {
  // What threads.ts hands in.
  const thread = await createTrainingThread(workerData as ThreadOptions);
  const follow = async (order: Order): Promise<number> => {
    switch (order.type) {
      case "step":
        return thread.step(order);
      case "evaluate":
        return thread.evaluate(order);
      case "score":
        await thread.score(order);
        return 0;
      case "close":
        await thread.close();
        parentPort?.close();
        return 0;
    }
  };
  parentPort?.on("message", (order: Order) => {
    follow(order).then(
      (value) => post({ type: "done", value }),
      (error: unknown) => post({ type: "failed", message: (error as Error).message }),
    );
  });
  post({ type: "ready" });
} catch (error) {
  post({ type: "failed", message: (error as Error).message });
}
