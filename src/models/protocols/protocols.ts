import type { Protocol, ProtocolName } from "../protocol.ts";
import { messages } from "./messages/messages.ts";
import { chat } from "./chat/chat.ts";

/** The protocols, by name. */
export const protocols: ReadonlyMap<ProtocolName, Protocol> = new Map(
  [chat, messages].map((protocol) => [protocol.name, protocol]),
);
