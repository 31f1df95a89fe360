import type { Random } from "../../src/core/index.ts";
import { chance, pick } from "./draw.ts";

/** A pattern of utterances: text, slots, alternatives `(a|b)`, optional parts `[a]`, shared parts `@name`. */
export type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "slot"; readonly key: string; readonly concept: string }
  | { readonly kind: "choice"; readonly options: readonly Node[] }
  | { readonly kind: "optional"; readonly inner: Node }
  | { readonly kind: "sequence"; readonly parts: readonly Node[] };

/** A stretch of an utterance: carrier text, or the place of a slot's value. */
export type Stretch = string | { readonly key: string; readonly concept: string };

/** Compiles a pattern. A slot is `{concept}` or `{key:concept}`; a shared part must be in `shared`. */
export function compile(pattern: string, shared: ReadonlyMap<string, Node>): Node {
  const reader = { text: pattern, at: 0 };
  const node = readChoice(reader, shared);
  if (reader.at !== pattern.length)
    throw new RangeError(`pattern "${pattern}" has a stray "${pattern[reader.at]}"`);
  return node;
}

/** One utterance of a pattern. Spaces that optional parts leave double are made single by the caller. */
export function expand(node: Node, random: Random, out: Stretch[] = []): Stretch[] {
  switch (node.kind) {
    case "text":
      out.push(node.text);
      return out;
    case "slot":
      out.push({ key: node.key, concept: node.concept });
      return out;
    case "choice":
      return expand(pick(random, node.options), random, out);
    case "optional":
      return chance(random, 0.5) ? expand(node.inner, random, out) : out;
    case "sequence":
      for (const part of node.parts) expand(part, random, out);
      return out;
  }
}

/** Every slot a pattern can hold, in order of appearance. */
export function slotsOf(node: Node, out = new Map<string, string>()): Map<string, string> {
  if (node.kind === "slot" && !out.has(node.key)) out.set(node.key, node.concept);
  if (node.kind === "choice") for (const option of node.options) slotsOf(option, out);
  if (node.kind === "optional") slotsOf(node.inner, out);
  if (node.kind === "sequence") for (const part of node.parts) slotsOf(part, out);
  return out;
}

type Reader = { readonly text: string; at: number };

function readChoice(reader: Reader, shared: ReadonlyMap<string, Node>): Node {
  const options = [readSequence(reader, shared)];
  while (reader.text[reader.at] === "|") {
    reader.at += 1;
    options.push(readSequence(reader, shared));
  }
  return options.length === 1 ? options[0] : { kind: "choice", options };
}

function readSequence(reader: Reader, shared: ReadonlyMap<string, Node>): Node {
  const parts: Node[] = [];
  while (reader.at < reader.text.length && !"|)]".includes(reader.text[reader.at]))
    parts.push(readPart(reader, shared));
  return parts.length === 1 ? parts[0] : { kind: "sequence", parts };
}

function readPart(reader: Reader, shared: ReadonlyMap<string, Node>): Node {
  const start = reader.text[reader.at];
  if (start === "(" || start === "[") {
    reader.at += 1;
    const inner = readChoice(reader, shared);
    if (reader.text[reader.at] !== (start === "(" ? ")" : "]"))
      throw new RangeError(`pattern "${reader.text}" does not close its "${start}"`);
    reader.at += 1;
    return start === "(" ? inner : { kind: "optional", inner };
  }
  const [match, slot, name] = /^(?:\{([^}]+)\}|@(\w+)|[^()[\]|{@]+)/.exec(reader.text.slice(reader.at)) ?? [
    "",
  ];
  if (match === "") throw new RangeError(`pattern "${reader.text}" cannot be read at ${reader.at}`);
  reader.at += match.length;
  if (name !== undefined) {
    const node = shared.get(name);
    if (node === undefined) throw new RangeError(`pattern "${reader.text}" has no shared part "@${name}"`);
    return node;
  }
  if (slot === undefined) return { kind: "text", text: match };
  const [key, concept = key] = slot.split(":");
  return { kind: "slot", key, concept };
}
