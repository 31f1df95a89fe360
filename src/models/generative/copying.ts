import type { Json, TaskInput } from "../../core/index.ts";
import type { TokenMask, Vocabulary } from "../../engine/index.ts";
import { jsonPlace } from "./json-place.ts";

/** Which values of a task's answers are copied out of its inputs. */
export type Copying = {
  /** Paths of values, as `jsonPlace` gives them, sorted. */
  readonly paths: readonly string[];
  /** Whether no part of an input is copied into two values. */
  readonly isExclusive: boolean;
  /** Values, in JSON's spelling as bytes, of paths where a new one is hardly to be expected. */
  readonly closed: readonly { readonly path: string; readonly values: readonly string[] }[];
};

/** An object whose keys stand in the order of their values in the input: reading on, not looking everything up. */
export type Listing = { readonly path: string; readonly keys: readonly string[] };

/** Seen this often, and copied in all but this share: what is not copied would become impossible to say. */
const MIN_SEEN = 5;
const MAX_EXCEPTIONS = 0.005;
/** Share of answers in which two values may lie over each other before parts may be used twice. */
const MAX_OVERLAPPING = 0.005;

type Written = { readonly input: TaskInput; readonly value: Json };

/** Learns from examples which values stand word for word in their inputs, as whole words. */
export function learnCopying(examples: readonly Written[]): Copying {
  const seen = new Map<string, { all: number; copied: number; values: Map<string, number> }>();
  for (const { input, value } of examples) {
    const source = sourceOf(input);
    for (const { path, text } of textsIn(value, "")) {
      const count = seen.get(path) ?? { all: 0, copied: 0, values: new Map<string, number>() };
      count.values.set(escaped(text), (count.values.get(escaped(text)) ?? 0) + 1);
      count.all += 1;
      if (placeOf(source, escaped(text), []) !== null) count.copied += 1;
      seen.set(path, count);
    }
  }
  const paths = [...seen]
    .filter(([, { all, copied }]) => all >= MIN_SEEN && all - copied <= MAX_EXCEPTIONS * all)
    .map(([path]) => path)
    .sort();
  const closed = paths.flatMap((path) => {
    const { all, values } = seen.get(path) ?? { all: 0, values: new Map<string, number>() };
    const once = [...values.values()].filter((count) => count === 1).length;
    // Good and Turing: what was seen once tells how much was never seen.
    return all >= MIN_FOR_CLOSED && once <= MAX_UNSEEN * all
      ? [{ path, values: [...values.keys()].sort() }]
      : [];
  });
  return { paths, isExclusive: areExclusive(examples, new Set(paths)), closed };
}

/** Fewer occurrences do not show that a set is closed. */
const MIN_FOR_CLOSED = 50;
/** Share of new values, as estimated, up to which a set counts as closed. */
const MAX_UNSEEN = 0.02;

function areExclusive(examples: readonly Written[], paths: ReadonlySet<string>): boolean {
  const overlapping = examples.filter(({ input, value }) => {
    const source = sourceOf(input);
    const used: Range[] = [];
    // Longest first: a short value may stand within a long one and elsewhere besides.
    const texts = textsIn(value, "").filter(({ path }) => paths.has(path));
    texts.sort((a, b) => b.text.length - a.text.length);
    return texts.some(({ text }) => {
      const place = placeOf(source, escaped(text), used);
      if (place !== null) used.push(place);
      return place === null;
    });
  });
  return overlapping.length <= MAX_OVERLAPPING * examples.length;
}

/**
 * A mask that lets copied values be nothing but whole words of the input: what a model would make up is not on offer. Where nothing of the
 * input fits, the mask stays what it was.
 */
