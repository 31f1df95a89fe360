import { createServer } from "node:http";
import { Pool } from "undici";

// The floor: node:http in front, undici's dispatch behind, nothing between. No keys, no reading, no record.

const [, , upstream, port] = process.argv;
const pool = new Pool(upstream, { connections: 2048, pipelining: 1, allowH2: false });

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const {
      host: _,
      connection: __,
      "content-length": ___,
      "transfer-encoding": ____,
      ...headers
    } = request.headers;
    pool.dispatch(
      {
        method: "POST",
        path: request.url ?? "/",
        headers: headers as Record<string, string>,
        body: chunks.length === 1 ? chunks[0] : Buffer.concat(chunks),
      },
      {
        onRequestStart() {},
        onResponseStart(_controller, status, answer) {
          const { connection: _____, "transfer-encoding": ______, ...passed } = answer;
          response.writeHead(status, passed as Record<string, string>);
          if (answer["content-length"] === undefined) response.flushHeaders();
        },
        onResponseData(_controller, chunk) {
          response.write(chunk);
        },
        onResponseEnd() {
          response.end();
        },
        onResponseError() {
          response.destroy();
        },
      },
    );
  });
});
server.listen(Number(port), "127.0.0.1");
