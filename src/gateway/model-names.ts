import type { ServerResponse } from "node:http";
import type { Upstreams } from "../models/index.ts";
import { replyJson } from "./reply.ts";

/** `GET /v1/models/{name}` of an alias of ours, which no provider knows. False when it is none. */
export function replyAlias(response: ServerResponse, upstreams: Upstreams, name: string): boolean {
  if (!upstreams.aliases.includes(name)) return false;
  replyJson(response, 200, aliasOf(name));
  return true;
}

/** `GET /v1/models` where the config names the models: the list is ours. */
export function replyAliases(response: ServerResponse, upstreams: Upstreams): void {
  replyJson(response, 200, { object: "list", data: upstreams.aliases.toSorted().map(aliasOf) });
}

const aliasOf = (id: string): object => ({ id, object: "model", created: 0, owned_by: "understudy" });
