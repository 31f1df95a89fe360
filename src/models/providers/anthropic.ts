import type { ProviderFile, UpstreamCall } from "../upstream/types.ts";
import { notServed, ownHeader, pathSegment, plainHeaders, withAccountHeaders } from "./address.ts";
import { baseOf, joinQueries } from "./openai.ts";

const DEFAULT_URL = "https://api.anthropic.com/v1";

/** Sent where the client names none; the only one since 2023. */
const VERSION = "2023-06-01";

/** Anthropic, and servers that speak its Messages: the beta headers of a client pass. */
export const anthropic: ProviderFile = {
  type: "anthropic",
  protocols: ["messages"],
  defaultUrl: DEFAULT_URL,
  prepare(call, account, hasOwnKey) {
    const headers = plainHeaders(call);
    headers["anthropic-version"] ??= VERSION;
    const credentials = credentialsOf(call, hasOwnKey);
    if (credentials !== null) headers[credentials.name] = credentials.value;
    else if (account.key !== null) headers["x-api-key"] = account.key;
    const { origin, path, query } = baseOf(account.url ?? DEFAULT_URL);
    return {
      origin,
      method: call.operation === "models" ? "GET" : "POST",
      path: `${path}${targetOf(call)}${joinQueries(query, call.query)}`,
      headers: withAccountHeaders(headers, account),
      body: call.body,
    };
  },
};

function targetOf(call: UpstreamCall): string {
  switch (call.operation) {
    case "generate":
      return "/messages";
    case "count-tokens":
      return "/messages/count_tokens";
    case "models":
      return call.model === "" ? "/models" : `/models/${pathSegment(call.model)}`;
    case "embeddings":
    case "completions":
    case "moderations":
      throw notServed("anthropic", call);
  }
}

// Only a client of Anthropic's own sends a version: a bearer token without one was meant for OpenAI, and must not come here.
function credentialsOf(
  call: UpstreamCall,
  hasOwnKey: boolean,
): { readonly name: string; readonly value: string } | null {
  const key = ownHeader(call, "x-api-key", hasOwnKey);
  if (key !== undefined) return { name: "x-api-key", value: key };
  const bearer = ownHeader(call, "authorization", hasOwnKey);
  const isOfAnthropic = call.headers["anthropic-version"] !== undefined;
  return bearer !== undefined && isOfAnthropic ? { name: "authorization", value: bearer } : null;
}
