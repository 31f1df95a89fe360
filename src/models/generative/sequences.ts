import {
  seededRandom,
  type Answer,
  type Json,
  type TaskInput,
  type TrainingExample,
} from "../../core/index.ts";
import type { Matcher, TrainingSequence } from "../../engine/index.ts";
import type { Base } from "./base.ts";
import { answerText, promptTokens, type AnswerForm } from "./words.ts";

export type Writing = {
  readonly base: Base;
  readonly answerForm: AnswerForm;
  /** Keys in the order in which the grammar, or the input, has them. */
  readonly arrange: (value: Json, input: TaskInput) => Json;
  readonly maxPromptTokens: number;
  /** At the beginning of an answer; null for free text. */
  readonly matcher: Matcher | null;
};

/** What a token is worth that the grammar leaves no choice about: little, since it is never asked for. */
const FORCED_WEIGHT = 0.1;

/** An example as tokens: loss on the answer and its end only, and there on what the grammar leaves open. */
export function sequenceOf({ input, answer }: TrainingExample, writing: Writing): TrainingSequence {
  const { base, answerForm, arrange, maxPromptTokens, matcher } = writing;
  const prompt = promptTokens(input, base.tokenizer, base.marks, maxPromptTokens);
  const written = [
    ...base.tokenizer.encode(answerText(answer, answerForm, (value) => arrange(value, input))),
    base.marks.end,
  ];
  const worth = matcher === null ? written.map(() => 1) : decisionWeights(written, matcher);
  return { ids: [...prompt, ...written], weights: [...prompt.map(() => 0), ...worth] };
}

function decisionWeights(tokens: readonly number[], matcher: Matcher): number[] {
  matcher.reset();
  return tokens.map((token) => {
    const weight = isChoice(matcher.mask()) ? 1 : FORCED_WEIGHT;
    matcher.accept(token);
    return weight;
  });
}

/** Whether more than one token is allowed. */
function isChoice(mask: Int32Array): boolean {
  let isOne = false;
  for (const word of mask) {
    if (word === 0) continue;
    if (isOne || (word & (word - 1)) !== 0) return true;
    isOne = true;
  }
  return false;
}

/**
 * The examples once more with values of other examples in place of their own, where a value stands word for word in the last part of the
 * input: what a slot holds is learnt apart from what it is called. Values are taken from the same place in answers of other examples.
 */
export function swapValues(
  examples: readonly TrainingExample[],
  share: number,
  seed: number,
): TrainingExample[] {
  const random = seededRandom(`swap ${seed}`);
  const pools = valuePools(examples);
  return examples.map((example) => {
    if (random.next() >= share) return example;
    return swapped(example, (path) => {
      const pool = pools.get(path) ?? [];
      return random.next() < 0.5 || pool.length < 2 ? null : pool[random.below(pool.length)];
    });
  });
}

type Leaf = { readonly path: string; readonly value: string };

function valuePools(examples: readonly TrainingExample[]): Map<string, string[]> {
  const pools = new Map<string, string[]>();
  for (const { input, answer } of examples) {
    const text = input.parts.at(-1)?.text ?? "";
    for (const { path, value } of leavesOf(answer)) {
      if (onlyPlace(text, value) === -1) continue;
      pools.set(path, [...(pools.get(path) ?? []), value]);
    }
  }
  return pools;
}

function swapped(example: TrainingExample, draw: (path: string) => string | null): TrainingExample {
  const last = example.input.parts.at(-1);
  if (last === undefined) return example;
  let { text } = last;
  const changes = new Map<string, string>();
  for (const { path, value } of leavesOf(example.answer)) {
    const at = onlyPlace(text, value);
    const other = at === -1 ? null : draw(path);
    // A value twice in the answer, or within another one, would be changed in one place only.
    if (
      other === null ||
      leavesOf(example.answer).some((leaf) => leaf.path !== path && overlaps(leaf.value, value))
    )
      continue;
    text = text.slice(0, at) + other + text.slice(at + value.length);
    changes.set(path, other);
  }
  if (changes.size === 0) return example;
  const parts = [...example.input.parts.slice(0, -1), { role: last.role, text }];
  return { input: { ...example.input, parts }, answer: changedAnswer(example.answer, changes) };
}

const overlaps = (one: string, other: string): boolean => one.includes(other) || other.includes(one);

/** Where a value stands as whole words in a text; −1 when it does not, or more than once. */
function onlyPlace(text: string, value: string): number {
  if (value === "") return -1;
  const at = text.indexOf(value);
  if (at === -1 || text.indexOf(value, at + 1) !== -1) return -1;
  const isWord = (character: string | undefined): boolean =>
    character !== undefined && /[\p{L}\p{N}]/u.test(character);
  return isWord(text[at - 1]) || isWord(text[at + value.length]) ? -1 : at;
}

/** The texts within an answer, by where they stand: tool and keys, list places left out. */
function leavesOf(answer: Answer): Leaf[] {
  switch (answer.type) {
    case "text":
      return [];
    case "json":
      return leavesIn(answer.value, "");
    case "tool-calls":
      return answer.calls.flatMap((call) => leavesIn(call.arguments, call.name));
  }
}

function leavesIn(value: Json, path: string): Leaf[] {
  if (typeof value === "string") return [{ path, value }];
  if (value === null || typeof value !== "object") return [];
  // Lists are left alone: their places have no names of their own.
  if (Array.isArray(value)) return [];
  return Object.entries(value as { [key: string]: Json }).flatMap(([key, inner]) =>
    leavesIn(inner, `${path}.${key}`),
  );
}

function changedAnswer(answer: Answer, changes: ReadonlyMap<string, string>): Answer {
  switch (answer.type) {
    case "text":
      return answer;
    case "json":
      return { type: "json", value: changedValue(answer.value, "", changes) };
    case "tool-calls":
      return {
        ...answer,
        calls: answer.calls.map(({ name, arguments: given }) => ({
          name,
          arguments: changedValue(given, name, changes),
        })),
      };
  }
}

function changedValue(value: Json, path: string, changes: ReadonlyMap<string, string>): Json {
  if (typeof value === "string") return changes.get(path) ?? value;
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  const entries = Object.entries(value as { [key: string]: Json });
  return Object.fromEntries(
    entries.map(([key, inner]) => [key, changedValue(inner, `${path}.${key}`, changes)]),
  );
}

/** The prompt of an input as its model reads it. */
export function promptOf(
  input: TaskInput,
  { base, maxPromptTokens }: Pick<Writing, "base" | "maxPromptTokens">,
): number[] {
  return promptTokens(input, base.tokenizer, base.marks, maxPromptTokens);
}