export function copyingMask(
  mask: TokenMask,
  input: TaskInput,
  { copying, listings }: { readonly copying: Copying; readonly listings: readonly Listing[] },
  tokens: TokenTable,
): TokenMask {
  if (copying.paths.length === 0) return mask;
  const listed = new Map(listings.map(({ path, keys }) => [path, keys]));
  const isListed = (path: string): boolean =>
    listings.length === 1 && path.startsWith(`${listings[0].path}.`);
  const source = sourceOf(input);
  const paths = new Set(copying.paths);
  const place = jsonPlace();
  const used: Range[] = [];
  const closed = new Map(copying.closed.map(({ path, values }) => [path, values]));
  const after = (path: string): number => (isListed(path) ? (used.at(-1)?.to ?? 0) : 0);
  /** Values of a closed set that stand in what is left of the input. */
  const offered = (path: string): readonly string[] | undefined =>
    closed.get(path)?.filter((value) => placeOf(source, value, used, after(path)) !== null);
  const allowed = new Int32Array(Math.ceil(tokens.size / 32));
  return {
    mask() {
      // A matcher's mask is there at once.
      const bits = mask.mask() as Int32Array;
      const key = place.key();
      const keys = key === null ? undefined : listed.get(key.path);
      if (key !== null && keys !== undefined) {
        const isPossible = (name: string): boolean => offered(`${key.path}.${name}`)?.length !== 0;
        const left = keys.filter((name) => !key.before.includes(name) && isPossible(name));
        allowed.set(bits);
        return onlyKeys(allowed, { content: key.content, left, tokens }) ? allowed : bits;
      }
      const value = place.value();
      if (value === null || !paths.has(value.path)) return bits;
      const listing = isListed(value.path);
      const values = offered(value.path);
      const from = after(value.path);
      fill(allowed.fill(0), {
        source,
        content: value.content,
        used,
        tokens,
        from,
        isListed: listing,
        values,
      });
      return intersected(allowed, bits) ? allowed : bits;
    },
    accept(token) {
      const before = place.value();
      if (!mask.accept(token)) return false;
      place.write(tokens.bytes[token]);
      if (copying.isExclusive && before !== null && paths.has(before.path)) {
        const whole = closedValue(before.content, tokens.bytes[token]);
        const from = after(before.path);
        const range = whole === null ? null : placeOf(source, whole, used, from);
        if (range !== null) used.push(range);
      }
      return true;
    },
    isDone: () => mask.isDone(),
    ...(mask.forced && { forced: () => mask.forced?.() ?? [] }),
  };
}

/** Tokens by their bytes, one character per byte. */
export type TokenTable = {
  readonly size: number;
  readonly bytes: readonly string[];
  readonly byBytes: ReadonlyMap<string, number>;
  readonly longest: number;
  /** Tokens that begin with a quote: they end a string. */
  readonly closing: readonly number[];
  /** Those of them after which no other key can come. */
  readonly closingLast: readonly number[];
};

export function tokenTable(vocabulary: Vocabulary): TokenTable {
  const { size } = vocabulary;
  const bytes = Array.from({ length: size }, (_, id) =>
    Buffer.from(vocabulary.tokenBytes(id)).toString("latin1"),
  );
  return {
    size,
    bytes,
    byBytes: new Map(bytes.flatMap((text, id) => (text === "" ? [] : [[text, id] as const]))),
    longest: Math.max(...bytes.map((text) => text.length)),
    closing: bytes.flatMap((text, id) => (text.startsWith('"') ? [id] : [])),
    closingLast: bytes.flatMap((text, id) => (text.startsWith('"') && !text.includes(",") ? [id] : [])),
  };
}

type Range = { readonly from: number; readonly to: number };
type Going = {
  readonly source: string;
  readonly content: string;
  readonly used: readonly Range[];
  readonly tokens: TokenTable;
  /** Where it may begin, at the earliest. */
  readonly from: number;
  readonly isListed: boolean;
  /** Of a closed set, those that stand in the input; undefined where any words will do. */
  readonly values: readonly string[] | undefined;
};

/** Allows what goes on from every place where the content so far stands, and an end where it is whole words. */
function fill(allowed: Int32Array, going: Going): void {
  const { source, content, used, tokens, from, isListed, values } = going;
  for (
    let at = source.indexOf(content, from);
    at !== -1 && at < source.length;
    at = source.indexOf(content, at + 1)
  ) {
    if (!isWordStart(source, at) || source[at] === " ") continue;
    const end = at + content.length;
    if (overlaps({ from: at, to: end }, used)) continue;
    for (let length = 1; length <= tokens.longest && end + length <= source.length; length += 1) {
      const token = tokens.byBytes.get(source.slice(end, end + length));
      if (token === undefined || overlaps({ from: at, to: end + length }, used)) continue;
      if (isBeginning(source.slice(at, end + length), values)) allow(allowed, [token]);
    }
    if (content === "" || !isWordEnd(source, end) || source[end - 1] === " ") continue;
    if (values?.includes(content) === false) continue;
    // A listing goes on only where something is left to be listed.
    const mayGoOn = !isListed || WORD_BYTE.test(source.slice(end));
    allow(allowed, mayGoOn ? tokens.closing : tokens.closingLast);
  }
}

const isBeginning = (text: string, values: readonly string[] | undefined): boolean =>
  values === undefined || values.some((value) => value.startsWith(text));

type Naming = { readonly content: string; readonly left: readonly string[]; readonly tokens: TokenTable };

/** Takes away tokens that lead to none of the keys left; false when nothing remains. */
function onlyKeys(allowed: Int32Array, { content, left, tokens }: Naming): boolean {
  let some = false;
  for (let word = 0; word < allowed.length; word += 1) {
    for (let bits = allowed[word]; bits !== 0; bits &= bits - 1) {
      const token = word * 32 + (31 - Math.clz32(bits & -bits));
      const text = content + tokens.bytes[token];
      const end = text.indexOf('"');
      const leads = left.some((key) => (end === -1 ? key.startsWith(text) : key === text.slice(0, end)));
      if (leads) some = true;
      else allowed[word] &= ~(1 << (token & 31));
    }
  }
  return some;
}

