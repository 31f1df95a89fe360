import type { TaskInput } from "../../core/index.ts";
import { tokenize, type Token } from "../tagger/tokens.ts";
import type { Source } from "../tagger/observe.ts";

/** Where a part stands: its role and how many parts of that role come after it. The last user part is `user-0`. */
export type PartKey = string;

/** A source with its text, so that spans can be cut from it. */
export type TextSource = Source & {
  readonly text: string;
  /** True when the front was cut off: what stood there was not searched. */
  readonly isCut: boolean;
  /** First token of each part that is searched; no segment runs across one. */
  readonly begins: readonly number[];
  /** Parts searched, in reading order, with the tokens they hold. */
  readonly parts: readonly {
    readonly key: PartKey;
    readonly start: number;
    readonly end: number;
    readonly text: string;
  }[];
};

// Inputs beyond this are cut at the front: time and memory of a chain grow with its length.
export const MAX_TOKENS = 600;
// The last words of a question decide what it asks for.
const MAX_CONTEXT_WORDS = 24;

/** Keys of the parts of an input, in order. */
export function partKeys(input: TaskInput): PartKey[] {
  const after = new Map<string, number>();
  const keys: PartKey[] = [];
  for (let index = input.parts.length - 1; index >= 0; index -= 1) {
    const { role } = input.parts[index];
    const count = after.get(role) ?? 0;
    after.set(role, count + 1);
    keys.unshift(`${role}-${count}`);
  }
  return keys;
}

/** Reads an input: parts whose key is in `keys` are searched for values, the last other part is context. */
export function sourceOf(input: TaskInput, keys: readonly PartKey[]): TextSource {
  const all = partKeys(input);
  const found = input.parts.map((part, index) => ({ key: all[index], text: part.text }));
  const searched = found.filter((part) => keys.includes(part.key));
  const tokens: Token[] = [];
  const partOf: number[] = [];
  const begins: number[] = [];
  const parts: { key: PartKey; start: number; end: number; text: string }[] = [];
  let text = "";
  for (const part of searched) {
    if (text !== "") text += "\n";
    const offset = text.length;
    text += part.text;
    const start = tokens.length;
    begins.push(start);
    for (const token of tokenize(part.text)) {
      tokens.push({ text: token.text, start: token.start + offset, end: token.end + offset });
      partOf.push(keys.indexOf(part.key) + 1);
    }
    parts.push({ key: part.key, start, end: tokens.length, text: part.text });
  }
  return { ...cut({ tokens, partOf, begins, parts }), text, context: contextOf(found, keys) };
}

type Draft = {
  readonly tokens: Token[];
  readonly partOf: number[];
  readonly begins: number[];
  readonly parts: { key: PartKey; start: number; end: number; text: string }[];
};

function cut(draft: Draft): Omit<TextSource, "text" | "context"> {
  const drop = Math.max(0, draft.tokens.length - MAX_TOKENS);
  const tokens = draft.tokens.slice(drop);
  const glued = Uint8Array.from(tokens, (token, at) =>
    at > 0 && tokens[at - 1].end === token.start ? 1 : 0,
  );
  return {
    tokens,
    isCut: drop > 0,
    partOf: Uint8Array.from(draft.partOf.slice(drop)),
    glued,
    begins: draft.begins.map((begin) => Math.max(0, begin - drop)),
    parts: draft.parts.map((part) => ({
      ...part,
      start: Math.max(0, part.start - drop),
      end: Math.max(0, part.end - drop),
    })),
  };
}

function contextOf(found: readonly { key: PartKey; text: string }[], keys: readonly PartKey[]): string[] {
  const others = found.filter((part) => !keys.includes(part.key) && !part.key.startsWith("system"));
  const last = others.at(-1);
  if (last === undefined) return [];
  return tokenize(last.text)
    .map((token) => token.text.toLowerCase())
    .slice(-MAX_CONTEXT_WORDS);
}

/** Text of tokens start to end, end exclusive. */
export function cutText(source: TextSource, start: number, end: number): string {
  return source.text.slice(source.tokens[start].start, source.tokens[end - 1].end);
}
