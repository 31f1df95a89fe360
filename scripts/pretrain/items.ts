import type { Random } from "../../src/core/index.ts";
import type { Situation } from "./values.ts";
import type { Category } from "./lexicon.ts";
import type { Domain } from "./intents.ts";

/** A question and its answer; `isTaught` when the answer follows from what stands before it. */
export type Turn = { readonly prompt: string; readonly answer: string; readonly isTaught: boolean };

/** One document: turns that share a task, or plain text. */
export type Item =
  | { readonly kind: string; readonly turns: readonly Turn[] }
  | { readonly kind: "text"; readonly text: string };

/** What items are made from: all of it for training, the held-out part for measuring. */
export type Pool = {
  readonly domains: readonly Domain[];
  readonly categories: readonly Category[];
};

/** Makes one item of a family. */
export type Family = (situation: Situation, pool: Pool) => Item;

/** An item of one turn. */
export function single(kind: string, prompt: string, answer: string): Item {
  return { kind, turns: [{ prompt, answer, isTaught: true }] };
}

/** Parts of a prompt, one below the other, the text first or last. */
export function arrange(random: Random, instructions: readonly string[], text: string): string {
  const told = instructions.filter((part) => part !== "");
  if (told.length === 0) return text;
  return random.next() < 0.75 ? `${told.join("\n")}\n${text}` : `${text}\n${told.join("\n")}`;
}
