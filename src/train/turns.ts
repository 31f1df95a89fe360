import { HouseError } from "../core/index.ts";

/** Work that takes turns at a number of places. */
export type Turns = {
  /** Waits for so many places, at most all; gives back what frees them. Rejects with HouseError `cancelled` when the signal is raised first. */
  take(places: number, signal: AbortSignal): Promise<() => void>;
};

type Waiting = { readonly places: number; readonly start: () => void };

/** First come, first served: one that wants many places is not passed by those that want few. */
export function createTurns(all: number): Turns {
  let free = all;
  const queue: Waiting[] = [];
  const startThoseThatCan = (): void => {
    for (let first = queue.at(0); first !== undefined && first.places <= free; first = queue.at(0)) {
      queue.shift();
      free -= first.places;
      first.start();
    }
  };
  return {
    async take(wanted, signal) {
      const places = Math.min(wanted, all);
      await new Promise<void>((resolve, reject) => {
        if (signal.aborted) return reject(cancelled());
        const leave = (): void => {
          queue.splice(queue.indexOf(waiting), 1);
          reject(cancelled());
          startThoseThatCan();
        };
        const start = (): void => {
          signal.removeEventListener("abort", leave);
          resolve();
        };
        const waiting: Waiting = { places, start };
        signal.addEventListener("abort", leave, { once: true });
        queue.push(waiting);
        startThoseThatCan();
      });
      return () => {
        free += places;
        startThoseThatCan();
      };
    },
  };
}

/** How work ends that was stopped from outside. */
export function cancelled(): HouseError {
  return new HouseError("cancelled", "Stopped while training: run the same command again to go on");
}
