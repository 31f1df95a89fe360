import { join } from "node:path";
import { hasGroups, segmentNameOf, stateOf, writersIn } from "../store/index.ts";

/** How often it is asked whether another process has ended and left something, while nothing is written. */
const ENDED_CHECK_MS = 60_000;

export type SegmentLook = { readonly bytes: number; readonly isNew: boolean };

/** Whether there is something to fold, without opening the store: a look at names and times of files. */
export class SegmentNews {
  readonly #dir: string;
  readonly #nowMs: () => number;
  /** Of the segments: at the last look, and at the last that was followed by a round which found nothing. */
  #seen = "";
  #done: string | null = null;
  #checkedMs: number;

  constructor(dir: string, nowMs: () => number) {
    this.#dir = dir;
    this.#nowMs = nowMs;
    this.#checkedMs = nowMs();
    // The file of a gateway that has just begun.
    if (isEmpty(dir)) this.#done = stateOf(dir).version;
  }

  look(): SegmentLook {
    const { bytes, version } = stateOf(this.#dir);
    this.#seen = version;
    return { bytes, isNew: bytes > 0 && (version !== this.#done || this.#isLeftBehind()) };
  }

  /** A round after the last look has found nothing. */
  foundNothing(): void {
    this.#done = this.#seen;
  }

  #isLeftBehind(): boolean {
    const nowMs = this.#nowMs();
    if (nowMs - this.#checkedMs < ENDED_CHECK_MS) return false;
    this.#checkedMs = nowMs;
    return writersIn(this.#dir).some(({ isAlive }) => !isAlive);
  }
}

function isEmpty(dir: string): boolean {
  return writersIn(dir).every(
    ({ writer, isAlive, numbers }) =>
      isAlive && !numbers.some((number) => hasGroups(join(dir, segmentNameOf({ writer, number })))),
  );
}
