import type { Answer, Json } from "../../core/index.ts";

/** The words an answer itself is made of: "card_arrival" says "card arrival". Empty when it has no letters to offer. */
export function answerText(answer: Answer): string {
  const strings =
    answer.type === "text"
      ? [answer.text]
      : answer.type === "json"
        ? leaves(answer.value)
        : callText(answer.calls);
  return strings.map(splitName).join(" ").trim();
}

/** A name as words: snake, kebab and camel case taken apart. */
export function splitName(name: string): string {
  return name
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, "$1 $2")
    .replace(/[_\-/.?]+/g, " ")
    .trim();
}

const callText = (calls: readonly { readonly name: string; readonly arguments: Json }[]): string[] =>
  calls.flatMap((call) => [call.name, ...leaves(call.arguments)]);

function leaves(value: Json): string[] {
  if (typeof value === "string") return [value];
  if (value === null || typeof value !== "object") return [];
  return Object.values(value).flatMap((inner: Json) => leaves(inner));
}
