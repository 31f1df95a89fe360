import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { request as tlsRequest } from "node:https";
import { connect } from "node:net";
import { join, resolve } from "node:path";
import type { TLSSocket } from "node:tls";
import { describe, expect, test } from "vitest";
import { asked, bearer, get, post, storeWithKeys } from "../../test/ask-serve.ts";
import { openGateway, send, type Reply } from "../../test/open-gateway.ts";
import { openServe, openUpstream, tempFolder, type Served } from "../../test/open-serve.ts";
import { silentLog } from "../core/index.ts";
import { watchTls } from "../gateway/index.ts";
import { openStore } from "../store/index.ts";

describe("listening for others", () => {
  test("serve() refuses an address that others can reach while there are no keys", async () => {
    await expect(openServe({ options: { host: "0.0.0.0" } })).rejects.toThrow(/while there are no keys/);
  });
  test("with keys it listens, requires them, and misses TLS aloud", async () => {
    const { dir, keys } = storeWithKeys();
    const { url, said } = await openServe({ dir, options: { host: "0.0.0.0" } });
    expect(said.some((line) => line.startsWith("WARNING"))).toBe(true);
    const local = url.replace("0.0.0.0", "127.0.0.1");
    expect([
      (await get(local, "/metrics")).status,
      (await get(local, "/metrics", keys["viewer"])).status,
    ]).toEqual([401, 200]);
  });
});

describe("TLS", () => {
  const golden = (name: string): string => resolve(import.meta.dirname, "../../test/golden/tls", name);
  const put = (dir: string, which: string): void => {
    for (const part of ["cert", "key"])
      copyFileSync(golden(`${which}-${part}.pem`), join(dir, `${part}.pem`));
  };
  const commonName = (url: string): Promise<string> =>
    new Promise((take, reject) => {
      const request = tlsRequest(
        `${url}/healthz`,
        { rejectUnauthorized: false, agent: false },
        (response) => {
          const { subject } = (response.socket as TLSSocket).getPeerCertificate();
          response.resume().on("end", () => take(String(subject.CN)));
        },
      );
      request.on("error", reject).end();
    });

  test("serves over TLS, and new connections see a renewed certificate", async () => {
    const dir = tempFolder();
    put(dir, "old");
    const files = { certFile: join(dir, "cert.pem"), keyFile: join(dir, "key.pem") };
    const tls = watchTls(files, silentLog, 3);
    const { url } = await openGateway({ deps: { tls } });
    expect(url).toMatch(/^https:/);
    const renewed = new Promise<void>((take) => tls.follow(() => take()));
    expect(await commonName(url)).toBe("old.test");
    put(dir, "new");
    await renewed;
    expect(await commonName(url)).toBe("new.test");
    tls.close();
  });
  test("serve() takes tls from its config", async () => {
    const tls = { certFile: golden("old-cert.pem"), keyFile: golden("old-key.pem") };
    const { url } = await openServe({ config: { tls } });
    expect(await commonName(url)).toBe("old.test");
  });
  test.each([
    ["a missing file", "none.pem", "none.pem", /Cannot read tls\.certFile ".*none\.pem": ENOENT/],
    ["a key of another certificate", "old-cert.pem", "new-key.pem", /does not belong to the key/],
    ["files that are no PEM", "README.md", "README.md", /not both PEM files/],
  ])("serve() refuses %s with one line", async (_, certFile, keyFile, line) => {
    const tls = { certFile: golden(certFile), keyFile: golden(keyFile) };
    await expect(openServe({ config: { tls } })).rejects.toThrow(line);
  });
});

