import { describe, expect, test } from "vitest";
import { HouseError } from "../../core/index.ts";
import type { Account, Operation, Outgoing, UpstreamCall } from "../upstream/types.ts";
import { awsIn, bedrockProvider } from "./bedrock.ts";
import { providerFiles } from "./providers.ts";

const BODY = Buffer.from('{"model":"m"}');
const CLIENT = {
  cookie: "session=secret-cookie",
  host: "gateway.local",
  connection: "keep-alive",
  "x-understudy-session": "s",
  "x-forwarded-for": "10.0.0.1",
  "user-agent": "client/1",
  authorization: "Bearer sk-client",
  "x-api-key": "client-x-key",
  "api-key": "client-azure-key",
  "x-goog-api-key": "client-goog-key",
};
const KEYS: { readonly [type: string]: string } = {
  bedrock: "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
};
const URLS: { readonly [type: string]: string } = { azure: "https://res.openai.azure.com" };

const accountOf = (type: string, more: Partial<Account> = {}): Account => ({
  url: URLS[type] ?? null,
  key: KEYS[type] ?? "house-key",
  settings: { region: "us-east-1" },
  headers: { "X-Own": "1" },
  ...more,
});

const callOf = (type: string, more: Partial<UpstreamCall> = {}): UpstreamCall => ({
  operation: "generate",
  // Each file speaks at least one.
  protocol: providerFiles.get(type)?.protocols[0] ?? "chat",
  model: "some-model",
  isStream: false,
  body: BODY,
  headers: {},
  query: "",
  ...more,
});

async function prepared(
  type: string,
  more: Partial<UpstreamCall> = {},
  account?: Partial<Account>,
  hasOwnKey = true,
): Promise<Outgoing> {
  const file = providerFiles.get(type);
  if (file === undefined) throw new Error(type);
  return file.prepare(callOf(type, more), accountOf(type, account), hasOwnKey);
}

