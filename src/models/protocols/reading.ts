import { parseJson } from "../../core/index.ts";
import type { AnswerStep, Counts, StepReader } from "../protocol.ts";
import { createSseParser } from "../sse.ts";
import { cut, fieldsOf, isFields, textOfBytes, type Fields } from "./fields.ts";
import { stepQueue, type StepQueue } from "./step-queue.ts";

/** A longer plain answer is passed on but not read: the largest answers of today's models stay far below it. */
export const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** An answer that is not what its protocol says is answered for with the status of a broken upstream. */
const BROKEN_STATUS = 502;

/** Reads a plain answer, whole at its end. `readBody` finds the steps in a body that is not an error. */
export function plainReader(status: number, readBody: (body: unknown, steps: StepQueue) => void): StepReader {
  const chunks: Uint8Array[] = [];
  let size = 0;
  return {
    push(bytes) {
      size += bytes.length;
      if (size <= MAX_ANSWER_BYTES) chunks.push(bytes);
      return [];
    },
    end() {
      const steps = stepQueue();
      if (size > MAX_ANSWER_BYTES) {
        fail(steps, `answer of ${size} bytes, expected at most ${MAX_ANSWER_BYTES}`);
        return steps.take();
      }
      const text = textOfBytes(Buffer.concat(chunks));
      const body = parseJson(text);
      if (status >= 400) steps.fail(status, errorIn(body) ?? cut(text));
      else if (body === undefined || body === null) fail(steps, `answer is not JSON: ${cut(text)}`);
      else readBody(body, steps);
      if (!steps.isOver()) fail(steps, "answer does not say that it ended");
      return steps.take();
    },
  };
}

/** Reads an answer of server-sent events. `start` gives a function that takes the data of each. */
export function sseReader(start: (steps: StepQueue) => SseTaker): StepReader {
  const parser = createSseParser();
  const steps = stepQueue();
  const taker = start(steps);
  return {
    push(bytes) {
      for (const data of parser.push(bytes)) taker.event(data);
      return steps.take();
    },
    end(): readonly AnswerStep[] {
      taker.end?.();
      if (!steps.isOver()) fail(steps, "stream ended before the answer did");
      return steps.take();
    },
  };
}

export type SseTaker = {
  event(data: string): void;
  /** The stream is over: the last chance to say that the answer is whole. */
  end?(): void;
};

export function fail(steps: StepQueue, message: string): void {
  steps.fail(BROKEN_STATUS, { type: "upstream_broken", message });
}

/** The error in a body: what stands in `error`, else the body itself, which some providers send bare. */
export function errorIn(body: unknown): unknown {
  const one: unknown = Array.isArray(body) ? body[0] : body;
  return isFields(one) ? (one["error"] ?? one) : null;
}

/** The end of an answer in which its counts are looked for: usage objects stand last and are far smaller. */
const TAIL_BYTES = 16 * 1024;

/** A stream of Anthropic's says the tokens of the input at its start. */
const HEAD_BYTES = 4 * 1024;

/** A plain body up to this size is read whole: quicker than it is to be clever. */
const WHOLE_BYTES = 64 * 1024;

/**
 * Counts of an answer without reading all of it: the objects in fields named `mark`, near its start and its end, the later laid
 * over the earlier. A mark inside a text cannot be taken for one: its quotes are escaped there.
 */
export function usageAtEnd(
  pieces: readonly Uint8Array[],
  isStream: boolean,
  mark: string,
  read: (usage: Fields) => Counts,
): Counts {
  if (isStream) {
    const found = [
      ...objectsAt(endOf(pieces, HEAD_BYTES, false), mark),
      ...objectsAt(endOf(pieces, TAIL_BYTES, true), mark),
    ];
    return read(Object.assign({}, ...found.map(withoutNulls)) as Fields);
  }
  const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (size <= WHOLE_BYTES)
    return read(
      fieldsOf(bodyField(textOfBytes(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces)), mark)),
    );
  return read(objectsAt(endOf(pieces, TAIL_BYTES, true), mark).at(-1) ?? {});
}

function bodyField(text: string, name: string): unknown {
  let body: unknown;
  try {
    // One field is taken, nothing is walked: however deep it is.
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  const last: unknown = Array.isArray(body) ? body.at(-1) : body;
  return isFields(last) ? last[name] : undefined;
}

/** The fields but those that are null. */
export function withoutNulls(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

/** The later counts, and the earlier ones where those are silent. */
export function laidOver(earlier: Counts, later: Counts): Counts {
  return {
    ...earlier,
    ...later,
    inputTokens: later.inputTokens ?? earlier.inputTokens,
    outputTokens: later.outputTokens ?? earlier.outputTokens,
  };
}

function endOf(pieces: readonly Uint8Array[], most: number, isTail: boolean): string {
  const parts: Uint8Array[] = [];
  let size = 0;
  for (let at = 0; at < pieces.length && size < most; at += 1) {
    const piece = pieces[isTail ? pieces.length - 1 - at : at];
    const left = most - size;
    parts.push(isTail ? piece.subarray(Math.max(0, piece.length - left)) : piece.subarray(0, left));
    size += parts[parts.length - 1].length;
  }
  if (isTail) parts.reverse();
  return textOfBytes(parts.length === 1 ? parts[0] : Buffer.concat(parts));
}

function objectsAt(text: string, mark: string): readonly Fields[] {
  const found: Fields[] = [];
  for (let at = text.indexOf(`"${mark}"`); at >= 0; at = text.indexOf(`"${mark}"`, at + 1)) {
    const usage = objectAfter(text, at + mark.length + 2);
    if (usage !== null) found.push(usage);
  }
  return found;
}

/** The JSON object that follows a colon; null when none does. Usage objects hold no text with braces in it. */
function objectAfter(text: string, from: number): Fields | null {
  const opening = /^\s*:\s*\{/.exec(text.slice(from, from + 16));
  if (opening === null) return null;
  let depth = 0;
  for (let at = from + opening[0].length - 1; at < text.length; at += 1) {
    if (text[at] === "{") depth += 1;
    if (text[at] !== "}") continue;
    depth -= 1;
    if (depth === 0) return fieldsOf(parseJson(text.slice(from + opening[0].length - 1, at + 1)));
  }
  return null;
}
