import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { Pool } from "undici";
import { expect, test } from "vitest";
import { seededRandom, type Random } from "../../core/index.ts";
import { chunk, head, LAST_CHUNK, openFault } from "../../../test/raw-upstream.ts";

// 597 exchanges of many providers, as test suites of OpenLLMetry recorded them; bodies are JSON there, or text as it was.
const FILE = join(import.meta.dirname, "../../../../shared/data/wire_openllmetry.jsonl.gz");
if (!existsSync(FILE))
  process.stdout.write("skipped: ../shared/data/wire_openllmetry.jsonl.gz is not there\n");

type Exchange = {
  readonly id: string;
  readonly path: string;
  readonly stream: boolean;
  readonly request: { readonly body: unknown };
  readonly response: {
    readonly status: number;
    readonly headers: { readonly [name: string]: string };
    readonly body: unknown;
  };
};

/** The surface of ours for a path of theirs; what has none goes where bodies pass unread. */
function surfaceFor(path: string): string {
  if (/\/chat\/completions(#.*)?$/.test(path)) return "/v1/chat/completions";
  if (path === "/v1/responses" || path === "/v1/messages") return path;
  return "/v1/completions";
}

// Spaces as no writer of ours makes them.
const bytesOf = (body: unknown): Buffer =>
  Buffer.from(typeof body === "string" ? body : JSON.stringify(body, null, 1));

function readExchanges(): Exchange[] {
  return (
    gunzipSync(readFileSync(FILE))
      .toString()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Exchange)
      // One request is a form and no JSON object: no surface takes it.
      .filter(({ request }) => typeof request.body === "object")
  );
}

function* answerOf({ response, stream }: Exchange, random: Random): Generator<Buffer> {
  const lines = Object.entries(response.headers).map(([name, value]) => `${name}: ${value}`);
  const sent = bytesOf(response.body);
  if (!stream) {
    yield Buffer.concat([Buffer.from(head(`${response.status} X`, lines, sent)), sent]);
    return;
  }
  yield Buffer.from(head(`${response.status} X`, [...lines, "transfer-encoding: chunked"]));
  for (let from = 0; from < sent.length;) {
    const to = from + 1 + Math.floor(random.next() * 400);
    yield chunk(sent.subarray(from, to));
    from = to;
  }
  yield Buffer.from(LAST_CHUNK);
}

test.skipIf(!existsSync(FILE))(
  "recorded exchanges of many providers pass byte for byte in both directions, headers included",
  async () => {
    const exchanges = readExchanges();
    const random = seededRandom(1);
    const gateway = await openFault((socket, turn) => {
      for (const piece of answerOf(exchanges[turn], random)) socket.write(piece);
    });
    const client = new Pool(gateway.url, { connections: 1 });
    const wrong: string[] = [];
    for (const [turn, exchange] of exchanges.entries()) {
      const body = bytesOf(exchange.request.body);
      const headers = { "content-type": "application/json" };
      const path = surfaceFor(exchange.path);
      const reply = await client.request({ method: "POST", path, body, headers });
      const received = Buffer.from(await reply.body.arrayBuffer());
      const asked = Buffer.from(gateway.requests[turn] ?? "", "latin1");
      const theirs = Object.entries(exchange.response.headers);
      const isSame =
        reply.statusCode === exchange.response.status &&
        received.equals(bytesOf(exchange.response.body)) &&
        asked.subarray(asked.indexOf("\r\n\r\n") + 4).equals(body) &&
        theirs.every(([name, value]) => reply.headers[name.toLowerCase()] === value);
      if (!isSame) wrong.push(`${exchange.id} ${exchange.path}: ${received.toString().slice(0, 200)}`);
    }
    await client.close();
    expect(wrong).toEqual([]);
    expect([exchanges.length, exchanges.filter(({ stream }) => stream).length]).toEqual([596, 172]);
  },
);
