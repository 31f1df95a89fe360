import { readFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { resolve } from "node:path";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import { seededRandom } from "../../../core/index.ts";
import { createCopier, readWith, SHARED_READING } from "./reading.ts";

const CONNECTIONS = 12;
const PIECES = 60;

/** Pieces of many sizes, each filled with its own byte. */
function piecesOf(seed: number): Buffer[] {
  const random = seededRandom(seed);
  return Array.from({ length: PIECES }, () => {
    const most = random.next() < 0.1 ? 200_000 : 3000;
    return Buffer.alloc(1 + random.below(most), random.below(256));
  });
}

/** Sends to each connection its own pieces, in turns, so that all of them are read at the same time. */
function serving(listen: (taken: (socket: Socket) => void) => Server): Promise<{ readonly port: number }> {
  let count = 0;
  const server = listen((socket) => {
    count += 1;
    const pieces = piecesOf(count);
    socket.on("error", () => {});
    socket.write(Buffer.from([count]));
    const next = (): void => {
      const piece = pieces.shift();
      if (piece === undefined) socket.end();
      else socket.write(piece, () => setImmediate(next));
    };
    next();
  });
  onTestFinished(() => void server.close());
  return new Promise((done) =>
    server.listen(0, "127.0.0.1", () => done({ port: (server.address() as AddressInfo).port })),
  );
}

function received(socket: Socket): Promise<readonly Buffer[]> {
  const pieces: Buffer[] = [];
  readWith(socket, (bytes) => void pieces.push(bytes));
  return new Promise((done, fail) => socket.on("end", () => done(pieces)).on("error", fail));
}

/** Of TLS: known to Node, not to its types. */
const READS = { onread: SHARED_READING };

const golden = (part: string): string =>
  readFileSync(resolve(import.meta.dirname, `../../../../test/golden/tls/old-${part}.pem`), "utf8");
const identity = { cert: golden("cert"), key: golden("key") };

describe("SHARED_READING", () => {
  test.each<[string, (taken: (socket: Socket) => void) => Server, (port: number) => Socket]>([
    [
      "TCP",
      (taken) => createServer(taken),
      (port) => connect({ host: "127.0.0.1", port, onread: SHARED_READING }),
    ],
    [
      "TLS",
      (taken) => createTlsServer(identity, taken),
      (port) => connectTls({ host: "localhost", port, ca: identity.cert, ...READS }),
    ],
  ])("what was handed on stays what came, however much is read after it: %s", async (_, listen, dial) => {
    const { port } = await serving(listen);
    const all = await Promise.all(Array.from({ length: CONNECTIONS }, () => received(dial(port))));
    const bytes = all.map((pieces) => Buffer.concat(pieces));
    expect(bytes.map(([count]) => count).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: CONNECTIONS }, (__, at) => at + 1),
    );
    for (const one of bytes) {
      const sent = Buffer.concat([one.subarray(0, 1), ...piecesOf(one[0])]);
      expect(one.equals(sent)).toBe(true);
    }
  });
});

describe("createCopier()", () => {
  test("what is kept holds no memory of another connection, and little more than itself", () => {
    const copiers = [createCopier(), createCopier()];
    const kept = copiers.map((copy, at) =>
      [1, 100, 4096, 4097, 3000, 100_000].map((size) => copy(Buffer.alloc(size, at + 1))),
    );
    const memories = kept.map((pieces) => new Set(pieces.map(({ buffer }) => buffer)));
    expect([...memories[0]].filter((memory) => memories[1].has(memory))).toEqual([]);
    expect([...memories[0]].map(({ byteLength }) => byteLength)).toEqual([8192, 4097, 100_000]);
    for (const [at, pieces] of kept.entries())
      for (const piece of pieces) expect(piece.every((byte) => byte === at + 1)).toBe(true);
  });
});
