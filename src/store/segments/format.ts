import { createCipheriv, createDecipheriv, type KeyObject } from "node:crypto";
import { crc32 } from "node:zlib";
import { z } from "zod";

/**
 * A segment file: one block with the header, then frames, each begun on a block of its own, then zeros up to the capacity.
 * No block that holds an acknowledged frame is ever written again, so a torn write can hurt only what was never acknowledged.
 */
export const BLOCK_BYTES = 4096;

const MAGIC = Buffer.from("UNDYSEG\n");
const VERSION = 1;
/** Magic (8), version (4), length of the JSON (4), its checksum (4). */
const PREFIX_BYTES = 20;

const headerForm = z.strictObject({
  writer: z.string().regex(/^[0-9a-f]{24}$/),
  number: z.int().nonnegative(),
  createdMs: z.number(),
  capacity: z.int().positive(),
  wrappedKey: z.string(),
});

/** What a segment says of itself. `writer`: the log that wrote it; its segments are numbered from 0. */
export type SegmentHeader = z.infer<typeof headerForm>;

export function encodeHeader(header: SegmentHeader): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const block = Buffer.alloc(BLOCK_BYTES);
  MAGIC.copy(block);
  block.writeUInt32LE(VERSION, 8);
  block.writeUInt32LE(json.length, 12);
  block.writeUInt32LE(crc32(json), 16);
  json.copy(block, PREFIX_BYTES);
  return block;
}

/** The header in a first block; null when it is none, damaged, or of a version that is not known here. */
export function decodeHeader(block: Buffer): SegmentHeader | null {
  if (block.length < BLOCK_BYTES || !block.subarray(0, MAGIC.length).equals(MAGIC)) return null;
  const length = block.readUInt32LE(12);
  if (block.readUInt32LE(8) !== VERSION || length > BLOCK_BYTES - PREFIX_BYTES) return null;
  const json = block.subarray(PREFIX_BYTES, PREFIX_BYTES + length);
  if (crc32(json) !== block.readUInt32LE(16)) return null;
  const parsed = headerForm.safeParse(JSON.parse(json.toString()));
  return parsed.success ? parsed.data : null;
}

/** What stands in the place of a header once its segment is not needed: without its key nothing in the file can be opened. */
export const RETIRED_HEADER = Buffer.concat([Buffer.from("UNDYGONE"), Buffer.alloc(BLOCK_BYTES - 8)]);

export function isRetired(block: Buffer): boolean {
  return block.equals(RETIRED_HEADER);
}

/** The name under which the key of a segment is wrapped: it opens no other. */
export function keyNameOf({ writer, number }: Pick<SegmentHeader, "writer" | "number">): string {
  return `segments ${writer} ${number}`;
}

const FRAME_MAGIC = 0x316d7246;
const GROUP = 1;
const CLOSE = 2;
/** Magic, kind, sequence (8), bytes of the body, records, zero, checksum of all that. */
export const FRAME_HEADER_BYTES = 32;
const CHECKSUM_AT = 28;
const CIPHER = "aes-256-gcm";
const TAG_BYTES = 16;
const NONCE_BYTES = 12;

/** An append is refused above this; larger than the longest answer that is held (64 MiB) with the longest request. */
export const MAX_APPEND_BYTES = 192 * 1024 * 1024;

export type Frame = {
  readonly kind: "group" | "close";
  /** Place among the groups of the segment, from 0; of a close: how many there are. */
  readonly sequence: number;
  readonly bodyBytes: number;
  readonly records: number;
};

/** Bytes that a group takes on disk, its frame included. */
export function framedBytes(plainBytes: number): number {
  return FRAME_HEADER_BYTES + plainBytes + TAG_BYTES;
}

/** The next block after a frame. */
export function blockAfter(position: number): number {
  return Math.ceil(position / BLOCK_BYTES) * BLOCK_BYTES;
}

/**
 * A frame ready to be written. The nonce is the sequence: it never repeats, since a segment has its own key and is left for
 * good after a write that failed.
 */
export function sealFrame(
  key: KeyObject,
  { kind, sequence, records }: Pick<Frame, "kind" | "sequence" | "records">,
  plain: Uint8Array,
): Uint8Array[] {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUInt32LE(FRAME_MAGIC, 0);
  header.writeUInt32LE(kind === "group" ? GROUP : CLOSE, 4);
  header.writeBigUInt64LE(BigInt(sequence), 8);
  header.writeUInt32LE(plain.length + TAG_BYTES, 16);
  header.writeUInt32LE(records, 20);
  const cipher = createCipheriv(CIPHER, key, nonceOf(sequence), { authTagLength: TAG_BYTES });
  cipher.setAAD(header.subarray(0, CHECKSUM_AT));
  const body = cipher.update(plain);
  cipher.final();
  const tag = cipher.getAuthTag();
  header.writeUInt32LE(checksumOf(header, body, tag), CHECKSUM_AT);
  return [header, body, tag];
}

/** The frame that a header tells of; null when it is none. Its checksum is not looked at. */
export function decodeFrame(header: Buffer): Frame | null {
  if (header.length < FRAME_HEADER_BYTES || header.readUInt32LE(0) !== FRAME_MAGIC) return null;
  const kind = header.readUInt32LE(4);
  const bodyBytes = header.readUInt32LE(16);
  const sequence = Number(header.readBigUInt64LE(8));
  if (kind !== GROUP && kind !== CLOSE) return null;
  if (bodyBytes < TAG_BYTES || bodyBytes > MAX_APPEND_BYTES + TAG_BYTES) return null;
  if (!Number.isSafeInteger(sequence)) return null;
  return { kind: kind === GROUP ? "group" : "close", sequence, bodyBytes, records: header.readUInt32LE(20) };
}

export function isWhole(header: Buffer, body: Buffer): boolean {
  return header.readUInt32LE(CHECKSUM_AT) === checksumOf(header, body);
}

/** What was sealed; null when the key is another or something was changed. */
export function openFrame(key: KeyObject, header: Buffer, body: Buffer): Buffer | null {
  const sequence = Number(header.readBigUInt64LE(8));
  const decipher = createDecipheriv(CIPHER, key, nonceOf(sequence), { authTagLength: TAG_BYTES });
  decipher.setAAD(header.subarray(0, CHECKSUM_AT));
  decipher.setAuthTag(body.subarray(body.length - TAG_BYTES));
  const plain = decipher.update(body.subarray(0, body.length - TAG_BYTES));
  try {
    decipher.final();
  } catch {
    // The only failure of final() in GCM: the tag does not fit.
    return null;
  }
  return plain;
}

function checksumOf(header: Uint8Array, ...parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => crc32(part, sum), crc32(header.subarray(0, CHECKSUM_AT)));
}

function nonceOf(sequence: number): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeBigUInt64LE(BigInt(sequence), NONCE_BYTES - 8);
  return nonce;
}
