import type { Upstreams } from "../models/index.ts";
import { replyJson } from "./reply.ts";
import type { Answer } from "./exchange.ts";

/** `GET /v1/models/{name}` of an alias of ours, which no provider knows. False when it is none. */
export function replyAlias(response: Answer, upstreams: Upstreams, name: string): boolean {
  if (!upstreams.aliases.includes(name)) return false;
  replyJson(response, 200, aliasOf(name));
  return true;
}

/** `GET /v1/models` where the config names the models: the list is ours. */
export function replyAliases(response: Answer, upstreams: Upstreams): void {
  replyJson(response, 200, { object: "list", data: upstreams.aliases.toSorted().map(aliasOf) });
}

const aliasOf = (id: string): object => ({ id, object: "model", created: 0, owned_by: "understudy" });
