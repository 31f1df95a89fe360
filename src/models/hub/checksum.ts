import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { HubFile } from "./listing.ts";

/** Bytes read at once: large enough that the disk, not the loop, is the limit. */
const READ_BYTES = 1024 * 1024;

/** Hashes a file on disk; says whether it is what the hub announced, and its SHA-256 in any case. Throws where it cannot be read. */
export async function checkFile(
  path: string,
  file: HubFile,
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<{ readonly isRight: boolean; readonly sha256: string }> {
  const sha256 = createHash("sha256");
  const git = file.checksum.kind === "git-sha1" ? gitBlobHash(file.bytes) : null;
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: READ_BYTES, signal })) {
    // Without an encoding, a read stream yields Buffers.
    const part = chunk as Uint8Array;
    sha256.update(part);
    git?.update(part);
    bytes += part.length;
    onBytes(part.length);
  }
  const digest = sha256.digest("hex");
  const found = git === null ? digest : git.digest("hex");
  return { isRight: bytes === file.bytes && found === file.checksum.hex, sha256: digest };
}

/** Git's name of a file: SHA-1 of its type, size and content (Pro Git, 10.2). */
function gitBlobHash(bytes: number): Hash {
  return createHash("sha1").update(`blob ${bytes}\0`);
}
