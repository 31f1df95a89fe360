import { createWriteStream, type WriteStream } from "node:fs";
import { once } from "node:events";
import { Pool } from "undici";
import { agrees, answerOf, HouseError, type Effects } from "../core/index.ts";
import { plainFold, readRecordedCalls, streamFold, type RecordedCall } from "../models/index.ts";
import { summarize, summaryLines } from "./replay-summary.ts";

export type ReplayOptions = {
  readonly file: string;
  /** The gateway, with or without `/v1`. */
  readonly url: string;
  /** One JSON document on stdout instead of lines. */
  readonly json?: boolean;
  /** A line for each call goes to this file. */
  readonly out?: string;
  readonly concurrency?: number;
  /** Ask for streamed answers. */
  readonly stream?: boolean;
};

export type ReplayEffects = Effects & {
  /** A line of the result, on stdout. */
  readonly print: (line: string) => void;
  /** A line of progress, on stderr. */
  readonly note: (line: string) => void;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
};

/** What became of one recorded call. */
export type ReplayedCall = {
  readonly callId: string;
  readonly taskId: string | null;
  readonly servedBy: "specialist" | "provider";
  readonly score: number | null;
  /** Null where the recording has no answer, or the gateway gave none. */
  readonly agrees: boolean | null;
  readonly status: number;
  readonly latencyMs: number;
};

/** Enough to keep one gateway busy; the order of repeated requests still nearly holds. */
export const DEFAULT_CONCURRENCY = 4;
const MAX_CONCURRENCY = 256;
const PROGRESS_EVERY_CALLS = 1000;

/** `understudy replay`: sends recorded requests and compares each answer with the recorded one. Returns the exit code. */
export async function replay(options: ReplayOptions, effects: ReplayEffects): Promise<number> {
  const base = baseOf(options.url);
  const pool = new Pool(base.origin, { pipelining: 1 });
  const out = options.out === undefined ? null : createWriteStream(options.out);
  const failure = out === null ? null : once(out, "error").then(([error]: unknown[]) => error as Error);
  const done: ReplayedCall[] = [];
  const send = async (call: RecordedCall): Promise<void> => {
    const replayed = await sendOne(call, { pool, base, options, effects });
    if (replayed === null) return;
    done.push(replayed);
    await writeLine(out, replayed);
    if (done.length % PROGRESS_EVERY_CALLS === 0) effects.note(`${done.length} calls replayed`);
  };
  try {
    const work = inParallel(readRecordedCalls(options.file), widthOf(options), {
      send,
      signal: effects.signal,
    });
    const broken = await Promise.race([work, ...(failure === null ? [] : [failure])]);
    if (broken instanceof Error) {
      throw new HouseError("bad-usage", `Cannot write "${options.out ?? ""}": ${broken.message}`, {
        cause: broken,
      });
    }
    if (out !== null) await new Promise<void>((resolve) => out.end(resolve));
  } finally {
    await pool.destroy();
    out?.destroy();
  }
  const summary = summarize(done);
  if (options.json === true) effects.print(JSON.stringify(summary));
  else for (const line of summaryLines(summary)) effects.print(line);
  if (effects.signal.aborted) effects.note("Stopped before the end of the file");
  if (done.length === 0) effects.note(`"${options.file}" has no calls: expected lines with a request`);
  return effects.signal.aborted || done.length === 0 ? 1 : 0;
}

function baseOf(url: string): URL {
  if (!URL.canParse(url))
    throw new HouseError("bad-usage", `Cannot use --url "${url}": expected http://127.0.0.1:4141`);
  return new URL(url);
}

function widthOf({ concurrency = DEFAULT_CONCURRENCY }: ReplayOptions): number {
  if (Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= MAX_CONCURRENCY) return concurrency;
  throw new HouseError(
    "bad-usage",
    `Cannot use --concurrency ${concurrency}: expected 1 to ${MAX_CONCURRENCY}`,
  );
}

type Work = { readonly send: (call: RecordedCall) => Promise<void>; readonly signal: AbortSignal };

// Workers pull from one iterator: calls leave in file order, and the file is read no faster than it is sent.
async function inParallel(
  calls: AsyncGenerator<RecordedCall, void>,
  width: number,
  work: Work,
): Promise<void> {
  const worker = async (): Promise<void> => {
    while (!work.signal.aborted) {
      const next = await calls.next();
      if (next.done === true) return;
      await work.send(next.value);
    }
  };
  try {
    await Promise.all(Array.from({ length: width }, worker));
  } finally {
    await calls.return(undefined);
  }
}

type Line = {
  readonly pool: Pool;
  readonly base: URL;
  readonly options: ReplayOptions;
  readonly effects: ReplayEffects;
};

/** Null when the replay was stopped meanwhile. */
async function sendOne(call: RecordedCall, line: Line): Promise<ReplayedCall | null> {
  const { pool, base, effects } = line;
  const startedMs = effects.nowMs();
  try {
    const answer = await pool.request({
      path: `${base.pathname.replace(/\/(v1\/?)?$/, "")}/v1/chat/completions`,
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(call.session === null ? {} : { "x-understudy-session": headerSafe(call.session) }),
      },
      body: bodyOf(call, line.options),
      signal: effects.signal,
    });
    const isStream = String(answer.headers["content-type"]).startsWith("text/event-stream");
    const fold = isStream ? streamFold() : plainFold(answer.statusCode);
    for await (const bytes of answer.body) fold.push(bytes as Uint8Array);
    const { response } = fold.end();
    // An answer cut off at the token limit is no whole answer to agree with.
    const isWhole = call.response?.finish_reason !== "length";
    const isComparable = isWhole && call.response !== null && call.status < 400 && response !== null;
    const score = Number(answer.headers["x-understudy-score"] ?? Number.NaN);
    const taskId = answer.headers["x-understudy-task"];
    return {
      callId: call.id ?? `line-${call.line}`,
      taskId: typeof taskId === "string" ? decodeURIComponent(taskId) : null,
      servedBy: answer.headers["x-understudy-served-by"] === "specialist" ? "specialist" : "provider",
      score: Number.isFinite(score) ? score : null,
      agrees: isComparable ? agrees(answerOf(response.message), answerOf(call.response.message)) : null,
      // A stream that began well and broke has failed.
      status: answer.statusCode < 400 && response === null ? 502 : answer.statusCode,
      latencyMs: effects.nowMs() - startedMs,
    };
  } catch (error) {
    if (effects.signal.aborted) return null;
    const message = `Cannot reach the gateway at ${line.options.url}: ${(error as Error).message}`;
    throw new HouseError("upstream-unreachable", message, { cause: error });
  }
}

function bodyOf(call: RecordedCall, options: ReplayOptions): string {
  const { stream: _, stream_options: __, ...asked } = call.request;
  return JSON.stringify(options.stream === true ? { ...asked, stream: true } : asked);
}

// Session names are ids; what a header cannot carry is encoded.
function headerSafe(text: string): string {
  return /^[\x21-\x7e]+$/.test(text) ? text : encodeURIComponent(text);
}

async function writeLine(out: WriteStream | null, replayed: ReplayedCall): Promise<void> {
  if (out !== null && !out.write(`${JSON.stringify(replayed)}\n`)) await once(out, "drain");
}
