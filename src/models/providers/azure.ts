import { HouseError } from "../../core/index.ts";
import type { Account, ProviderFile, UpstreamCall } from "../upstream/types.ts";
import { notServed, ownHeader, pathSegment, plainHeaders, settingOf, withAccountHeaders } from "./address.ts";
import { baseOf } from "./openai.ts";

/** The last dated version that is generally available; the v1 path needs none. */
const API_VERSION = "2024-10-21";

/**
 * Azure OpenAI. A URL that ends in `/openai/v1` is the v1 API, where the model stands in the body; any other is the resource, and calls go
 * to a deployment: the setting `deployment`, else the model's name.
 */
export const azure: ProviderFile = {
  type: "azure",
  protocols: ["chat", "responses"],
  defaultUrl: null,
  prepare(call, account, hasOwnKey) {
    const headers = plainHeaders(call);
    const key = ownHeader(call, "api-key", hasOwnKey);
    // A bearer token is one of Entra's, unless a key is configured: then it was meant for someone else.
    const bearer = account.key === null ? ownHeader(call, "authorization", hasOwnKey) : undefined;
    if (key !== undefined || account.key !== null) headers["api-key"] = key ?? account.key ?? "";
    else if (bearer !== undefined) headers["authorization"] = bearer;
    return {
      ...addressOf(call, account),
      method: call.operation === "models" ? "GET" : "POST",
      headers: withAccountHeaders(headers, account),
      body: call.body,
    };
  },
};

function addressOf(call: UpstreamCall, account: Account): { readonly origin: string; readonly path: string } {
  if (account.url === null) {
    const what =
      'Cannot ask a provider of type "azure" without its url: https://RESOURCE.openai.azure.com/openai/v1';
    throw new HouseError("bad-config", what);
  }
  const { origin, path } = baseOf(account.url);
  const isV1 = path.endsWith("/openai/v1");
  const version = settingOf(account, "apiVersion", isV1 ? "" : API_VERSION);
  const query = version === "" ? "" : `?api-version=${encodeURIComponent(version)}`;
  if (isV1) return { origin, path: `${path}${targetOf(call)}${query}` };
  const base = `${path.replace(/\/openai$/, "")}/openai`;
  // These name the model in the body, or none.
  const isOfResource =
    call.operation === "models" || (call.operation === "generate" && call.protocol === "responses");
  if (isOfResource) return { origin, path: `${base}${targetOf(call)}${query}` };
  const deployment = pathSegment(settingOf(account, "deployment", call.model));
  return { origin, path: `${base}/deployments/${deployment}${targetOf(call)}${query}` };
}

function targetOf(call: UpstreamCall): string {
  switch (call.operation) {
    case "generate":
      return call.protocol === "responses" ? "/responses" : "/chat/completions";
    case "embeddings":
      return "/embeddings";
    case "completions":
      return "/completions";
    case "models":
      return call.model === "" ? "/models" : `/models/${pathSegment(call.model)}`;
    case "count-tokens":
    case "moderations":
      throw notServed("azure", call);
  }
}
