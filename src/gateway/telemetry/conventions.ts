import type { Operation } from "../../models/index.ts";

/**
 * Names of the OpenTelemetry semantic conventions for generative AI, as of 1.37 (`gen_ai.provider.name` in place of `gen_ai.system`).
 * A test compares them with @opentelemetry/semantic-conventions.
 */
export const SCHEMA_URL = "https://opentelemetry.io/schemas/1.37.0";

export const ATTRIBUTES = {
  operationName: "gen_ai.operation.name",
  providerName: "gen_ai.provider.name",
  requestModel: "gen_ai.request.model",
  responseModel: "gen_ai.response.model",
  conversationId: "gen_ai.conversation.id",
  inputTokens: "gen_ai.usage.input_tokens",
  outputTokens: "gen_ai.usage.output_tokens",
  tokenType: "gen_ai.token.type",
  errorType: "error.type",
  httpStatus: "http.response.status_code",
  serviceName: "service.name",
  serviceVersion: "service.version",
  serviceInstance: "service.instance.id",
} as const;

export const METRICS = {
  clientDuration: "gen_ai.client.operation.duration",
  clientTokens: "gen_ai.client.token.usage",
  serverDuration: "gen_ai.server.request.duration",
  serverFirstToken: "gen_ai.server.time_to_first_token",
} as const;

/** Ours, where the conventions have no name. */
export const OWN_ATTRIBUTES = {
  callId: "understudy.call.id",
  keyId: "understudy.key.id",
  servedBy: "understudy.served_by",
  reason: "understudy.reason",
  taskId: "understudy.task.id",
  score: "understudy.score",
  attempts: "understudy.attempts",
  firstByteS: "understudy.time_to_first_byte",
} as const;

const OPERATIONS: { readonly [operation in Operation]: string } = {
  generate: "chat",
  embeddings: "embeddings",
  completions: "text_completion",
  models: "list_models",
  "count-tokens": "count_tokens",
  moderations: "moderation",
};

export const operationName = (operation: Operation): string => OPERATIONS[operation];

const PROVIDERS: ReadonlyMap<string, string> = new Map([
  ["openai", "openai"],
  ["anthropic", "anthropic"],
  ["azure", "azure.ai.openai"],
  ["gemini", "gcp.gemini"],
  ["bedrock", "aws.bedrock"],
]);

/** The well-known name of a kind of provider; who is asked is told by the model and the name in the config. */
export const providerNameOf = (type: string): string => PROVIDERS.get(type) ?? type;
