import { describe, expect, test } from "vitest";
import { answering, asked, auditOf, bearer, get, post, ROLES, storeWithKeys } from "../../test/ask-serve.ts";
import { send } from "../../test/open-gateway.ts";
import { chatAnswer, openServe, openUpstream, tempFolder } from "../../test/open-serve.ts";
import { withStore } from "./with-store.ts";

describe("roles over HTTP", () => {
  test("each endpoint takes the roles it needs, and no other", async () => {
    const { dir, keys } = storeWithKeys();
    const provider = { type: "openai", url: await answering("yes") };
    const { url } = await openServe({ dir, config: { keysRequired: true, providers: { main: provider } } });
    const endpoints = [
      async (key?: string) => post(url, "/v1/chat/completions", key),
      async (key?: string) => get(url, "/metrics", key),
      async (key?: string) => get(url, "/understudy/v1/report", key),
      async (key?: string) => post(url, "/understudy/v1/reload", key),
      async (key?: string) => get(url, "/understudy/v1/calls/call-a", key),
    ];
    const table: number[][] = [];
    for (const ask of endpoints) {
      const statuses = [];
      for (const role of [undefined, ...ROLES]) statuses.push((await ask(role && keys[role])).status);
      table.push(statuses);
    }
    // none, ingest, viewer, curator, operator, owner
    expect(table).toEqual([
      [401, 200, 200, 200, 200, 200],
      [401, 403, 200, 200, 200, 200],
      [401, 403, 200, 200, 200, 200],
      [401, 403, 403, 403, 200, 200],
      [401, 403, 403, 403, 403, 200],
    ]);
  });

  test("a recorded call is shown to an owner, and the trail says so", async () => {
    const { dir, keys } = storeWithKeys();
    const { url, stop } = await openServe({ dir, config: { keysRequired: true } });
    const reply = await get(url, "/understudy/v1/calls/call-a", keys["owner"]);
    expect(JSON.parse(reply.body)).toMatchObject({
      id: "call-a",
      request: { messages: [{ content: "ask call-a" }] },
    });
    expect((await get(url, "/understudy/v1/calls/none", keys["owner"])).status).toBe(404);
    expect((await get(url, "/understudy/v1/calls/%ff", keys["owner"])).status).toBe(404);
    await stop();
    const reads = auditOf(dir).filter(({ action }) => action === "call-read");
    const [, , , , owner] = withStore({ store: dir, key: undefined }, (store) => store.accessKeys.all().keys);
    expect(reads.map(({ actor, detail }) => [actor, detail])).toEqual([
      [`key:${owner.id}`, { callId: "call-a" }],
    ]);
  });

  test("without keys on loopback, calls and figures are open, content and change are not", async () => {
    const { dir } = storeWithKeys();
    const { url } = await openServe({ dir });
    const statuses = [
      (await get(url, "/metrics")).status,
      (await get(url, "/understudy/v1/calls/call-a")).status,
      (await post(url, "/understudy/v1/reload")).status,
      (await post(url, "/understudy/v1/drain")).status,
    ];
    expect(statuses).toEqual([200, 403, 403, 403]);
  });

  test("readiness is told to all, its checks to who may see figures", async () => {
    const { dir, keys } = storeWithKeys();
    const { url } = await openServe({ dir, config: { keysRequired: true } });
    expect(JSON.parse((await get(url, "/readyz")).body)).toEqual({ status: "ready" });
    expect(JSON.parse((await get(url, "/readyz", keys["viewer"])).body)).toMatchObject({
      status: "ready",
      checks: { disk: { isOk: true }, recording: { isOk: true } },
    });
  });

  test("an operator can have the gateway drained", async () => {
    const { dir, keys } = storeWithKeys();
    const { url, said, stop } = await openServe({ dir, config: { keysRequired: true } });
    expect((await post(url, "/understudy/v1/drain", keys["operator"])).status).toBe(202);
    await stop();
    expect(said).toContain("Stopping: calls in flight may end");
    await expect(get(url, "/healthz")).rejects.toThrow(/ECONNREFUSED/);
  });
});

test("every response carries the security headers", async () => {
  const { dir, keys } = storeWithKeys();
  const { url } = await openServe({ dir, config: { providers: { main: { url: await answering("yes") } } } });
  const replies = [
    await post(url, "/v1/chat/completions"),
    await post(url, "/v1/chat/completions", `${keys["ingest"]}x`),
    await send(url, "no json"),
    await get(url, "/v1/none"),
    await get(url, "/healthz"),
    await get(url, "/readyz"),
    await get(url, "/metrics"),
    await get(url, "/v1/chat/completions"),
    await get(url, "/understudy/v1/calls/call-a"),
    await send(url, asked, { headers: { origin: "http://evil.example" } }),
  ];
  expect(replies.map(({ status }) => status)).toEqual([200, 401, 400, 404, 200, 200, 200, 405, 403, 403]);
  const secured = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
  };
  for (const { headers } of replies) expect(headers).toMatchObject(secured);
});

