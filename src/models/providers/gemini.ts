import type { ProviderFile, UpstreamCall } from "../upstream/types.ts";
import { notServed, ownHeader, pathOf, plainHeaders, withAccountHeaders } from "./address.ts";
import { baseOf } from "./openai.ts";

const DEFAULT_URL = "https://generativelanguage.googleapis.com/v1beta";

/** Google Gemini: generateContent, and its OpenAI-compatible surface for clients of that. Keys go in headers, never in the query. */
export const gemini: ProviderFile = {
  type: "gemini",
  protocols: ["gemini", "chat"],
  defaultUrl: DEFAULT_URL,
  prepare(call, account, hasOwnKey) {
    const headers = plainHeaders(call);
    const isNative = call.operation === "generate" && call.protocol === "gemini";
    const key = ownHeader(call, "x-goog-api-key", hasOwnKey) ?? account.key;
    const bearer = ownHeader(call, "authorization", hasOwnKey);
    if (isNative && key !== null) headers["x-goog-api-key"] = key;
    else if (key !== null) headers["authorization"] = `Bearer ${key}`;
    // Without a key of ours the client's token is Google's, whichever way it is asked.
    else if (bearer !== undefined) headers["authorization"] = bearer;
    const { origin, path } = baseOf(account.url ?? DEFAULT_URL);
    return {
      origin,
      method: call.operation === "models" ? "GET" : "POST",
      path: `${path}${isNative ? nativeTarget(call) : `/openai${compatibleTarget(call)}`}`,
      headers: withAccountHeaders(headers, account),
      body: call.body,
    };
  },
};

function nativeTarget({ model, isStream }: UpstreamCall): string {
  const name = pathOf(model.includes("/") ? model : `models/${model}`);
  return isStream ? `/${name}:streamGenerateContent?alt=sse` : `/${name}:generateContent`;
}

function compatibleTarget(call: UpstreamCall): string {
  switch (call.operation) {
    case "generate":
      return "/chat/completions";
    case "embeddings":
      return "/embeddings";
    case "models":
      return call.model === "" ? "/models" : `/models/${pathOf(call.model)}`;
    case "completions":
    case "count-tokens":
    case "moderations":
      throw notServed("gemini", call);
  }
}
