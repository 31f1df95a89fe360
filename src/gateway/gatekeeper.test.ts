import { randomBytes } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { silentLog } from "../core/index.ts";
import { openStore, type Store } from "../store/index.ts";
import { mayAsk, watchKeys, type KeyWatch } from "./gatekeeper.ts";
import type { Caller, Role } from "./hooks.ts";
import { makeKey, parseKey } from "./keys.ts";
import { listenRules } from "./listen-rules.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

type Opened = { store: Store; watch: KeyWatch; setNow: (ms: number) => void };

function open(isRequired: boolean): Opened {
  let now = Date.UTC(2026, 0, 1, 10, 30);
  const store = openStore({ dir: ":memory:", nowMs: () => now });
  const watch = watchKeys(store.accessKeys, { isRequired, nowMs: () => now, log: silentLog, pollMs: 1e6 });
  closing.push(() => {
    watch.close();
    store.close();
  });
  return { store, watch, setNow: (ms) => (now = ms) };
}

type Of = { role?: Role; models?: readonly string[] | null; expiresAt?: string | null };

function add({ store, watch }: Opened, { role = "ingest", models = null, expiresAt = null }: Of = {}) {
  const { id, key, secretHash } = makeKey(randomBytes);
  store.accessKeys.add({
    id,
    secretHash,
    name: "n",
    role,
    models,
    madeAt: "2026",
    expiresAt,
    replaces: null,
  });
  watch.reload();
  return { id, key };
}

const bearer = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

