import type { Log } from "../core/index.ts";
import type { Ledger } from "../store/index.ts";
import type { Gateway } from "./server.ts";

/** Other processes erase: asking the store costs one look behind the last entry seen. */
const ERASURES_POLL_MS = 1000;

/**
 * When calls were erased on someone's wish, the gateway forgets what it holds of answers in memory. All of it: an erasure is rare, and what is held
 * may quote others than who asked.
 */
export function watchErasures(
  ledger: Pick<Ledger, "lastErasure">,
  gateway: Pick<Gateway, "forget">,
  log: Log,
  pollMs: number = ERASURES_POLL_MS,
): { close(): void } {
  let last = ledger.lastErasure(0);
  const timer = setInterval(() => {
    try {
      const now = ledger.lastErasure(last);
      if (now === last) return;
      last = now;
      gateway.forget();
      log.info({ event: "answers-forgotten" });
    } catch (error) {
      log.warn({ event: "erasures-unknown", message: (error as Error).message });
    }
  }, pollMs);
  timer.unref();
  return { close: () => clearInterval(timer) };
}
