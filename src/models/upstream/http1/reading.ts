import type { OnReadOpts, Socket } from "node:net";

/** What Node takes at once, too. */
const READ_BYTES = 64 * 1024;
/** Ten answers of the usual size, forty pieces of a stream. */
const SLAB_BYTES = 8 * 1024;
/** More than this comes to memory of its own. */
const MAX_IN_SLAB_BYTES = SLAB_BYTES / 2;

type Taker = (bytes: Buffer) => void;

/** By connection. */
const takers = new WeakMap<Socket, { readonly copy: (bytes: Uint8Array) => Buffer; readonly take: Taker }>();

/**
 * All connections are read into the same memory, one after the other, and what came is copied out before anything else is done: a buffer
 * for each reading is an allocation outside the heap, and it is those that make V8 collect it. Windows asks for the memory of the next
 * reading beforehand: there Node allocates as usual.
 */
export const SHARED_READING: OnReadOpts | undefined =
  process.platform === "win32" ? undefined : { buffer: Buffer.allocUnsafeSlow(READ_BYTES), callback: come };

function come(this: unknown, count: number, memory: Uint8Array): boolean {
  const socket = this as Socket;
  const taker = takers.get(socket);
  // Nobody has asked anything yet.
  if (taker === undefined) socket.destroy();
  else taker.take(taker.copy(memory.subarray(0, count)));
  return true;
}

/** Hands on what comes on a connection that was made with `SHARED_READING`; who takes it may keep it. */
export function readWith(socket: Socket, take: Taker): void {
  if (SHARED_READING === undefined) socket.on("data", take);
  else takers.set(socket, { copy: createCopier(), take });
}

/**
 * Copies one after the other into memory of one connection: what is kept of one call holds no memory that others share, so that what is
 * counted as kept is what is kept, but for a slab.
 */
export function createCopier(): (bytes: Uint8Array) => Buffer {
  let slab: Buffer | null = null;
  let used = 0;
  return (bytes) => {
    const { length } = bytes;
    if (length > MAX_IN_SLAB_BYTES) {
      const own = Buffer.allocUnsafeSlow(length);
      own.set(bytes);
      return own;
    }
    if (slab === null || used + length > SLAB_BYTES) {
      slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      used = 0;
    }
    slab.set(bytes, used);
    used += length;
    return slab.subarray(used - length, used);
  };
}
