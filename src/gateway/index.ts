export { createRecorder, type Recorder } from "./recorder.ts";
export { watchRouting, type Routing, type RoutingWatch } from "./routing.ts";
export { startGateway, type Gateway, type GatewayDeps, type GatewayOptions } from "./server.ts";