test("a key of ours is never sent to a provider; a client's own is, where no keys are required", async () => {
  const { dir, keys } = storeWithKeys();
  const seen: string[] = [];
  const upstream = await openUpstream((request, response) => {
    seen.push(JSON.stringify(request.headers));
    response.setHeader("content-type", "application/json").end(chatAnswer("yes"));
  });
  const env = { PROVIDER_KEY: "sk-of-the-provider" };
  const config = { providers: { main: { url: upstream, keyEnv: "PROVIDER_KEY" } } };
  const { url } = await openServe({ dir, env, config });
  await send(url, asked, { headers: bearer(keys["ingest"]) });
  await send(url, asked, {
    headers: { "x-api-key": keys["ingest"], authorization: `Bearer ${keys["owner"]}` },
  });
  await send(url, asked, { headers: bearer("sk-of-the-client") });
  expect(seen.filter((headers) => headers.includes("usk_"))).toEqual([]);
  expect(seen.map((headers) => /sk-of-the-\w+/.exec(headers)?.[0])).toEqual([
    "sk-of-the-provider",
    "sk-of-the-provider",
    "sk-of-the-client",
  ]);
});

describe("budgets over HTTP", () => {
  const limits = [{ each: "key", per: "day", requests: 1 }];
  test("429 is said in the caller's protocol, with Retry-After", async () => {
    const { dir } = storeWithKeys();
    const { url } = await openServe({
      dir,
      config: { limits, providers: { main: { url: await answering("yes") } } },
    });
    await send(url, asked);
    const chat = await send(url, asked);
    const messages = await send(url, JSON.stringify({ ...JSON.parse(asked), max_tokens: 5 }), {
      path: "/v1/messages",
    });
    expect([chat.status, messages.status]).toEqual([429, 429]);
    expect(Number(chat.headers["retry-after"])).toBeGreaterThan(0);
    expect(JSON.parse(chat.body)).toMatchObject({
      error: { code: "over_limit", message: expect.stringMatching(/used up/) },
    });
    expect(JSON.parse(messages.body)).toMatchObject({ type: "error", error: { type: "rate_limit_error" } });
  });
  test("a provider's failure gives tokens back, a cancelled budget in money refuses what has no price", async () => {
    const { dir } = storeWithKeys();
    const broken = await openUpstream((_, response) => void response.writeHead(500).end("{}"));
    const config = {
      providers: { main: { url: broken }, other: { url: await answering("yes") } },
      models: {
        good: { targets: [{ provider: "other", model: "gpt-4o" }] },
        bad: { targets: [{ provider: "main", model: "gpt-4o" }], retries: 0 },
      },
      limits: [
        { model: "bad", per: "day", tokens: 1200 },
        { model: "m", per: "day", usd: 1 },
      ],
    };
    const { url } = await openServe({ dir, config });
    const bad = JSON.stringify({ ...JSON.parse(asked), model: "bad" });
    const statuses = [];
    for (let index = 0; index < 4; index += 1) statuses.push((await send(url, bad)).status);
    // Each reserves about 1000 of 1200 tokens: were one kept, the second would be refused with 429.
    expect(statuses).not.toContain(429);
    expect((await send(url, asked)).status).toBe(403);
  });
});

describe("reload", () => {
  test("routing and limits change for calls that begin after; a stream under way ends as it began", async () => {
    const { promise: goOn, resolve: finish } = Promise.withResolvers<void>();
    const { promise: begun, resolve: setBegun } = Promise.withResolvers<void>();
    const first = await openUpstream((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const chunk = (content: string) =>
        `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta: { role: "assistant", content }, finish_reason: null }] })}\n\n`;
      response.write(chunk("old"));
      setBegun();
      goOn.then(
        () => response.end(`${chunk(" end")}data: [DONE]\n\n`),
        () => {},
      );
    });
    const { url, reload } = await openServe({ config: { providers: { main: { url: first } } } });
    const stream = send(url, JSON.stringify({ ...JSON.parse(asked), stream: true }));
    await begun;
    const second = await answering("new");
    const told = await reload({
      providers: { main: { url: second } },
      limits: [{ per: "day", requests: 1 }],
    });
    expect(told).toMatch(/config-reloaded/);
    expect((await send(url, asked)).body).toContain('"new"');
    expect((await send(url, asked)).status).toBe(429);
    finish();
    const { status, body } = await stream;
    expect([status, body.includes("old"), body.includes(" end"), body.endsWith("data: [DONE]\n\n")]).toEqual([
      200,
      true,
      true,
      true,
    ]);
  });
  test("a config that cannot be used changes nothing", async () => {
    const { url, reload } = await openServe({
      config: { providers: { main: { url: await answering("yes") } } },
    });
    const told = await reload({ providers: { main: { keyEnv: "NOT_SET" } } });
    expect(told).toMatch(/reload-failed.*NOT_SET/);
    expect((await send(url, asked)).status).toBe(200);
  });
  test("what needs a restart is named", async () => {
    const { reload, said } = await openServe({});
    await reload({ workers: 2, telemetry: { serviceName: "other" } });
    expect(said.find((line) => line.includes("restart-needed"))).toContain('["workers","telemetry"]');
  });
  test("keys that become required are required at once", async () => {
    const { dir, keys } = storeWithKeys();
    const { url, reload } = await openServe({ dir });
    expect((await get(url, "/metrics")).status).toBe(200);
    await reload({ keysRequired: true });
    expect([
      (await get(url, "/metrics")).status,
      (await get(url, "/metrics", keys["viewer"])).status,
    ]).toEqual([401, 200]);
  });
  test("the config's hash is in the audit trail at each start and reload", async () => {
    const dir = tempFolder();
    const { reload, stop } = await openServe({ dir });
    await reload({ limits: [{ per: "day", requests: 1 }] });
    await stop();
    const applied = auditOf(dir).filter(({ action }) => action === "config-applied");
    expect(applied.length).toBe(2);
    expect(applied[0].detail["config"]).not.toBe(applied[1].detail["config"]);
  });
});
