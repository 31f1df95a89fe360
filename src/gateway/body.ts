import type { ErrorCode } from "../core/index.ts";
import { MAX_KEPT_IN_ALL_BYTES, type KeptBytes } from "../models/index.ts";
import type { Asked } from "./exchange.ts";

/** Twenty megabytes of images in base64 and a long context fit; what is larger no provider takes. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024;

/** Of a body that is refused this much is still taken and thrown away: clients read the reply only after they have sent all. */
const MAX_DISCARDED_BYTES = 256 * 1024 * 1024;

export type BodyFailure = { readonly code: ErrorCode; readonly message: string };

/**
 * Reads the body of a request and says once what it got. Its bytes count as kept from the moment they arrive; whoever is given the body
 * gives the room back. Failures: body-too-large, bad-input for an encoding, overloaded when all calls together keep too much, cancelled
 * when the client stops sending.
 */
export function readBody(
  request: Asked,
  memory: KeptBytes,
  done: (body: Buffer | null, failure: BodyFailure | null) => void,
  maxBytes: number = MAX_BODY_BYTES,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  let failure = encodingFailure(request);
  let isDone = false;
  const finish = (last: BodyFailure | null): void => {
    if (isDone) return;
    isDone = true;
    if (last === null) {
      done(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks), null);
      return;
    }
    memory.bytes -= kept(chunks);
    done(null, last);
  };
  const drop = (why: BodyFailure): void => {
    failure = why;
    memory.bytes -= kept(chunks);
    chunks.length = 0;
  };
  request.receive({
    data(chunk) {
      size += chunk.length;
      if (failure !== null) {
        if (size > MAX_DISCARDED_BYTES) finish(failure);
        return;
      }
      if (size > maxBytes) return drop(tooLarge(maxBytes));
      if (memory.bytes + chunk.length > MAX_KEPT_IN_ALL_BYTES) return drop(OVERLOADED);
      chunks.push(chunk);
      memory.bytes += chunk.length;
    },
    end: () => finish(failure),
    gone: () => finish(failure ?? GONE),
  });
}

const kept = (chunks: readonly Buffer[]): number => chunks.reduce((sum, { length }) => sum + length, 0);

const GONE: BodyFailure = { code: "cancelled", message: "Cannot read the body: the client went away" };
const OVERLOADED: BodyFailure = {
  code: "overloaded",
  message: "The gateway keeps as much as it may in memory: try again in a moment",
};

function tooLarge(maxBytes: number): BodyFailure {
  return { code: "body-too-large", message: `Cannot take a body of over ${maxBytes} bytes: send less` };
}

function encodingFailure({ headers }: Asked): BodyFailure | null {
  const encoding = headers["content-encoding"];
  if (encoding === undefined || encoding === "identity") return null;
  return {
    code: "bad-input",
    message: `Cannot read a body in content-encoding "${encoding.slice(0, 100)}": send it uncompressed`,
  };
}
