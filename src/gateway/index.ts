export { createAdmin, type Admin, type AdminDeps } from "./admin.ts";
export { createReadiness, type Probe } from "./health.ts";
export { watchErasures } from "./erasures.ts";
export { expiryOf, readTls, watchTls, type TlsWatch } from "./tls.ts";
export { startAccountant, type AccountantWatch } from "./accountant.ts";
export { KEYS_POLL_MS, mayAsk, watchKeys, type KeyWatch } from "./gatekeeper.ts";
export * from "./hooks.ts";
export { KEY_PREFIX, makeKey, parseKey, type NewKey } from "./keys.ts";
export { listenRules, type ListenPlan, type ListenRules } from "./listen-rules.ts";
export { SECURITY_HEADERS } from "./secure-headers.ts";
export { createAnswerCache, type AnswerCacheOptions } from "./answer-cache.ts";
export { watchRouting, type Routing, type RoutingWatch } from "./routing.ts";
export {
  startGateway,
  type Gateway,
  type GatewayDeps,
  type GatewayOptions,
  type Replaceable,
} from "./server.ts";
export { providerNameOf } from "./telemetry/conventions.ts";
export { startTelemetry, type Telemetry } from "./telemetry/otlp-exporter.ts";
export { createMetrics, exposition, type Family, type Gauge, type Metrics } from "./telemetry/prometheus.ts";
export { createTally, type Tally } from "./telemetry/tally.ts";
