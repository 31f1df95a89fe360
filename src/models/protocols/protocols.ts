import type { Protocol, ProtocolName } from "../protocol.ts";
import { chat } from "./chat/chat.ts";

/** The protocols, by name. */
export const protocols: ReadonlyMap<ProtocolName, Protocol> = new Map([["chat", chat]]);
