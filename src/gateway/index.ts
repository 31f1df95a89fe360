export { estimateTokens, startAccountant, type AccountantWatch } from "./accountant.ts";
export { KEYS_POLL_MS, mayAsk, watchKeys, type KeyWatch } from "./gatekeeper.ts";
export * from "./hooks.ts";
export { KEY_PREFIX, makeKey, parseKey, type NewKey } from "./keys.ts";
export { listenRules, type ListenPlan, type ListenRules } from "./listen-rules.ts";
export { secure, SECURITY_HEADERS } from "./secure-headers.ts";
export { createRecorder, type Recorder } from "./recorder.ts";
export { watchRouting, type Routing, type RoutingWatch } from "./routing.ts";
export { startGateway, type Gateway, type GatewayDeps, type GatewayOptions } from "./server.ts";