test("nothing in a request chooses where the gateway goes", async () => {
  const reached: string[] = [];
  const evil = await openUpstream((request, response) => {
    reached.push(String(request.url));
    response.end("{}");
  });
  const { host, origin } = new URL(evil);
  const upstream = await openUpstream((_, response) => void response.writeHead(404).end("{}"));
  const { url } = await openServe({ config: { providers: { main: { url: upstream } } } });
  const body = (fields: object): string => JSON.stringify({ ...JSON.parse(asked), ...fields });
  const names = [
    "x-base-url",
    "x-forwarded-host",
    "x-portkey-custom-host",
    "x-upstream-url",
    "forwarded",
    "via",
  ];
  const headers = Object.fromEntries(
    names.map((name) => [name, name === "forwarded" ? `host=${host}` : evil]),
  );
  const replies = [
    await send(url, asked, { headers }),
    await send(url, body({ base_url: evil, api_base: evil, url: evil, provider: evil, endpoint: evil })),
    await send(url, body({ model: `${evil}/m` })),
    await send(url, body({ model: `@${host}` })),
    await send(url, asked, { path: `/v1/chat/completions?base_url=${encodeURIComponent(evil)}` }),
    await send(url, null, { path: `/v1/models/${encodeURIComponent(`../../${evil}`)}`, method: "GET" }),
    await send(url, null, { path: `/v1/models/@${host}`, method: "GET" }),
    // The absolute form of a request to a proxy.
    await raw(url, `POST ${origin}/v1/chat/completions HTTP/1.1`),
    await raw(url, `CONNECT ${host} HTTP/1.1`),
  ];
  expect(replies.length).toBe(9);
  expect(reached).toEqual([]);
});

/** A request line as it stands, with a plain body; the first line of the answer, or nothing where the connection is closed. */
function raw(url: string, line: string): Promise<string> {
  const { hostname, port, host } = new URL(url);
  const { promise, resolve: take } = Promise.withResolvers<string>();
  const socket = connect(Number(port), hostname, () => {
    socket.write(
      `${line}\r\nhost: ${host}\r\ncontent-length: ${asked.length}\r\nconnection: close\r\n\r\n${asked}`,
    );
  });
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
  socket.on("error", () => {});
  socket.on("close", () => take(text.split("\r\n")[0]));
  return promise;
}

test("no secret is in anything that is said, told, answered or written", async () => {
  const { dir, keys } = storeWithKeys();
  const files = tempFolder();
  writeFileSync(join(files, "keys"), "sk-in-a-file-1111111111111111\n");
  const collector = await openUpstream((_, response) => void response.end("{}"));
  const secrets = {
    PROVIDER_KEY: "sk-in-the-environment-2222222222222222",
    OTLP: "authorization=Bearer%20otlp-secret-3333333333333333",
  };
  const refusing = await openUpstream(
    (_, response) =>
      void response.writeHead(401, { "content-type": "application/json" }).end('{"error":{"message":"no"}}'),
  );
  const config = {
    keysRequired: true,
    providers: {
      refused: { url: refusing, keyEnv: "PROVIDER_KEY" },
      gone: { url: "http://127.0.0.1:1/v1", keyFile: join(files, "keys") },
    },
    models: { a: { targets: [{ provider: "refused" }] }, b: { targets: [{ provider: "gone" }], retries: 0 } },
    telemetry: { otlpUrl: collector.replace("/v1", ""), otlpHeadersEnv: "OTLP" },
  };
  const served: Served = await openServe({ dir, env: secrets, config });
  const replies: Reply[] = [];
  for (const model of ["a", "b", "c"])
    replies.push(
      await send(served.url, JSON.stringify({ ...JSON.parse(asked), model }), {
        headers: bearer(keys["ingest"]),
      }),
    );
  for (const path of ["/metrics", "/readyz", "/understudy/v1/report", "/understudy/v1/calls/call_1"])
    replies.push(await get(served.url, path, keys["owner"]));
  replies.push(await get(served.url, "/metrics", `${keys["owner"]}x`));
  replies.push(await post(served.url, "/understudy/v1/reload", keys["owner"]));
  await served.reload({ ...config, providers: { ...config.providers, refused: { keyEnv: "UNSET_KEY" } } });
  await served.stop();
  const values = [
    ...Object.values(keys).map((key) => key.slice(17)),
    secrets.PROVIDER_KEY,
    "otlp-secret-3333333333333333",
    "sk-in-a-file-1111111111111111",
  ];
  const written = filesUnder(dir).map((file) => readFileSync(file, "latin1"));
  const all = [...served.said, ...replies.map((reply) => JSON.stringify(reply)), ...written].join("\n");
  expect(all.length).toBeGreaterThan(10_000);
  expect(values.filter((value) => all.includes(value))).toEqual([]);
});

test("openStore() keeps the audit trail and keys of a store that serve has used", async () => {
  const { dir } = storeWithKeys();
  const { stop } = await openServe({ dir });
  await stop();
  const store = openStore({ dir, nowMs: Date.now });
  expect([store.accessKeys.all().foreign, store.audit.verify().problems]).toEqual([[], []]);
  store.close();
});

function filesUnder(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesUnder(path) : [path];
  });
}
