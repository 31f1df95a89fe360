import { connect, type Socket } from "node:net";

// Sends requests over raw keep-alive sockets, one at a time on each, and checks every answer. One job, as JSON in the first argument;
// its result is one line of JSON on stdout.

export type Job = {
  readonly port: number;
  readonly path: string;
  readonly headers: { readonly [name: string]: string };
  /** `closed`: each connection asks again at once. `open`: at a fixed rate, whatever happens. */
  readonly kind: "closed" | "open";
  readonly isStream: boolean;
  readonly connections: number;
  /** What is due when all of these are busy is not sent; no bound when left out. */
  readonly maxConnections?: number;
  readonly seconds: number;
  /** Requests a second, of an open loop. */
  readonly rate: number;
  /** Streams stay open and silent after their first piece. */
  readonly holds?: boolean;
};

export type Result = {
  readonly answers: number;
  readonly chunks: number;
  /** Refused with 429 or 503 and Retry-After. */
  readonly refused: number;
  readonly refusedWithoutRetryAfter: number;
  /** Another's answer, or a cut one. */
  readonly wrong: number;
  /** Other statuses. */
  readonly failed: { readonly [status: string]: number };
  readonly unsent: number;
  readonly broken: number;
  readonly unanswered: number;
  readonly seconds: number;
  /** Time beside the provider's own, in ms; of a stream, of its first piece. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
};

const job = JSON.parse(process.argv[2]) as Job;
const NONCE_CHARS = 16;
const GRACE_MS = 3000;
const PROMPT = "Say which of the departments should take this ticket, in one word. ".repeat(8);
const END_OF_HEAD = Buffer.from("\r\n\r\n");

let serial = 0;
const counts = {
  answers: 0,
  chunks: 0,
  refused: 0,
  refusedWithoutRetryAfter: 0,
  wrong: 0,
  broken: 0,
  unsent: 0,
};
const failed: { [status: string]: number } = {};
let opened = job.connections;
const samplesMs: number[] = [];
const idle: Client[] = [];
let underWay = 0;
let isOver = false;

const lines = Object.entries({
  host: `127.0.0.1:${job.port}`,
  "content-type": "application/json",
  accept: "application/json",
  "user-agent": "OpenAI/JS 6.1.0",
  "x-stainless-lang": "js",
  "x-stainless-package-version": "6.1.0",
  "x-stainless-os": "Linux",
  "x-stainless-arch": "x64",
  "x-stainless-runtime": "node",
  "x-stainless-retry-count": "0",
  ...job.headers,
}).map(([name, value]) => `${name}: ${value}\r\n`);

class Client {
  #socket: Socket;
  #waiting: Buffer = Buffer.alloc(0);
  #head: string | null = null;
  #bodyBytes = 0;
  #isChunked = false;
  #nonce = "";
  #sentMs = 0;
  #hasFirst = false;
  #isAsking = false;

  constructor() {
    this.#socket = this.#open();
  }

  ask(dueMs: number): void {
    serial += 1;
    this.#nonce = `nonce-${serial.toString(36).padStart(NONCE_CHARS - 6, "0")}`;
    const stream = job.isStream ? ',"stream":true' : "";
    const body = `{"model":"m"${stream},"messages":[{"role":"system","content":"${PROMPT}"},{"role":"user","content":"${this.#nonce}"}]}`;
    this.#hasFirst = false;
    this.#isAsking = true;
    underWay += 1;
    // Sent within a millisecond of its time, or counted from then.
    this.#sentMs = Math.min(performance.now(), dueMs + 1);
    const head = `POST ${job.path} HTTP/1.1\r\n${lines.join("")}content-length: ${body.length}\r\n\r\n`;
    this.#socket.write(head + body, "latin1");
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #open(): Socket {
    const socket = connect({ port: job.port, host: "127.0.0.1", noDelay: true });
    socket.on("data", (chunk) => this.#take(chunk));
    socket.on("error", () => {});
    socket.on("close", () => {
      if (isOver || socket !== this.#socket) return;
      if (this.#isAsking) {
        counts.broken += 1;
        this.#finish(false);
      }
      this.#waiting = Buffer.alloc(0);
      this.#head = null;
      this.#socket = this.#open();
    });
    return socket;
  }

  #take(chunk: Buffer): void {
    // Said unasked, as a server says 408 on a connection that has asked nothing for long: no answer to what is asked next.
    if (!this.#isAsking) {
      this.#socket.destroy();
      return;
    }
    this.#waiting = this.#waiting.length === 0 ? chunk : Buffer.concat([this.#waiting, chunk]);
    if (this.#head === null && !this.#readHead()) return;
    if (!this.#hasFirst && this.#waiting.length > 0) this.#sample();
    if (this.#isChunked) {
      this.#countChunks(chunk);
      const isLast =
        this.#waiting.length >= 5 && this.#waiting.subarray(-5).toString("latin1") === "0\r\n\r\n";
      if (isLast) this.#answered();
      // What is counted need not be kept.
      else if (job.isStream) this.#waiting = this.#waiting.subarray(-512);
    } else if (this.#waiting.length >= this.#bodyBytes) {
      this.#answered();
    }
  }

  #readHead(): boolean {
    const end = this.#waiting.indexOf(END_OF_HEAD);
    if (end < 0) return false;
    const head = this.#waiting.toString("latin1", 0, end);
    this.#head = head;
    this.#waiting = this.#waiting.subarray(end + 4);
    this.#isChunked = /transfer-encoding: *chunked/i.test(head);
    this.#bodyBytes = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    return true;
  }

  #sample(): void {
    const tookMs = performance.now() - this.#sentMs;
    const own = /"took":"(\d+)"/.exec(this.#waiting.toString("latin1", 0, 400))?.[1];
    this.#hasFirst = true;
    if (own !== undefined) samplesMs.push(tookMs - Number(own) / 1000);
  }

  #countChunks(chunk: Buffer): void {
    let at = chunk.indexOf("data: ");
    while (at >= 0) {
      counts.chunks += 1;
      at = chunk.indexOf("data: ", at + 6);
    }
  }

  #answered(): void {
    const head = this.#head ?? "";
    const status = head.slice(9, 12);
    if (status === "200") {
      const isOurs = this.#waiting.includes(this.#nonce) || job.isStream;
      if (isOurs) counts.answers += 1;
      else counts.wrong += 1;
    } else if (status === "429" || status === "503") {
      counts.refused += 1;
      if (!/retry-after:/i.test(head)) counts.refusedWithoutRetryAfter += 1;
    } else {
      failed[status] = (failed[status] ?? 0) + 1;
    }
    this.#head = null;
    this.#waiting = Buffer.alloc(0);
    this.#finish(true);
  }

  #finish(canGoOn: boolean): void {
    this.#isAsking = false;
    underWay -= 1;
    if (isOver) return;
    if (job.kind === "closed" && canGoOn && performance.now() < endMs) this.ask(performance.now());
    else idle.push(this);
  }
}

const clients = Array.from({ length: job.connections }, () => new Client());
await new Promise((resolve) => setTimeout(resolve, 100));
const startMs = performance.now();
const endMs = startMs + job.seconds * 1000;

if (job.kind === "closed") {
  for (const client of clients) client.ask(performance.now());
  await new Promise((resolve) => setTimeout(resolve, job.seconds * 1000));
} else {
  idle.push(...clients);
  await openLoop();
}
const seconds = (performance.now() - startMs) / 1000;
const lastMs = performance.now() + GRACE_MS;
const isWaiting = (): boolean => underWay > 0 && performance.now() < lastMs && job.holds !== true;
while (isWaiting()) await new Promise((resolve) => setTimeout(resolve, 5));
isOver = true;
samplesMs.sort((a, b) => a - b);
const at = (share: number): number | null => samplesMs[Math.floor(samplesMs.length * share)] ?? null;
const result: Result = {
  ...counts,
  failed,
  unanswered: underWay,
  seconds,
  p50: at(0.5),
  p95: at(0.95),
  p99: at(0.99),
};
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));

function another(): Client | null {
  if (opened >= (job.maxConnections ?? Infinity)) return null;
  opened += 1;
  return new Client();
}

async function openLoop(): Promise<void> {
  const total = Math.floor(job.rate * job.seconds);
  for (let sent = 0; sent < total;) {
    const now = performance.now();
    while (sent < total && startMs + (sent * 1000) / job.rate <= now) {
      // No connection left: the peer is so far behind that a new one is needed.
      const client = idle.pop() ?? another();
      if (client === null) counts.unsent += 1;
      else client.ask(startMs + (sent * 1000) / job.rate);
      sent += 1;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
