import { open, type FileHandle } from "node:fs/promises";
import type { Dispatcher } from "undici";
import { HouseError } from "../../core/index.ts";
import type { HubConnection } from "./http.ts";
import type { HubFile } from "./listing.ts";
import { withRetries, type RetryEffects, type Try } from "./retry.ts";

export type Download = {
  readonly connection: HubConnection;
  readonly url: URL;
  readonly file: HubFile;
  /** Where the bytes go until they are checked. */
  readonly partial: string;
  /** Bytes that came; below zero where the server would not resume and the file begins anew. */
  readonly onBytes: (bytes: number) => void;
};

/** Brings a partial file to its full size, from where it ends. What came stays on disk, whatever happens. Throws HouseError. */
export async function download(job: Download, effects: RetryEffects): Promise<void> {
  const handle = await openPartial(job.partial);
  try {
    await withRetries(async () => oneTry(job, handle, effects.signal), effects);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Opens for appending: a second run goes on where the first one ended. Throws HouseError bad-usage. */
async function openPartial(path: string): Promise<FileHandle> {
  try {
    return await open(path, "a");
  } catch (error) {
    throw writeError(path, error);
  }
}

const DONE: Try<void> = { type: "done", result: undefined };

async function oneTry(job: Download, handle: FileHandle, signal: AbortSignal): Promise<Try<void>> {
  const { connection, file, url } = job;
  const from = await startAt(handle, file.bytes);
  if (from === file.bytes) return DONE;
  const what = `"${file.name}"`;
  const answer = await connection.get({ url, what, from }, signal);
  if (answer.type === "failure") return { type: "failed", failure: answer, hasGained: false };
  const start = await resumeAt(job, handle, { from, answer });
  let came = 0;
  try {
    for await (const chunk of answer.body) {
      // undici's body yields Buffers unless an encoding is set.
      const bytes = chunk as Uint8Array;
      came += bytes.length;
      if (start + came > file.bytes) throw tooLong(file);
      await write(handle, job.partial, bytes);
      job.onBytes(bytes.length);
    }
  } catch (error) {
    return { type: "failed", failure: connection.failure(error, what, signal), hasGained: came > 0 };
  }
  if (start + came === file.bytes) return DONE;
  return {
    type: "failed",
    failure: connection.failure(new Error("it ended early"), what, signal),
    hasGained: came > 0,
  };
}

/** Bytes that are there; a partial file longer than the whole is of no use and begins anew. */
async function startAt(handle: FileHandle, bytes: number): Promise<number> {
  const { size } = await handle.stat();
  if (size <= bytes) return size;
  await handle.truncate(0);
  return 0;
}

type Resumed = {
  readonly from: number;
  readonly answer: Pick<Dispatcher.ResponseData, "headers"> & { readonly status: number };
};

/** A server that ignores the range sends the whole file: then what is there goes. */
async function resumeAt(
  { file, onBytes }: Download,
  handle: FileHandle,
  { from, answer }: Resumed,
): Promise<number> {
  if (from === 0) return 0;
  if (answer.status !== 206) {
    await handle.truncate(0);
    onBytes(-from);
    return 0;
  }
  const range = answer.headers["content-range"];
  if (typeof range === "string" && range.startsWith(`bytes ${from}-`)) return from;
  throw new HouseError(
    "upstream-broken",
    `Cannot fetch "${file.name}": asked from byte ${from}, the hub sends "${String(range)}"`,
  );
}

const tooLong = ({ name, bytes }: HubFile): HouseError =>
  new HouseError(
    "upstream-broken",
    `Cannot fetch "${name}": the hub sends more than the ${bytes} bytes it listed`,
  );

async function write(handle: FileHandle, path: string, bytes: Uint8Array): Promise<void> {
  try {
    await handle.appendFile(bytes);
  } catch (error) {
    throw writeError(path, error);
  }
}

function writeError(path: string, error: unknown): HouseError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== "ENOSPC" && code !== "EDQUOT")
    return new HouseError("bad-usage", `Cannot write "${path}": ${message}`, { cause: error });
  return new HouseError(
    "store-full",
    `Cannot write "${path}": the disk is full; what came is kept, make room and run the same command again`,
    { cause: error },
  );
}
