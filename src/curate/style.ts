import { answerOf, textOf, writeJson, type AnswerStyle, type Message } from "../core/index.ts";

const STYLES: readonly AnswerStyle["json"][] = ["compact", "spaced", "indented"];

/** How most of the messages write their JSON down: so will the specialist. Compact and unfenced when there is none. */
export function styleOf(messages: readonly Message[]): AnswerStyle {
  const counts = new Map<AnswerStyle["json"], number>();
  for (const message of messages) {
    const answer = answerOf(message);
    if (answer.type !== "json") continue;
    const text = textOf(message).trim();
    const style = STYLES.find((json) => writeJson(answer.value, { json, fenced: false }) === text);
    if (style !== undefined) counts.set(style, (counts.get(style) ?? 0) + 1);
  }
  const [best] = [...counts].sort((a, b) => b[1] - a[1]);
  // Never fenced: a client that copes with fenced JSON copes with plain JSON, not the other way round.
  return { json: best?.[0] ?? "compact", fenced: false };
}
