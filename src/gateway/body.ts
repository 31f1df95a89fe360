import type { IncomingMessage } from "node:http";
import { HouseError } from "../core/index.ts";

/** Twenty megabytes of images in base64 and a long context fit; what is larger no provider takes. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024;

/** Of a body that is too large this much is still taken and thrown away: clients read the reply only after they have sent all. */
const MAX_DISCARDED_BYTES = 256 * 1024 * 1024;

/** The body of a request. Throws HouseError body-too-large, bad-input for an encoding, cancelled when the client stops sending. */
export async function readBody(request: IncomingMessage, maxBytes: number = MAX_BODY_BYTES): Promise<Buffer> {
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    throw new HouseError(
      "bad-input",
      `Cannot read a body in content-encoding "${encoding}": send it uncompressed`,
    );
  }
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // Without destroyOnReturn the socket would be gone before the reply.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      size += (chunk as Buffer).length;
      if (size <= maxBytes) chunks.push(chunk as Buffer);
      else chunks.length = 0;
      if (size > MAX_DISCARDED_BYTES) break;
    }
  } catch (error) {
    throw new HouseError("cancelled", "Cannot read the body: the client went away", { cause: error });
  }
  if (size > maxBytes) {
    throw new HouseError("body-too-large", `Cannot take a body of over ${maxBytes} bytes: send less`);
  }
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
}
