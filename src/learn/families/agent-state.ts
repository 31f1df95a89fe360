import { parseJson, type InputPart, type Json, type TaskInput } from "../../core/index.ts";

/** A value inside a result or the arguments of a call, with where it stands. */
export type Leaf = {
  /** The nearest key above it; empty at the top. */
  readonly key: string;
  /** Keys from the top, `[]` for any place of a list. */
  readonly path: string;
  readonly value: Json;
  /** The nearest list it stands in, numbered within its event; −1 for none. */
  readonly list: number;
  readonly place: number;
};

/** What happened in a request, in order. */
export type Happening =
  | { readonly kind: "said"; readonly role: "system" | "user" | "assistant"; readonly text: string }
  | { readonly kind: "call"; readonly tool: string; readonly leaves: readonly Leaf[] }
  | {
      readonly kind: "result";
      /** The call it answers; empty where the request does not say. */
      readonly tool: string;
      readonly text: string;
      readonly leaves: readonly Leaf[];
    };

export type AgentState = { readonly happenings: readonly Happening[]; readonly tools: readonly string[] };

// The first message of the user says what all is about; of the rest the newest decide. Bounds time and memory.
const MAX_PARTS = 80;
const MAX_CHARACTERS = 16_000;
const MAX_LEAVES = 400;
const MAX_DEPTH = 8;

/** What a request shows of the run so far. O(characters read). */
export function readState(input: TaskInput): AgentState {
  const first = input.parts.findIndex(({ role }) => role === "user");
  const from = input.parts.length - MAX_PARTS;
  const kept = input.parts.filter((_, index) => index >= from || index === first);
  const happenings: Happening[] = [];
  const open: string[] = [];
  for (const part of kept) {
    if (part.role === "tool") happenings.push(resultOf(part, open.shift() ?? ""));
    else {
      const { text, calls } =
        part.role === "assistant" ? takeCalls(part.text) : { text: part.text, calls: [] };
      // A new turn: results that never came are not waited for.
      if (calls.length > 0) open.length = 0;
      if (text.trim() !== "")
        happenings.push({ kind: "said", role: part.role, text: text.slice(-MAX_CHARACTERS) });
      for (const { tool, args } of calls) {
        happenings.push({ kind: "call", tool, leaves: leavesOf(args) });
        open.push(tool);
      }
    }
  }
  return { happenings, tools: input.tools };
}

function resultOf({ text }: InputPart, tool: string): Happening {
  const read = text.slice(0, MAX_CHARACTERS);
  const value = parseJson(read) as Json | undefined;
  const leaves =
    value !== undefined && value !== null && typeof value === "object" ? leavesOf(value) : listedLeaves(read);
  return { kind: "result", tool, text: read, leaves };
}

const CALL = /^([A-Za-z_][\w.-]{0,80})\(/gm;

/** The calls written out in a message of the assistant, and the text beside them. */
function takeCalls(text: string): { text: string; calls: { tool: string; args: Json }[] } {
  const calls: { tool: string; args: Json }[] = [];
  let rest = "";
  let at = 0;
  for (const match of text.matchAll(CALL)) {
    if (match.index < at) continue;
    const begin = match.index + match[0].length;
    const end = closingAt(text, begin);
    const args = end < 0 ? undefined : (parseJson(text.slice(begin, end) || "{}") as Json | undefined);
    if (args === undefined || args === null || typeof args !== "object") continue;
    calls.push({ tool: match[1], args });
    rest += text.slice(at, match.index);
    at = end + 1;
  }
  return { text: (rest + text.slice(at)).trim(), calls };
}

/** Place of the `)` behind the JSON that begins here; −1 where there is none. */
function closingAt(text: string, begin: number): number {
  let depth = 0;
  let inString = false;
  for (let at = begin; at < text.length; at += 1) {
    const sign = text[at];
    if (inString) {
      if (sign === "\\") at += 1;
      else if (sign === '"') inString = false;
    } else if (sign === '"') inString = true;
    else if (sign === "{" || sign === "[") depth += 1;
    else if (sign === "}" || sign === "]") depth -= 1;
    else if (sign === ")" && depth === 0) return at;
  }
  return -1;
}

/** All values of a JSON value, lists and objects too, from the outside inwards. */
export function leavesOf(value: Json): Leaf[] {
  const leaves: Leaf[] = [];
  let lists = 0;
  const walk = (inner: Json, spot: Omit<Leaf, "value">, depth: number): void => {
    if (leaves.length >= MAX_LEAVES || depth > MAX_DEPTH) return;
    if (depth > 0) leaves.push({ ...spot, value: inner });
    if (inner === null || typeof inner !== "object") return;
    if (Array.isArray(inner)) {
      const list = lists;
      lists += 1;
      for (const [place, item] of inner.entries())
        walk(item, { key: spot.key, path: `${spot.path}[]`, list, place }, depth + 1);
      return;
    }
    for (const [key, item] of Object.entries(inner as { readonly [key: string]: Json }))
      walk(item, { ...spot, key, path: `${spot.path}.${key}` }, depth + 1);
  };
  walk(value, { key: "", path: "", list: -1, place: 0 }, 0);
  return leaves;
}

const LISTED = /^(\s*)(-\s+)?(?:([A-Za-z_][\w -]{0,40}):(?:\s+(.*))?|(\S.*))$/;

/** Values of a result written as lines `key: value` and `- item`. */
function listedLeaves(text: string): Leaf[] {
  const leaves: Leaf[] = [];
  let place = -1;
  let blocks = 0;
  let items: { key: string; list: number; values: Json[] } | null = null;
  const close = (): void => {
    if (items !== null && items.values.length > 0)
      leaves.push({ key: items.key, path: `.${items.key}`, value: items.values, list: -1, place: 0 });
    items = null;
  };
  for (const line of text.split("\n")) {
    if (leaves.length >= MAX_LEAVES) break;
    const [, , dash, key, value, item] = LISTED.exec(line) ?? [];
    if (key !== undefined) {
      close();
      if (dash !== undefined) place += 1;
      const plain = scalarIn(value ?? "");
      if (value === undefined || value === "") {
        blocks += 1;
        items = { key, list: blocks, values: [] };
      } else
        leaves.push({
          key,
          path: `${place < 0 ? "" : "[]"}.${key}`,
          value: plain,
          list: place < 0 ? -1 : 0,
          place: Math.max(0, place),
        });
    } else if (dash !== undefined && item !== undefined && items !== null) {
      leaves.push({
        key: items.key,
        path: `.${items.key}[]`,
        value: scalarIn(item),
        list: items.list,
        place: items.values.length,
      });
      items.values.push(scalarIn(item));
    }
  }
  close();
  return leaves;
}

function scalarIn(text: string): Json {
  const plain = text.trim();
  const quoted = /^(["'])(.*)\1$/.exec(plain);
  if (quoted !== null) return quoted[2];
  if (plain === "true" || plain === "false") return plain === "true";
  if (plain === "null" || plain === "~") return null;
  return /^-?\d+(\.\d+)?$/.test(plain) ? Number(plain) : plain;
}