describe("admit()", () => {
  test("a key is read from where every official client puts it", () => {
    const opened = open(true);
    const { id, key } = add(opened);
    const headers = [
      { authorization: `Bearer ${key}` },
      { authorization: `bearer  ${key}` },
      { "x-api-key": key },
      { "api-key": key },
      { "x-goog-api-key": key },
      { authorization: "Bearer of-a-proxy", "x-api-key": key },
    ];
    const seen = headers.map((one) => opened.watch.gatekeeper.admit({ headers: one }, "ingest"));
    expect(seen).toEqual(headers.map(() => ({ keyId: id, role: "ingest", models: null, hasKey: true })));
  });
  test.each([
    ["none", {}],
    ["the provider's own", { authorization: "Bearer sk-abc" }],
    ["an empty one", { authorization: "Bearer " }],
    ["a wrong length", { authorization: "Bearer usk_abc_def" }],
  ])("where keys are required, %s is refused with 401", (_, headers) => {
    const { gatekeeper } = open(true).watch;
    expect(gatekeeper.admit({ headers }, "ingest")).toMatchObject({ code: "unauthenticated" });
  });
  test("a wrong secret, an unknown id, an expired and a revoked key are refused with one and the same text", () => {
    const opened = open(false);
    const good = add(opened);
    const revoked = add(opened);
    const expired = add(opened, { expiresAt: "2026-01-01T00:00:00.000Z" });
    opened.store.accessKeys.change(revoked.id, { revokedAt: "2026" });
    opened.watch.reload();
    const wrong = `${good.key.slice(0, -1)}${good.key.endsWith("a") ? "b" : "a"}`;
    const unknown = makeKey(randomBytes).key;
    const said = [wrong, unknown, revoked.key, expired.key].map((key) =>
      opened.watch.gatekeeper.admit(bearer(key), "ingest"),
    );
    expect(new Set(said.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(said[0]).toMatchObject({ code: "unauthenticated" });
  });
  test("refusals do not repeat the key", () => {
    const opened = open(true);
    const { key } = add(opened);
    const { secret } = parseKey(key)!;
    const said = [bearer(key.replace("usk_", "usx_")), bearer(`${key}x`), bearer(key)].map((request) =>
      JSON.stringify(opened.watch.gatekeeper.admit(request, "owner")),
    );
    expect(said.filter((text) => text.includes(secret))).toEqual([]);
  });
  test("each role may what the ones before it may, and no more", () => {
    const opened = open(true);
    const roles = ["ingest", "viewer", "curator", "operator", "owner"] as const;
    const allowed = roles.map((role) => {
      const { key } = add(opened, { role });
      return roles.map((needs) => ("keyId" in opened.watch.gatekeeper.admit(bearer(key), needs) ? 1 : 0));
    });
    expect(allowed).toEqual([
      [1, 0, 0, 0, 0],
      [1, 1, 0, 0, 0],
      [1, 1, 1, 0, 0],
      [1, 1, 1, 1, 0],
      [1, 1, 1, 1, 1],
    ]);
  });
  test("without a key, where none is required, calls and figures are open; content and change are not", () => {
    const { gatekeeper } = open(false).watch;
    expect(gatekeeper.admit({ headers: { authorization: "Bearer sk-x" } }, "ingest")).toMatchObject({
      hasKey: false,
    });
    expect(gatekeeper.admit({ headers: {} }, "viewer")).toMatchObject({ keyId: "anonymous" });
    expect(gatekeeper.admit({ headers: {} }, "curator")).toMatchObject({ code: "forbidden" });
    expect(gatekeeper.admit({ headers: {} }, "owner")).toMatchObject({ code: "forbidden" });
  });
  test("a key lets in until it expires, to the millisecond", () => {
    const opened = open(true);
    const { key } = add(opened, { expiresAt: "2026-02-01T00:00:00.000Z" });
    const { gatekeeper } = opened.watch;
    opened.setNow(Date.UTC(2026, 1, 1) - 1);
    expect(gatekeeper.admit(bearer(key), "ingest")).toMatchObject({ hasKey: true });
    opened.setNow(Date.UTC(2026, 1, 1));
    expect(gatekeeper.admit(bearer(key), "ingest")).toMatchObject({ code: "unauthenticated" });
  });
  test("the last use is noted by the hour", () => {
    const opened = open(true);
    const { key } = add(opened);
    opened.watch.gatekeeper.admit(bearer(key), "ingest");
    opened.watch.reload();
    expect(opened.store.accessKeys.all().keys[0].lastUsedAt).toBe("2026-01-01T10:00:00.000Z");
  });
});

test("mayAsk() allows the models of a key, by name or beginning", () => {
  const caller: Caller = { keyId: "k", role: "ingest", models: ["gpt-4o", "claude-*"], hasKey: true };
  const asked = ["gpt-4o", "claude-haiku-4-5", "gpt-4o-mini", "o1"].map(
    (model) => mayAsk(caller, model)?.code ?? "ok",
  );
  expect(asked).toEqual(["ok", "ok", "forbidden", "forbidden"]);
});

test("makeKey() makes keys that parseKey() reads, all of one length, over the whole alphabet", () => {
  const keys = Array.from({ length: 200 }, () => makeKey(randomBytes));
  expect(keys.filter(({ key, id }) => parseKey(key)?.id !== id)).toEqual([]);
  expect(new Set(keys.map(({ key }) => key.length))).toEqual(new Set([69]));
  expect(new Set(keys.flatMap(({ key }) => parseKey(key)!.secret.split(""))).size).toBe(32);
});

describe("listenRules()", () => {
  const plan = { host: "127.0.0.1", hasTls: false, keysRequired: false, liveKeys: 0 };
  test("loopback needs no keys", () =>
    expect(listenRules(plan)).toEqual({ keysRequired: false, warning: null }));
  test.each(["0.0.0.0", "::", "192.168.1.5", "example.com"])(
    "%s is refused while there are no keys",
    (host) =>
      expect(() => listenRules({ ...plan, host })).toThrow(expect.objectContaining({ code: "bad-config" })),
  );
  test("elsewhere keys are required whatever the config says, and TLS is missed aloud", () => {
    const open = listenRules({ ...plan, host: "0.0.0.0", liveKeys: 1 });
    expect(open.keysRequired).toBe(true);
    expect(open.warning).toMatch(/without TLS/);
    expect(listenRules({ ...plan, host: "0.0.0.0", liveKeys: 1, hasTls: true }).warning).toBeNull();
  });
  test("keysRequired without keys would lock everyone out: refused", () =>
    expect(() => listenRules({ ...plan, keysRequired: true })).toThrow(/keys create/));
});
