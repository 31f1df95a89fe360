import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A small hub that speaks the protocol `pullModel` uses, for tests: files of one repository, with faults on request. */
export type TestHub = {
  readonly endpoint: string;
  /** Every request: path, range and token as they came. */
  readonly requests: readonly { readonly path: string; readonly range?: string; readonly token?: string }[];
  close(): Promise<void>;
};

export type TestHubOptions = {
  readonly files: { readonly [name: string]: Buffer };
  readonly card?: unknown;
  /** Answers instead of the hub where it returns true. `nth` counts the requests of a path from 1. */
  readonly fault?: (request: IncomingMessage, response: ServerResponse, nth: number) => boolean;
};

export const TEST_COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** Files whose name ends so are listed with a SHA-256, as large ones are; the others with git's SHA-1. */
const isLarge = (name: string): boolean => name.endsWith(".safetensors");

export async function startTestHub({ files, card, fault }: TestHubOptions): Promise<TestHub> {
  const requests: { path: string; range?: string; token?: string }[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? "").split("?")[0]);
    requests.push({ path, range: request.headers.range, token: request.headers.authorization });
    const nth = requests.filter((earlier) => earlier.path === path).length;
    if (fault?.(request, response, nth) === true) return;
    if (path.startsWith("/api/models/")) response.end(JSON.stringify({ ...listing(files), cardData: card }));
    else serveFile(files[path.split("/").at(-1) ?? ""], request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { endpoint: `http://127.0.0.1:${port}`, requests, close: () => closeServer(server) };
}

function listing(files: TestHubOptions["files"]): { sha: string; siblings: unknown[] } {
  const siblings = Object.entries(files).map(([name, content]) => ({
    rfilename: name,
    size: content.length,
    blobId: createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex"),
    ...(isLarge(name) ? { lfs: { sha256: sha256Of(content), size: content.length, pointerSize: 134 } } : {}),
  }));
  return { sha: TEST_COMMIT, siblings };
}

export const sha256Of = (content: Buffer): string => createHash("sha256").update(content).digest("hex");

function serveFile(content: Buffer | undefined, request: IncomingMessage, response: ServerResponse): void {
  if (content === undefined) {
    response.writeHead(404).end();
    return;
  }
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const range = from > 0 ? { "content-range": `bytes ${from}-${content.length - 1}/${content.length}` } : {};
  response.writeHead(from > 0 ? 206 : 200, { "content-length": content.length - from, ...range });
  response.end(content.subarray(from));
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
