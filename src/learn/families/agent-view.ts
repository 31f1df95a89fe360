import { canonicalJson, hash32, type Json, type TaskInput } from "../../core/index.ts";
import type { Anchor } from "./agent-moments.ts";
import { passagesOf, type Passage } from "./agent-passages.ts";
import { readState, type AgentState, type Leaf } from "./agent-state.ts";

/** A leaf with the happening it is from. */
export type Found = Leaf & {
  readonly from: "result" | "call";
  readonly tool: string;
  /** How many results, or calls, came after it. */
  readonly ago: number;
  /** Tells lists of different happenings apart. */
  readonly happening: number;
  readonly canonical: string;
};

/** All that decisions about one request look at. Made once per request. */
export type AgentView = {
  readonly state: AgentState;
  readonly passages: readonly Passage[];
  readonly found: readonly Found[];
  /** Arguments of earlier calls by tool and name, in order, as canonical JSON. */
  readonly used: ReadonlyMap<string, readonly string[]>;
  readonly context: Uint32Array;
  /** Words of the newest messages: what a choice among known values goes by. */
  readonly words: Uint32Array;
  /** The newest words of the user and of the assistant. */
  readonly userWords: ReadonlySet<string>;
};

export const slotKey = (tool: string, name: string): string => `${tool}\n${name}`;

export function viewOf(input: TaskInput, anchor: Anchor): AgentView {
  const state = readState(input);
  const passages = passagesOf(state, anchor);
  return {
    state,
    passages,
    found: foundIn(state),
    used: usedIn(state),
    context: contextOf(state, passages),
    words: wordsFor(passages),
    userWords: new Set(passages.find(({ where }) => where === "user0")?.lower ?? []),
  };
}

// Of long runs the newest values: older ones are hardly ever used again.
const MAX_FOUND = 1200;

function foundIn({ happenings }: AgentState): Found[] {
  const found: Found[] = [];
  const ago = { result: 0, call: 0 };
  for (let at = happenings.length - 1; at >= 0 && found.length < MAX_FOUND; at -= 1) {
    const one = happenings[at];
    if (one.kind === "said") continue;
    for (const leaf of one.leaves) {
      found.push({
        ...leaf,
        from: one.kind,
        tool: one.tool,
        ago: ago[one.kind],
        happening: at,
        canonical: canonicalJson(leaf.value),
      });
    }
    ago[one.kind] += 1;
  }
  return found;
}

function usedIn({ happenings }: AgentState): Map<string, string[]> {
  const used = new Map<string, string[]>();
  for (const one of happenings) {
    if (one.kind !== "call") continue;
    for (const { key, path, value } of one.leaves) {
      if (path !== `.${key}`) continue;
      const name = slotKey(one.tool, key);
      used.set(name, [...(used.get(name) ?? []), canonicalJson(value)]);
    }
  }
  return used;
}

const MAX_CONTEXT_WORDS = 60;

function wordsFor(passages: readonly Passage[]): Uint32Array {
  const out = new Set<number>([hash32("always")]);
  for (const { where, lower } of passages) {
    const words = lower.slice(-MAX_CONTEXT_WORDS);
    if (where !== "user0" && where !== "assistant0" && where !== "user1") {
      if (where.startsWith("user")) for (const word of words) out.add(hash32(`earlier ${word}`));
      continue;
    }
    for (const [at, word] of words.entries()) {
      out.add(hash32(`${where} ${word}`));
      out.add(hash32(`any ${word}`));
      if (at > 0 && where === "user0") out.add(hash32(`${where} ${words[at - 1]} ${word}`));
    }
  }
  return Uint32Array.from(out);
}

/** What the choice of the next act goes by. */
function contextOf(state: AgentState, passages: readonly Passage[]): Uint32Array {
  const out = new Set<number>();
  const add = (text: string): void => void out.add(hash32(text, 11));
  const calls = state.happenings.flatMap((one) => (one.kind === "call" ? [one.tool] : []));
  const last = state.happenings.at(-1);
  const lastIs = last === undefined ? "nothing" : last.kind === "said" ? last.role : `result ${last.tool}`;
  const [before, before2] = [calls.at(-1) ?? "", calls.at(-2) ?? ""];
  add("always");
  add(`last ${lastIs}`);
  add(`call ${before}`);
  add(`calls ${before2} ${before}`);
  add(`last ${lastIs} call ${before}`);
  add(`count ${Math.min(calls.length, 8)}`);
  add(`count ${Math.min(calls.length, 8)} ${lastIs}`);
  for (const tool of new Set(calls)) add(`called ${tool}`);
  if (last?.kind === "result") resultFeatures(last, lastIs, add);
  const turn = last?.kind === "said" ? "now" : "then";
  for (const { where, lower } of passages) {
    const isFirst =
      where === "first" || (where === "user0" && !passages.some((one) => one.where === "user1"));
    if (isFirst)
      for (const word of lower.slice(0, MAX_CONTEXT_WORDS)) {
        add(`first ${word}`);
        add(`first ${word} ${calls.length} ${before}`);
      }
    if (where !== "user0" && where !== "assistant0" && where !== "user1") continue;
    const words = lower.slice(-MAX_CONTEXT_WORDS);
    for (const [at, word] of words.entries()) {
      add(`${turn} ${where} ${word}`);
      if (where !== "user1") add(`${turn} ${where} ${words[at - 1] ?? ""} ${word}`);
      if (where === "user0") add(`${turn} ${before} ${word}`);
    }
  }
  return Uint32Array.from(out);
}

const MAX_KEYS = 40;
const MAX_VALUE = 24;

/** Which keys a result has, which short values, whether it is empty or an error. */
function resultFeatures(
  last: Extract<AgentState["happenings"][number], { kind: "result" }>,
  name: string,
  add: (text: string) => void,
): void {
  add(
    `size ${name} ${Math.min(last.leaves.length, 4)} ${Math.min(9, Math.floor(Math.log2(1 + last.text.length)))}`,
  );
  if (/error|not found|invalid|cannot|fail/i.test(last.text.slice(0, 400))) add(`error ${name}`);
  let count = 0;
  const seen = new Set<string>();
  for (const { key, path, value } of last.leaves) {
    if (count >= MAX_KEYS) break;
    const isShort = value === null || (typeof value !== "object" && String(value).length <= MAX_VALUE);
    for (const text of [`key ${path}`, ...(isShort ? [`value ${key} ${String(value)}`] : [])]) {
      if (seen.has(text)) continue;
      seen.add(text);
      count += 1;
      add(text);
    }
  }
  if (last.leaves.length === 0)
    for (const word of last.text.toLowerCase().split(/\W+/).slice(0, MAX_KEYS)) add(`result ${word}`);
}

export const isScalar = (value: Json): value is null | boolean | number | string =>
  value === null || typeof value !== "object";
