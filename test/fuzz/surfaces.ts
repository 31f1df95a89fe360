/** What is asked of a public endpoint, and how its answers are told: the protocol in which errors must come. */
export type Endpoint = {
  readonly method: string;
  readonly path: string;
  readonly errors: "openai" | "anthropic";
  /** Answers are a model's: plain or a stream. */
  readonly isGenerate: boolean;
};

const endpoint = (
  method: string,
  path: string,
  errors: Endpoint["errors"] = "openai",
  isGenerate = false,
): Endpoint => ({
  method,
  path,
  errors,
  isGenerate,
});

/** Every public endpoint of the gateway. */
export const ENDPOINTS: readonly Endpoint[] = [
  endpoint("POST", "/v1/chat/completions", "openai", true),
  endpoint("POST", "/v1/responses", "openai", true),
  endpoint("POST", "/v1/messages", "anthropic", true),
  endpoint("POST", "/v1/messages/count_tokens", "anthropic"),
  endpoint("POST", "/v1/embeddings"),
  endpoint("POST", "/v1/completions"),
  endpoint("POST", "/v1/moderations"),
  endpoint("GET", "/v1/models"),
  endpoint("GET", "/v1/models/m"),
  endpoint("GET", "/healthz"),
  endpoint("GET", "/readyz"),
  endpoint("GET", "/metrics"),
  endpoint("GET", "/understudy/v1/report"),
  endpoint("GET", "/understudy/v1/calls/call_1"),
  endpoint("POST", "/understudy/v1/reload"),
  endpoint("POST", "/understudy/v1/drain"),
];

export const GENERATE = ENDPOINTS.filter(({ isGenerate }) => isGenerate);

/** The endpoint of a path as it was sent; errors of no endpoint come in OpenAI's form. */
export function endpointAt(path: string): Endpoint {
  const bare = path.split("?", 1)[0];
  return ENDPOINTS.find((one) => one.path === bare) ?? endpoint("GET", path);
}
