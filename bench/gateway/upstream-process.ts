import { createServer, type Socket } from "node:net";

// A provider as cheap as Node can make one: raw sockets, answers made ahead. Says in every answer how long it took itself, so that the
// jitter of its timer is not counted as the gateway's. Told by messages how to behave; says its port when it listens.

export type Behaviour = {
  /** Before the first byte. */
  readonly delayMs: number;
  /** Of a stream. */
  readonly chunks: number;
  readonly intervalMs: number;
};

let behaviour: Behaviour = { delayMs: 20, chunks: 100, intervalMs: 10 };

const FILLER = "x".repeat(700);
const NONCE = Buffer.from("nonce-");
const NONCE_CHARS = 16;
const STREAM = Buffer.from('"stream":true');
const END_OF_HEAD = Buffer.from("\r\n\r\n");

const micros = (ms: number): string =>
  Math.round(ms * 1000)
    .toString()
    .padStart(9, "0");

function plainAnswer(nonce: string, tookMs: number): string {
  const body = `{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","took":"${micros(tookMs)}","choices":[{"index":0,"message":{"role":"assistant","content":"${nonce} ${FILLER}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":100,"completion_tokens":200,"total_tokens":300}}`;
  return `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_1\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

const STREAM_HEAD =
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

const chunked = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

function event(nonce: string, tookMs: number): string {
  return `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m","took":"${micros(tookMs)}","system_fingerprint":"fp_0123456789","choices":[{"index":0,"delta":{"content":"${nonce}"},"logprobs":null,"finish_reason":null}]}\n\n`;
}

function answerPlain(socket: Socket, nonce: string): void {
  const fromMs = performance.now();
  const say = (): void => void socket.write(plainAnswer(nonce, performance.now() - fromMs), "latin1");
  if (behaviour.delayMs === 0) say();
  else setTimeout(say, behaviour.delayMs);
}

function answerStream(socket: Socket, nonce: string): void {
  const fromMs = performance.now();
  const { chunks, intervalMs, delayMs } = behaviour;
  let sent = 0;
  const say = (): void => {
    if (socket.destroyed) return;
    const head = sent === 0 ? STREAM_HEAD : "";
    socket.write(head + chunked(event(nonce, performance.now() - fromMs)), "latin1");
    sent += 1;
    if (sent < chunks) {
      setTimeout(say, intervalMs);
    } else {
      socket.write(chunked("data: [DONE]\n\n") + "0\r\n\r\n", "latin1");
    }
  };
  setTimeout(say, delayMs);
}

const server = createServer({ noDelay: true }, (socket) => {
  let waiting: Buffer = Buffer.alloc(0);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
    for (;;) {
      const end = waiting.indexOf(END_OF_HEAD);
      if (end < 0) return;
      const head = waiting.toString("latin1", 0, end);
      const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
      const isChunked = /transfer-encoding: *chunked/i.test(head);
      const bodyAt = end + 4;
      const bodyEnd = isChunked ? waiting.indexOf("0\r\n\r\n", bodyAt) + 5 : bodyAt + length;
      if (bodyEnd > waiting.length || bodyEnd < bodyAt) return;
      const body = waiting.subarray(bodyAt, bodyEnd);
      waiting = waiting.subarray(bodyEnd);
      const at = body.indexOf(NONCE);
      const nonce = at < 0 ? "" : body.toString("latin1", at, at + NONCE_CHARS);
      if (body.includes(STREAM)) answerStream(socket, nonce);
      else answerPlain(socket, nonce);
    }
  });
});
process.on("message", (message: Behaviour) => {
  behaviour = message;
  process.send?.({ type: "ready" });
});
process.on("disconnect", () => process.exit(0));
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address !== "string")
    process.send?.({ type: "listening", port: address.port });
});
