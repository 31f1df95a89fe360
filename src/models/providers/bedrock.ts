import { createHash, createHmac } from "node:crypto";
import { HouseError } from "../../core/index.ts";
import type { Account, Outgoing, ProviderFile, UpstreamCall } from "../upstream/types.ts";
import { notServed, pathSegment, settingOf, withAccountHeaders } from "./address.ts";
import { baseOf } from "./openai.ts";

const SERVICE = "bedrock";

/** Keys of Bedrock's own, which go out as they are, begin with these; any other key is an AWS access key. */
const BEARER = /^(ABSK|bedrock-api-key-)/;

/**
 * Amazon Bedrock: Converse and ConverseStream, signed by AWS's own library. The key is a Bedrock API key, or
 * `ACCESS_KEY_ID:SECRET_ACCESS_KEY`, with `:SESSION_TOKEN` for temporary credentials. The client's credentials are never passed on: a
 * signature holds for one host only. `now`: the clock of signatures; the machine's where left out.
 */
export function bedrockProvider(now?: () => Date): ProviderFile {
  return {
    type: "bedrock",
    protocols: ["converse"],
    defaultUrl: null,
    prepare(call, account) {
      const outgoing = unsigned(call, account);
      const { key } = account;
      if (key === null) throw new HouseError("bad-config", `Cannot ask Bedrock without credentials: ${HOW}`);
      if (!BEARER.test(key)) return signed(outgoing, account, now);
      return { ...outgoing, headers: { ...outgoing.headers, authorization: `Bearer ${key}` } };
    },
  };
}

const HOW =
  "set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a variable in keyEnv";

function unsigned(call: UpstreamCall, account: Account): Outgoing {
  if (call.operation !== "generate") throw notServed("bedrock", call);
  const url = account.url ?? `https://bedrock-runtime.${regionOf(account)}.amazonaws.com`;
  const { origin, path } = baseOf(url);
  const target = `/model/${pathSegment(call.model)}/${call.isStream ? "converse-stream" : "converse"}`;
  // Nothing of the client's: what is signed must arrive as it was signed.
  const headers = withAccountHeaders(
    { "content-type": "application/json", "accept-encoding": "identity" },
    account,
  );
  return { origin, method: "POST", path: `${path}${target}`, headers, body: call.body };
}

function regionOf(account: Account): string {
  const region = settingOf(account, "region", "");
  // It becomes a part of the host.
  if (/^[a-z]{2}[a-z0-9-]{3,30}$/.test(region)) return region;
  const what = region === "" ? "without a region" : `in the region "${region}"`;
  throw new HouseError("bad-config", `Cannot ask Bedrock ${what}: set settings.region, like us-east-1`);
}

async function signed(outgoing: Outgoing, account: Account, now?: () => Date): Promise<Outgoing> {
  const [accessKeyId, secretAccessKey, ...token] = (account.key ?? "").split(":");
  if (accessKeyId === "" || secretAccessKey === undefined || secretAccessKey === "")
    throw new HouseError(
      "bad-config",
      `Cannot sign for Bedrock, the key is not ACCESS_KEY_ID:SECRET_ACCESS_KEY: ${HOW}`,
    );
  const sessionToken = token.join(":");
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken === "" ? {} : { sessionToken }) };
  // Loaded with the first call: it takes longer to load than the rest of the room.
  const { HttpRequest } = await import("@smithy/core/protocols");
  const { SignatureV4 } = await import("@smithy/signature-v4");
  const { protocol, hostname, host, port } = new URL(outgoing.origin);
  const request = new HttpRequest({
    protocol,
    hostname,
    ...(port === "" ? {} : { port: Number(port) }),
    method: outgoing.method,
    path: outgoing.path,
    headers: { ...outgoing.headers, host },
    body: outgoing.body,
  });
  const signer = new SignatureV4({
    service: SERVICE,
    region: regionOf(account),
    credentials,
    sha256: Sha256,
  });
  const { headers } = await signer.sign(request, now === undefined ? {} : { signingDate: now() });
  const { host: _, ...rest } = headers;
  return { ...outgoing, headers: rest };
}

/** Node's SHA-256 and HMAC in the form that AWS's library takes. */
class Sha256 {
  readonly #secret: string | ArrayBuffer | ArrayBufferView | undefined;
  #hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#secret = secret;
    this.#hash = this.#fresh();
  }

  update(data: Uint8Array | string): void {
    this.#hash.update(data);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {
    this.#hash = this.#fresh();
  }

  #fresh(): ReturnType<typeof createHash> | ReturnType<typeof createHmac> {
    const secret = this.#secret;
    if (secret === undefined) return createHash("sha256");
    if (typeof secret === "string") return createHmac("sha256", secret);
    const { buffer, byteOffset, byteLength } = ArrayBuffer.isView(secret) ? secret : new Uint8Array(secret);
    return createHmac("sha256", new Uint8Array(buffer, byteOffset, byteLength));
  }
}

/** What AWS's own tools read from the environment: the credentials in the form of a key, and the region. */
export function awsIn(env: { readonly [name: string]: string | undefined }): {
  readonly key: string | null;
  readonly region: string | null;
} {
  const region = env["AWS_REGION"] ?? env["AWS_DEFAULT_REGION"] ?? null;
  const { AWS_BEARER_TOKEN_BEDROCK, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = env;
  if (AWS_BEARER_TOKEN_BEDROCK !== undefined && AWS_BEARER_TOKEN_BEDROCK !== "")
    return { key: AWS_BEARER_TOKEN_BEDROCK, region };
  if (AWS_ACCESS_KEY_ID === undefined || AWS_SECRET_ACCESS_KEY === undefined) return { key: null, region };
  const parts = [AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN ?? ""];
  return { key: parts.join(":").replace(/:$/, ""), region };
}
