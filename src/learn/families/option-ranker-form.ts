import { canonicalJson, type Answer, type Json } from "../../core/index.ts";

type Path = readonly (string | number)[];

/** How an option is written as an answer: a sample answer and the place in it where the option's name stands. */
export type AnswerForm = { readonly sample: Answer; readonly path: Path };

/** The names an answer may choose, each with the form it would imply. */
export function formsOf(answer: Answer): { readonly name: string; readonly form: AnswerForm }[] {
  return leavesOf(bodyOf(answer), []).map(({ path, text }) => ({
    name: text,
    form: { sample: answer, path },
  }));
}

/** Equal for answers that differ in nothing but the chosen name. */
export function formKey({ sample, path }: AnswerForm): string {
  return canonicalJson([path, replaceAt(bodyOf(sample), path, "")]);
}

/** The answer that chooses this name. */
export function writeAnswer({ sample, path }: AnswerForm, name: string): Answer {
  // Only a string is replaced by a string, so the shape stays an Answer.
  return replaceAt(bodyOf(sample), path, name) as unknown as Answer;
}

/** An answer as JSON, without the text beside tool calls, which does not count. */
function bodyOf(answer: Answer): Json {
  const { type } = answer;
  if (type === "text") return { type, text: answer.text };
  if (type === "json") return { type, value: answer.value };
  return { type, calls: answer.calls, text: "" };
}

function leavesOf(value: Json, path: Path): { path: Path; text: string }[] {
  if (typeof value === "string") return path.at(0) === "type" ? [] : [{ path, text: value }];
  if (value === null || typeof value !== "object") return [];
  if (Array.isArray(value)) return value.flatMap((inner: Json, place) => leavesOf(inner, [...path, place]));
  return Object.entries(value as { [key: string]: Json }).flatMap(([key, inner]) =>
    leavesOf(inner, [...path, key]),
  );
}

function replaceAt(value: Json, path: Path, text: string): Json {
  const [step, ...rest] = path;
  if (step === undefined) return text;
  if (Array.isArray(value)) {
    return value.map((inner: Json, place) => (place === step ? replaceAt(inner, rest, text) : inner));
  }
  const entries = Object.entries(value as { [key: string]: Json });
  return Object.fromEntries(
    entries.map(([key, inner]) => [key, key === step ? replaceAt(inner, rest, text) : inner]),
  );
}
