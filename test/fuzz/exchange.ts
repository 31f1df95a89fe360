import { connect } from "node:net";
import type { Case } from "./requests.ts";

export type Reply =
  | {
      readonly kind: "reply";
      readonly status: number;
      readonly headers: ReadonlyMap<string, string>;
      readonly body: Buffer;
      /** What came behind it. */
      readonly rest: Buffer;
    }
  | { readonly kind: "closed" }
  | { readonly kind: "left" }
  | { readonly kind: "silent" }
  | { readonly kind: "garbled"; readonly detail: string };

/** A gateway that is busy with the rest of the fuzzing still answers within this. */
const PATIENCE_MS = 20_000;

/** Stands in the cases for the key of the gateway, which is another in every run. */
export const KEY = "sk-fuzz";

/** Sends a case over a connection of its own and takes what comes back. */
export function exchange(
  { port, key }: { readonly port: number; readonly key: string },
  { bytes: written, expects, leavesAt }: Case,
): Promise<Reply> {
  const bytes = withKey(written, key);
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    const chunks: Buffer[] = [];
    const done = (reply: Reply): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(reply);
    };
    const timer = setTimeout(
      () => done(chunks.length === 0 ? { kind: "silent" } : readReply(Buffer.concat(chunks))),
      PATIENCE_MS,
    );
    socket.on("error", () =>
      done(chunks.length === 0 ? { kind: "closed" } : readReply(Buffer.concat(chunks))),
    );
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("close", () =>
      done(chunks.length === 0 ? { kind: "closed" } : readReply(Buffer.concat(chunks))),
    );
    socket.on("connect", () => {
      if (expects !== "leave") {
        socket.write(bytes);
        return;
      }
      socket.write(bytes.subarray(0, leavesAt), () => {
        // Half of those that leave say goodbye, half are just gone.
        if ((leavesAt ?? 0) % 2 === 0) socket.resetAndDestroy();
        else socket.destroy();
        done({ kind: "left" });
      });
    });
  });
}

function withKey(bytes: Buffer, key: string): Buffer {
  const at = bytes.indexOf(KEY);
  if (at < 0) return bytes;
  const rest = withKey(bytes.subarray(at + KEY.length), key);
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(key), rest]);
}

/** The first answer in the bytes, read strictly. */
export function readReply(bytes: Buffer): Reply {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return { kind: "garbled", detail: `no end of the head in ${bytes.length} bytes` };
  const [line, ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(line)?.[1]);
  if (!Number.isInteger(status)) return { kind: "garbled", detail: `status line ${line.slice(0, 80)}` };
  const rest = bytes.subarray(end + 4);
  if (status === 100) return readReply(rest);
  const headers = new Map<string, string>();
  for (const one of lines) {
    const colon = one.indexOf(":");
    if (colon <= 0) return { kind: "garbled", detail: `header ${one.slice(0, 80)}` };
    headers.set(one.slice(0, colon).toLowerCase(), one.slice(colon + 1).trim());
  }
  if (headers.get("transfer-encoding") === "chunked") {
    const body = unchunked(rest);
    return body === null
      ? { kind: "garbled", detail: "chunks that do not end" }
      : { kind: "reply", status, headers, ...body };
  }
  const length = Number(headers.get("content-length") ?? rest.length);
  return { kind: "reply", status, headers, body: rest.subarray(0, length), rest: rest.subarray(length) };
}

function unchunked(bytes: Buffer): { readonly body: Buffer; readonly rest: Buffer } | null {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf("\r\n", at);
    if (end < 0) return null;
    const size = Number.parseInt(bytes.subarray(at, end).toString("latin1"), 16);
    if (!Number.isInteger(size) || size < 0) return null;
    // Ours have no trailers.
    if (size === 0) return { body: Buffer.concat(parts), rest: bytes.subarray(end + 4) };
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
    if (at > bytes.length) return null;
  }
}
