import { close, constants, fdatasync, ftruncate, open, write, writev } from "node:fs";
import { open as openFile, rename, statfs, unlink, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { BLOCK_BYTES } from "./format.ts";

/** `gently`: others write meanwhile, and must not wait for it. */
export type Pace = "gently" | "at-once";

/** What the log asks of the disk, so that a test can hand in a bad one. */
export type SegmentDisk = {
  /** A file of `bytes`, all of them allocated, that begins with `header`; it and its name are on the disk when this resolves. */
  create(path: string, header: Buffer, bytes: number, pace: Pace): Promise<SegmentFile>;
  remove(path: string): Promise<void>;
};

export type SegmentFile = {
  /** `done` when the pieces are on the disk, one after the other from `position`. */
  write(pieces: readonly Uint8Array[], position: number, done: (error: Error | null) => void): void;
  /** Cuts the file to what was written, and closes it. */
  close(bytes: number): Promise<void>;
};

/** One write of zeros; the memory is shared by all of them, and never more than the system's one page of zeros. */
const ZEROS = Buffer.alloc(1024 * 1024);
/** A disk writes this within a few milliseconds, and others get their turn between two. */
const GENTLE_BYTES = 512 * 1024;
const GENTLE_PAUSE_MS = 5;

// Measured on ext4, 4 KB groups: with O_DSYNC 335 µs of processor a group, write and fdatasync 535 µs, since it is one trip to the thread
// pool instead of two. Other systems do not empty the drive's cache for O_DSYNC: there it is fdatasync.
const IS_SYNCED_BY_WRITE = process.platform === "linux";
const FLAGS = constants.O_RDWR | (IS_SYNCED_BY_WRITE ? constants.O_DSYNC : 0);

/** Zeros are written, not only room reserved: a group then changes no metadata, and a full disk is met when a segment is made. */
export const realDisk: SegmentDisk = {
  async create(path, header, bytes, pace) {
    // Under another name until it is whole: a segment with a broken header is damage, never a crash at its birth.
    const draft = `${path}.new`;
    await needRoom(dirname(path), bytes);
    try {
      const file = await openFile(draft, "w", 0o600);
      try {
        await writeZeros(file, bytes, pace);
        await writeAll(file.fd, header, 0);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, path);
      await syncFolder(dirname(path));
      return segmentFile(await promisify(open)(path, FLAGS));
    } catch (error) {
      // A half-made file on a full disk is room that others need.
      await unlink(draft).catch(() => {});
      throw error;
    }
  },
  remove: unlink,
};

/** Gently: in small pieces, each of them synced, with pauses: one sync of it all would hold up every group that is written meanwhile. */
async function writeZeros(file: FileHandle, bytes: number, pace: Pace): Promise<void> {
  const most = pace === "gently" ? GENTLE_BYTES : ZEROS.length;
  for (let at = 0; at < bytes; at += most) {
    await writeAll(file.fd, ZEROS.subarray(0, Math.min(most, bytes - at)), at);
    if (pace === "at-once" || at + most >= bytes) continue;
    await file.datasync();
    await sleep(GENTLE_PAUSE_MS);
  }
}

/**
 * As much again stays free: folding needs room in the database before it can free any here, and a disk that is full to the last byte
 * would never empty. Asked first, so that attempts on a full disk cost nothing.
 */
async function needRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= 2 * bytes) return;
  throw Object.assign(new Error(`less than ${2 * bytes} bytes are free`), { code: "ENOSPC" });
}

function segmentFile(handle: number): SegmentFile {
  return {
    write(pieces, position, done) {
      writePieces(handle, pieces, position, (error) => {
        if (error !== null || IS_SYNCED_BY_WRITE) return done(error);
        fdatasync(handle, (failure) => done(failure ?? null));
      });
    },
    async close(bytes) {
      try {
        await promisify(ftruncate)(handle, Math.max(bytes, BLOCK_BYTES));
      } finally {
        await promisify(close)(handle);
      }
    },
  };
}

function writePieces(
  handle: number,
  pieces: readonly Uint8Array[],
  position: number,
  done: (error: Error | null) => void,
): void {
  writev(handle, pieces, position, (error, written) => {
    if (error !== null) return done(error);
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (written === bytes) return done(null);
    // Cut short by a signal or a limit: the rest, until it is written or says why not.
    if (written === 0) return done(noProgress());
    writePieces(handle, [Buffer.concat(pieces).subarray(written)], position + written, done);
  });
}

const writeOnce = promisify(write);

async function writeAll(handle: number, bytes: Uint8Array, position: number): Promise<void> {
  let at = 0;
  while (at < bytes.length) {
    const { bytesWritten } = await writeOnce(handle, bytes, at, bytes.length - at, position + at);
    if (bytesWritten === 0) throw noProgress();
    at += bytesWritten;
  }
}

function noProgress(): Error {
  return Object.assign(new Error("the disk took nothing"), { code: "ENOSPC" });
}

async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a folder.
  if (process.platform === "win32") return;
  const folder = await openFile(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
