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

/** The session of one request. Its id is made when it is first asked for: mostly nobody does, and the digest is then made off the serving thread. */
export class Session {
  /** Null when the request names none. */
  readonly named: string | null;
  readonly #request: ChatRequest;
  #id: string | null;

  constructor(named: string | null, request: ChatRequest) {
    this.named = named;
    this.#request = request;
    this.#id = named;
  }

  /** The name, or else the conversation. */
  get id(): string {
    return (this.#id ??= conversationOf(this.#request));
  }
}
