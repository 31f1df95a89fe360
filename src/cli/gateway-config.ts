import { z } from "zod";
import { providerFiles } from "../models/index.ts";

/**
 * The part of the config file that is about serving. Secrets are never in it, only the names of variables (`…Env`) or of
 * files (`…File`) that hold them.
 */

const name = z.string().min(1).max(200);
const seconds = z.number().positive();
const count = z.int().positive();

const timeouts = z.strictObject({
  connectMs: count.optional(),
  firstByteMs: count.optional(),
  idleMs: count.optional(),
  totalMs: count.optional(),
});

/** Where models are served: the type names the provider file; the rest is the account. */
export const providerForm = z.strictObject({
  type: z
    .string()
    .refine((type) => providerFiles.has(type), {
      error: () => `expected one of ${[...providerFiles.keys()].join(", ")}`,
    })
    .default("openai"),
  /** Base URL with the version; the provider's own when left out. */
  url: z.url().optional(),
  /** Variables that hold keys: with several, calls move to the next when one is refused or rate-limited. */
  keyEnv: z.union([name, z.array(name).min(1)]).optional(),
  keyFile: name.optional(),
  /** `region`, `apiVersion`, `deployment`, … as the provider file names them. */
  settings: z.record(name, z.string()).default({}),
  headers: z.record(name, z.string()).default({}),
  timeouts: timeouts.default({}),
});

/** A name that clients may ask for, and who answers to it, in order: the next when one fails before its answer begins. */
export const modelForm = z.strictObject({
  targets: z.array(z.strictObject({ provider: name, model: name.optional() })).min(1),
  /** Further attempts on one target before the next. */
  retries: z.int().min(0).max(10).default(1),
});

export const limitForm = z.strictObject({
  /** Each field left out means all; `each` counts every key, task or model for itself. */
  key: name.optional(),
  task: name.optional(),
  model: name.optional(),
  each: z.enum(["key", "task", "model"]).optional(),
  per: z.enum(["minute", "hour", "day", "month"]),
  requests: count.optional(),
  tokens: count.optional(),
  usd: z.number().positive().optional(),
});

export const cacheForm = z.strictObject({ task: name, ttlS: seconds });

export const recordingForm = z.strictObject({
  mode: z.enum(["durable", "intent", "async"]).default("durable"),
  /** When a call cannot be recorded: refuse its answer, or serve it and count the loss. */
  onFailure: z.enum(["refuse", "serve"]).default("refuse"),
  /** Days that recorded calls are kept; for ever when left out. */
  keepDays: count.optional(),
});

export const tlsForm = z.strictObject({ certFile: name, keyFile: name });

export const telemetryForm = z.strictObject({
  /** OTLP over HTTP: `http://127.0.0.1:4318`. */
  otlpUrl: z.url().optional(),
  /** Variable that holds headers, `name=value,name=value`. */
  otlpHeadersEnv: name.optional(),
  serviceName: name.default("understudy"),
});

/** Fields of the config file that `serve` reads beside host, port and upstream. */
export const gatewayFields = {
  providers: z.record(name, providerForm).default({}),
  models: z.record(name, modelForm).default({}),
  /** Provider for models that `models` does not name; the first one when left out. */
  defaultProvider: name.optional(),
  /** Whether callers need a key of ours. Always when listening on more than loopback. */
  keysRequired: z.boolean().default(false),
  limits: z.array(limitForm).default([]),
  cache: z.array(cacheForm).default([]),
  recording: recordingForm.prefault({}),
  tls: tlsForm.optional(),
  telemetry: telemetryForm.prefault({}),
  /** Processes that serve, one per core. */
  workers: count.max(64).default(1),
} as const;

export const gatewayForm = z.strictObject(gatewayFields);

/** Everything about serving, defaults filled in. */
export type GatewayConfig = z.infer<typeof gatewayForm>;
