import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

/** Told what the body of a request says, as it comes; then once that it ended or that its client went away. */
export type BodyTaker = {
  data(chunk: Buffer): void;
  end(): void;
  gone(): void;
};

/** A request whose head was read, and whose body waits. */
export type Asked = {
  readonly method: string;
  readonly url: string;
  /** As node:http tells them: names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** Reads the body. Called once, or never; what has come already may be told before this returns. */
  receive(taker: BodyTaker): void;
};

/** What goes back to a client: as much of node:http's response as is used here, and done as it does it. */
export type Answer = {
  readonly destroyed: boolean;
  readonly headersSent: boolean;
  /** Bytes that the system has not taken yet. */
  readonly writableLength: number;
  /** True after a head without a length where the writer is to frame each piece, or to say that it frames them by setting it to false. */
  chunkedEncoding: boolean;
  setHeader(name: string, value: string): unknown;
  /** `headers`: names and values by turns. Throws where one cannot be sent. */
  writeHead(status: number, headers: string[]): unknown;
  flushHeaders(): void;
  /** False when the client takes less than it is sent: `drain` tells when it has caught up. */
  write(bytes: Uint8Array): boolean;
  write(text: string, encoding: "latin1"): boolean;
  end(): unknown;
  end(bytes: Uint8Array): unknown;
  end(text: string, encoding: "latin1"): unknown;
  destroy(): unknown;
  once(event: "drain", listener: () => void): unknown;
  /** Once, when the answer has gone out or cannot any more. */
  on(event: "close", listener: () => void): unknown;
};

/** A request that node:http has read. */
export function askedOf(request: IncomingMessage): Asked {
  return {
    method: request.method ?? "",
    url: request.url ?? "/",
    headers: request.headers,
    receive(taker) {
      request.on("data", (chunk: Buffer) => taker.data(chunk));
      request.on("end", () => taker.end());
      request.on("error", () => taker.gone());
      request.on("close", () => taker.gone());
    },
  };
}