describe.each([...providerFiles.keys()])("every provider: %s", (type) => {
  const protocols = providerFiles.get(type)?.protocols ?? [];

  test("sends each of its protocols to its own host, the body untouched, with the account's headers", async () => {
    for (const protocol of protocols) {
      const outgoing = await prepared(type, { protocol });
      expect(outgoing.body).toBe(BODY);
      expect(outgoing.method).toBe("POST");
      expect(outgoing.path).toMatch(/^\/[^?#\s]+/);
      expect(new URL(outgoing.origin).origin).toBe(outgoing.origin);
      expect(outgoing.headers).toMatchObject({
        "x-own": "1",
        "accept-encoding": "identity",
        "content-type": "application/json",
      });
      for (const name of Object.keys(outgoing.headers)) expect(name).toBe(name.toLowerCase());
    }
  });

  test("passes on no cookie, address, hop or credential of the client where it has a key of ours", async () => {
    const { headers, path } = await prepared(type, { headers: CLIENT });
    const sent = JSON.stringify([headers, path]);
    for (const secret of [
      "secret-cookie",
      "sk-client",
      "client-x-key",
      "client-azure-key",
      "client-goog-key",
      "10.0.0.1",
      "gateway.local",
    ])
      expect(sent).not.toContain(secret);
    expect(
      Object.keys(headers).filter((name) => /^(connection|cookie|host|x-understudy|x-forwarded)/.test(name)),
    ).toEqual([]);
  });

  test("sends the account's key in a header, never in the path", async () => {
    const { headers, path } = await prepared(type);
    const key = KEYS[type]?.split(":")[0] ?? "house-key";
    expect(Object.values(headers).filter((value) => value.includes(key))).toHaveLength(1);
    expect(path).not.toContain(key);
  });

  test("goes where the account says, wherever the request points", async () => {
    const hostile = {
      headers: { host: "evil.example", "x-forwarded-host": "evil.example", origin: "https://evil.example" },
    };
    const names = [
      "https://evil.example/x",
      "//evil.example",
      "a b\r\nhost: evil.example",
      "a?b=c#d",
      "@evil.example",
    ];
    for (const model of names) {
      const outgoing = await prepared(
        type,
        { model, ...hostile },
        { url: "https://inside.example/openai/base" },
      ).catch((error: HouseError) => error.code);
      // Where slashes part a name, an empty part is refused.
      if (outgoing === "bad-input") continue;
      const { origin, path, headers } = outgoing as Outgoing;
      expect(origin).toBe("https://inside.example");
      const url = new URL(path, origin);
      expect(url.origin).toBe("https://inside.example");
      expect(url.pathname.startsWith("/openai/")).toBe(true);
      expect(path).not.toMatch(/[\r\n #]/);
      expect(JSON.stringify(headers)).not.toContain("evil.example");
    }
  });

  test("refuses a name that would lead out of its place in the path, or does not use it there", async () => {
    const usual = await prepared(type);
    for (const model of ["..", ".", "../../admin"]) {
      const outcome = await prepared(type, { model }).then(
        ({ path }) => new URL(path, "http://x").pathname.split("/").length,
        (error: unknown) => (error as HouseError).code,
      );
      expect(["bad-input", new URL(usual.path, "http://x").pathname.split("/").length]).toContain(outcome);
    }
  });

  test("says in one line, without the key, what it does not serve", async () => {
    const operations: readonly Operation[] = [
      "generate",
      "models",
      "embeddings",
      "completions",
      "count-tokens",
      "moderations",
    ];
    for (const operation of operations) {
      const error = await prepared(type, { operation, model: "" }).then(
        () => null,
        (cause: unknown) => cause as Error,
      );
      if (error === null) continue;
      expect(error).toBeInstanceOf(HouseError);
      expect(error.message).toMatch(/^[^\n]+$/);
      expect(`${error.message}${error.stack ?? ""}${JSON.stringify(error)}`).not.toContain(
        KEYS[type] ?? "house-key",
      );
    }
  });
});

const targetOf = async (...args: Parameters<typeof prepared>): Promise<string> => {
  const { origin, path } = await prepared(...args);
  return `${origin}${path}`;
};

describe("anthropic", () => {
  test("has its version, lets the client's version and betas pass, and takes the client's own credentials", async () => {
    expect((await prepared("anthropic")).headers).toMatchObject({
      "anthropic-version": "2023-06-01",
      "x-api-key": "house-key",
    });
    const headers = {
      "anthropic-version": "2024-01-01",
      "anthropic-beta": "a,b",
      authorization: "Bearer oauth",
      "openai-organization": "org",
    };
    const own = await prepared("anthropic", { headers, query: "?beta=true" }, {}, false);
    expect(own.headers).toMatchObject({
      "anthropic-version": "2024-01-01",
      "anthropic-beta": "a,b",
      authorization: "Bearer oauth",
    });
    expect(own.headers).not.toHaveProperty("x-api-key");
    expect(own.headers).not.toHaveProperty("openai-organization");
    expect(`${own.origin}${own.path}`).toBe("https://api.anthropic.com/v1/messages?beta=true");
  });

  test("never takes a bearer token that was meant for OpenAI", async () => {
    const { headers } = await prepared(
      "anthropic",
      { headers: { authorization: "Bearer sk-openai" } },
      {},
      false,
    );
    expect(headers).toMatchObject({ "x-api-key": "house-key" });
    expect(headers).not.toHaveProperty("authorization");
  });

  test("counts tokens and lists models", async () => {
    expect(await targetOf("anthropic", { operation: "count-tokens" })).toBe(
      "https://api.anthropic.com/v1/messages/count_tokens",
    );
    expect(await targetOf("anthropic", { operation: "models", model: "a/b" })).toBe(
      "https://api.anthropic.com/v1/models/a%2Fb",
    );
  });
});

describe("azure", () => {
  test("asks deployments by the model's name, or by the setting, with a version", async () => {
    expect(await targetOf("azure", { model: "gpt 5" })).toBe(
      "https://res.openai.azure.com/openai/deployments/gpt%205/chat/completions?api-version=2024-10-21",
    );
    const settings = { deployment: "prod", apiVersion: "2025-01-01-preview" };
    expect(await targetOf("azure", { operation: "embeddings" }, { settings })).toBe(
      "https://res.openai.azure.com/openai/deployments/prod/embeddings?api-version=2025-01-01-preview",
    );
    expect(await targetOf("azure", { protocol: "responses" })).toBe(
      "https://res.openai.azure.com/openai/responses?api-version=2024-10-21",
    );
  });

  test("knows the v1 path by its URL", async () => {
    const url = "https://res.openai.azure.com/openai/v1/";
    expect(await targetOf("azure", {}, { url })).toBe(
      "https://res.openai.azure.com/openai/v1/chat/completions",
    );
    expect(await targetOf("azure", { protocol: "responses" }, { url })).toBe(
      "https://res.openai.azure.com/openai/v1/responses",
    );
  });

  test("takes a token of Entra's where no key is configured", async () => {
    const call = { headers: { authorization: "Bearer eyJ" } };
    expect((await prepared("azure", call, { key: null }, false)).headers["authorization"]).toBe("Bearer eyJ");
    const withKey = await prepared("azure", call, {}, false);
    expect(withKey.headers).toMatchObject({ "api-key": "house-key" });
    expect(withKey.headers).not.toHaveProperty("authorization");
  });

  test("wants its address", async () => {
    await expect(prepared("azure", {}, { url: null })).rejects.toThrow("without its url");
  });
});

describe("gemini", () => {
  const base = "https://generativelanguage.googleapis.com/v1beta";

  test("asks generateContent, streams as server-sent events, and has the compatible surface for chat", async () => {
    expect(await targetOf("gemini", { model: "gemini-3-pro" })).toBe(
      `${base}/models/gemini-3-pro:generateContent`,
    );
    expect(await targetOf("gemini", { model: "tunedModels/a:b", isStream: true })).toBe(
      `${base}/tunedModels/a%3Ab:streamGenerateContent?alt=sse`,
    );
    const chat = await prepared("gemini", { protocol: "chat" });
    expect(`${chat.origin}${chat.path}`).toBe(`${base}/openai/chat/completions`);
    expect(chat.headers).toMatchObject({ authorization: "Bearer house-key" });
    expect((await prepared("gemini")).headers).toMatchObject({ "x-goog-api-key": "house-key" });
  });

  test("drops a key in the query", async () => {
    expect(await targetOf("gemini", { query: "?key=AIza" })).not.toContain("AIza");
  });
});

describe("bedrock", () => {
  const now = (): Date => new Date("2026-01-02T03:04:05Z");
  const call = callOf("bedrock", { model: "anthropic.claude-3-haiku-20240307-v1:0" });

  test("signs as AWS's own library does, the model escaped in the path", async () => {
    const outgoing = await bedrockProvider(now).prepare(call, accountOf("bedrock", { headers: {} }), true);
    expect(outgoing.origin).toBe("https://bedrock-runtime.us-east-1.amazonaws.com");
    expect(outgoing.path).toBe("/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse");
    expect(outgoing.headers["x-amz-date"]).toBe("20260102T030405Z");
    expect(outgoing.headers["authorization"]).toBe(SIGNED);
    expect(JSON.stringify(outgoing.headers)).not.toContain("wJalrXUtnFEMI");
  });

  test("sends the token of temporary credentials, and a key of Bedrock's own as it is", async () => {
    const temporary = await bedrockProvider(now).prepare(
      call,
      accountOf("bedrock", { key: "ASIA:secret:to:ken" }),
      true,
    );
    expect(temporary.headers["x-amz-security-token"]).toBe("to:ken");
    const bearer = await bedrockProvider(now).prepare(
      { ...call, isStream: true },
      accountOf("bedrock", { key: "ABSKabc" }),
      true,
    );
    expect(bearer.headers["authorization"]).toBe("Bearer ABSKabc");
    expect(bearer.path).toMatch(/\/converse-stream$/);
  });

  test.each([
    [{ key: null }],
    [{ key: "half" }],
    [{ settings: {} }],
    [{ settings: { region: "evil.example/" } }],
  ])("refuses %j without a word of the key", async (account) => {
    const error = await prepared("bedrock", {}, account).then(
      () => null,
      (cause: unknown) => cause as HouseError,
    );
    expect(error?.code).toBe("bad-config");
    expect(error?.message).not.toMatch(/half|wJalr|AKIDEXAMPLE/);
  });

  test("awsIn() reads what AWS's own tools read", () => {
    const env = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b", AWS_REGION: "eu-west-1" };
    expect(awsIn(env)).toEqual({ key: "a:b", region: "eu-west-1" });
    expect(awsIn({ ...env, AWS_SESSION_TOKEN: "c" }).key).toBe("a:b:c");
    expect(awsIn({ ...env, AWS_BEARER_TOKEN_BEDROCK: "ABSK" }).key).toBe("ABSK");
    expect(awsIn({})).toEqual({ key: null, region: null });
  });
});

// What botocore 1.43.11 (SigV4Auth) signs for the same request, credentials and time.
const SIGNED =
  "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/bedrock/aws4_request, " +
  "SignedHeaders=accept-encoding;content-type;host;x-amz-content-sha256;x-amz-date, " +
  "Signature=3f512764cc01c8882d4d7668e8114401de2e66642738e7ba05c46f0f988473a9";
