import type { Protocol, ProtocolName } from "../protocol.ts";
import { responses } from "./responses/responses.ts";
import { messages } from "./messages/messages.ts";
import { chat } from "./chat/chat.ts";

/** The protocols, by name. */
export const protocols: ReadonlyMap<ProtocolName, Protocol> = new Map(
  [chat, responses, messages].map((protocol) => [protocol.name, protocol]),
);
