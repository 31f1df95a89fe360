import type { Progress } from "../core/index.ts";
import { clip, count } from "./print.ts";

/** Redraws at most this often; a terminal need not see more. */
const REDRAW_MS = 120;
/** Without a terminal, a line at most this often: enough for a log. */
const LINE_MS = 10_000;

export type ProgressLine = { readonly progress: Progress; clear(): void };

/** Progress of long work on stderr: one line that redraws itself on a terminal, a line now and then elsewhere. With rate and time left. */
export function progressLine(stream: NodeJS.WriteStream, nowMs: () => number): ProgressLine {
  const live = stream.isTTY === true;
  let drawn = -Infinity;
  let stage = "";
  let startedMs = nowMs();
  let isShown = false;
  return {
    progress(step) {
      const now = nowMs();
      if (step.stage !== stage) {
        stage = step.stage;
        startedMs = now;
        if (!live) drawn = Math.min(drawn, now - LINE_MS / 2);
      }
      if (now - drawn < (live ? REDRAW_MS : LINE_MS)) return;
      drawn = now;
      const text = describe(step, now - startedMs);
      if (live) stream.write(`\r\u001b[2K${clip(text, (stream.columns ?? 80) - 1)}`);
      else stream.write(`${text}\n`);
      isShown = live;
    },
    clear() {
      if (isShown) stream.write("\r\u001b[2K");
      isShown = false;
    },
  };
}

function describe({ stage, done, total, unit }: Parameters<Progress>[0], elapsedMs: number): string {
  const rate = elapsedMs > 500 && done > 0 ? done / (elapsedMs / 1000) : null;
  const of = total === null ? "" : ` of ${count(total)}`;
  const speed = rate === null || rate < 1 ? "" : `, ${count(Math.round(rate))} ${unit}/s`;
  const left =
    rate === null || total === null || rate <= 0 ? "" : `, ${Math.ceil((total - done) / rate)} s left`;
  return `${stage}: ${count(done)}${of} ${unit}${speed}${left}`;
}
