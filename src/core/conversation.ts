import { hash } from "node:crypto";
import type { ChatRequest } from "./call.ts";

/**
 * The session of a request that names none. The turns of one conversation begin alike: with the same user, system text and first message. Two
 * conversations that begin alike become one session; the proof is then on fewer sessions, never on more than there are.
 */
export function conversationOf({ messages, user }: ChatRequest): string {
  const first = messages.findIndex(({ role }) => role === "user");
  const start = JSON.stringify([user, messages.slice(0, first + 1)]);
  return `conversation_${hash("sha256", start, "hex").slice(0, 24)}`;
}
