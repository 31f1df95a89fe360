import { forwardedHeaders } from "../upstream/headers.ts";
import type { Operation, ProviderFile } from "../upstream/types.ts";

const DEFAULT_URL = "https://api.openai.com/v1";

const PATHS: { readonly [operation in Exclude<Operation, "generate">]: string } = {
  models: "/models",
  embeddings: "/embeddings",
  completions: "/completions",
  moderations: "/moderations",
  "count-tokens": "/messages/count_tokens",
};

const GENERATE: { readonly [protocol: string]: string } = {
  chat: "/chat/completions",
  responses: "/responses",
  messages: "/messages",
};

/** OpenAI and every server that speaks its protocols: vLLM, Ollama, llama.cpp, SGLang, LM Studio, OpenRouter, Groq, Together … */
export const openai: ProviderFile = {
  type: "openai",
  protocols: ["chat", "responses"],
  defaultUrl: DEFAULT_URL,
  prepare(call, account, hasOwnKey) {
    const headers = forwardedHeaders(call.headers, hasOwnKey);
    if (headers["authorization"] === undefined && account.key !== null)
      headers["authorization"] = `Bearer ${account.key}`;
    headers["content-type"] ??= "application/json";
    headers["accept-encoding"] = "identity";
    for (const name in account.headers) headers[name.toLowerCase()] = account.headers[name];
    const { origin, path, query } = baseOf(account.url ?? DEFAULT_URL);
    const ending =
      call.operation === "models" && call.model !== "" ? `/${encodeURIComponent(call.model)}` : "";
    const target = call.operation === "generate" ? GENERATE[call.protocol] : PATHS[call.operation];
    return {
      origin,
      method: call.operation === "models" ? "GET" : "POST",
      path: `${path}${target}${ending}${joinQueries(query, call.query)}`,
      headers,
      body: call.body,
    };
  },
};

type Base = { readonly origin: string; readonly path: string; readonly query: string };

/** The parts of a base URL that was checked when the config was read: `https://api.openai.com`, `/v1` and a query with its `?`. */
export function baseOf(url: string): Base {
  const host = url.indexOf("://") + 3;
  const mark = url.indexOf("?", host);
  const query = mark < 0 ? "" : url.slice(mark);
  const address = mark < 0 ? url : url.slice(0, mark);
  const slash = address.indexOf("/", host);
  if (slash < 0) return { origin: address, path: "", query };
  const end = address.endsWith("/") ? address.length - 1 : address.length;
  return { origin: address.slice(0, slash), path: address.slice(slash, Math.max(slash, end)), query };
}

/** Two queries as one, each empty or with its `?`. */
export function joinQueries(first: string, second: string): string {
  if (first === "") return second;
  return second === "" ? first : `${first}&${second.slice(1)}`;
}
