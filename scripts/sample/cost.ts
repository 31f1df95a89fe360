import type { ChatRequest, Message, Random } from "../../src/core/index.ts";
import { FOUR, MINI } from "./draft.ts";

// About four characters make a token in English; the roles and separators of a message cost about four more.
const CHARACTERS_PER_TOKEN = 4;
const TOKENS_PER_MESSAGE = 4;

/** Milliseconds to the first token, and for each further one. Invented, in the range hosted models show. */
const SPEED: { readonly [model: string]: readonly [number, number] } = {
  [MINI]: [330, 9],
  [FOUR]: [700, 34],
};
const DEFAULT_SPEED = [480, 15] as const;

export const tokensOf = (text: string): number => Math.ceil(text.length / CHARACTERS_PER_TOKEN);

export function inputTokens(request: ChatRequest): number {
  const messages = request.messages.reduce(
    (sum, message) => sum + messageTokens(message) + TOKENS_PER_MESSAGE,
    3,
  );
  const tools = request.tools === undefined ? 0 : tokensOf(JSON.stringify(request.tools));
  const format =
    request.response_format === undefined ? 0 : tokensOf(JSON.stringify(request.response_format));
  return messages + tools + format;
}

export function messageTokens(message: Message): number {
  const calls = message.tool_calls ?? [];
  const text = typeof message.content === "string" ? message.content : "";
  return (
    tokensOf(text) +
    calls.reduce((sum, { function: made }) => sum + tokensOf(made.name + made.arguments) + 3, 0)
  );
}

/** How long a model took to write so many tokens, with the scatter of a shared service. */
export function latencyMs(model: string, outputTokens: number, random: Random): number {
  const [first, each] = SPEED[model] ?? DEFAULT_SPEED;
  // The sum of uniforms stands in for a normal draw; its exponent makes the long tail upward.
  const normal = random.next() + random.next() + random.next() - 1.5;
  return Math.round((first + each * outputTokens) * Math.exp(0.6 * normal));
}
