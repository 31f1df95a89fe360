import type { Protocol, ProtocolName } from "../protocol.ts";
import { responses } from "./responses/responses.ts";
import { converse } from "./converse/converse.ts";
import { gemini } from "./gemini/gemini.ts";
import { messages } from "./messages/messages.ts";
import { chat } from "./chat/chat.ts";

/** The protocols, by name. */
export const protocols: ReadonlyMap<ProtocolName, Protocol> = new Map(
  [chat, responses, messages, gemini, converse].map((protocol) => [protocol.name, protocol]),
);