/** The value with the keys of its listings in the order of their values in the input. */
export function listedInOrder(
  value: Json,
  input: TaskInput,
  listings: readonly Listing[],
  path: string = "",
): Json {
  if (value === null || typeof value !== "object" || listings.length === 0) return value;
  if (Array.isArray(value))
    return value.map((item: Json) => listedInOrder(item, input, listings, `${path}[]`));
  const entries = Object.entries(value as { readonly [key: string]: Json });
  if (!listings.some((listing) => listing.path === path)) {
    return Object.fromEntries(
      entries.map(([key, inner]) => [key, listedInOrder(inner, input, listings, `${path}.${key}`)]),
    );
  }
  const source = sourceOf(input);
  const used: Range[] = [];
  const places = new Map<string, number>();
  const textOf = (entry: readonly [string, Json]): string =>
    typeof entry[1] === "string" ? escaped(entry[1]) : "";
  for (const entry of entries.toSorted((a, b) => textOf(b).length - textOf(a).length)) {
    const range = placeOf(source, textOf(entry), used);
    if (range !== null) used.push(range);
    places.set(entry[0], range?.from ?? source.length);
  }
  return Object.fromEntries(entries.toSorted(([a], [b]) => (places.get(a) ?? 0) - (places.get(b) ?? 0)));
}

function allow(allowed: Int32Array, tokens: readonly number[]): void {
  for (const token of tokens) allowed[token >> 5] |= 1 << (token & 31);
}

function intersected(allowed: Int32Array, bits: Int32Array): boolean {
  let some = 0;
  for (let word = 0; word < allowed.length; word += 1) {
    allowed[word] &= bits[word];
    some |= allowed[word];
  }
  return some !== 0;
}

/** More than a prompt of 512 tokens holds (about 2.5 characters each); every place in it is looked at for every token. */
const MAX_SOURCE_CHARACTERS = 3000;

/** What an input offers for copying, as bytes in JSON's spelling; parts are kept apart by a byte no text has. Long parts offer their end. */
function sourceOf(input: TaskInput): string {
  const ends = input.parts.slice(-MAX_PARTS).map(({ text }) => text.trim().slice(-MAX_SOURCE_CHARACTERS));
  return ends
    .map(escaped)
    .join("\u0000")
    .slice(-2 * MAX_SOURCE_CHARACTERS);
}

/** Later parts are what a prompt keeps. */
const MAX_PARTS = 64;

const escaped = (text: string): string =>
  Buffer.from(JSON.stringify(text.toWellFormed()).slice(1, -1)).toString("latin1");

/** The first place where a text stands as whole words, over nothing used. */
function placeOf(source: string, text: string, used: readonly Range[], from: number = 0): Range | null {
  if (text === "") return null;
  for (let at = source.indexOf(text, from); at !== -1; at = source.indexOf(text, at + 1)) {
    const range = { from: at, to: at + text.length };
    if (isWordStart(source, at) && isWordEnd(source, range.to) && !overlaps(range, used)) return range;
  }
  return null;
}

const overlaps = ({ from, to }: Range, used: readonly Range[]): boolean =>
  used.some((range) => from < range.to && range.from < to);

// Bytes of letters outside ASCII count as letters: all of them are 0x80 or more.
const WORD_BYTE = /[0-9A-Za-z\u0080-\u00ff]/;

const isWordByte = (byte: string | undefined): boolean => byte !== undefined && WORD_BYTE.test(byte);

const isWordStart = (source: string, at: number): boolean =>
  !isWordByte(source[at - 1]) || !isWordByte(source[at]);

const isWordEnd = (source: string, end: number): boolean =>
  !isWordByte(source[end - 1]) || !isWordByte(source[end]);

/** The whole value when a token ends it: its bytes up to the closing quote. */
function closedValue(content: string, bytes: string): string | null {
  for (let at = 0, isEscaped = content.endsWith("\\"); at < bytes.length; at += 1) {
    if (!isEscaped && bytes[at] === '"') return content + bytes.slice(0, at);
    isEscaped = !isEscaped && bytes[at] === "\\";
  }
  return null;
}

function textsIn(value: Json, path: string): { readonly path: string; readonly text: string }[] {
  if (typeof value === "string") return value === "" ? [] : [{ path, text: value }];
  if (value === null || typeof value !== "object") return [];
  if (Array.isArray(value)) return value.flatMap((item: Json) => textsIn(item, `${path}[]`));
  const entries = Object.entries(value as { readonly [key: string]: Json });
  return entries.flatMap(([key, inner]) =>
    textsIn(inner, `${path}.${Buffer.from(JSON.stringify(key).slice(1, -1)).toString("latin1")}`),
  );
}
