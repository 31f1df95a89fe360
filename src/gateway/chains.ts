import { parseJson } from "../core/index.ts";
import type { CallInput, Refused } from "../call.ts";
import { OWN_RESPONSE_PREFIX, type Passage } from "../models/index.ts";
import { callerOf, type CallerParts as Who } from "./caller.ts";
import { ownReference, responseIn, textsOf, without } from "./chain-items.ts";

/** Answers that a client may go on from, over all callers: some hundred agents at work, with a hundred turns each. */
export const MAX_HELD_RESPONSES = 10_000;
/** Their items as JSON, at one or two bytes a character: an eighth of what all calls together may keep. */
export const MAX_HELD_CHARS = 32 * 1024 * 1024;
/** One answer with its input may take a quarter: an input full of images must not put out everybody else's. */
export const MAX_ONE_CHARS = MAX_HELD_CHARS / 4;
/** Content that nobody went on from for a day is not kept in memory any longer. */
export const MAX_IDLE_MS = 24 * 60 * 60 * 1000;

/**
 * Responses that were written here (by a specialist, from the cache, by a translation) and that their caller may go on from: no provider
 * knows their ids. OpenAI Responses only.
 */
export type Chains = {
  /**
   * The body with what it refers to among our own answers in its place: earlier input and output in front of the new input, items
   * instead of references. The very same body where it refers to nothing of ours. `body` has been parsed.
   */
  rebuilt(body: Uint8Array, who: Who): Uint8Array | Refused;
  /** An answer that has passed: held when it was written here and the request does not say `store: false`. */
  keep(input: CallInput, answer: Pick<Passage, "kept" | "isStream" | "isCut" | "hasFailed">): void;
  /** Holds nothing any more. */
  clear(): void;
};

type Held = {
  /** Where the chain goes on backwards: the key of another answer that is held. */
  readonly parent: string | null;
  /** The provider's response that the chain begins at. */
  readonly previous: string | null;
  /** Items as JSON. */
  readonly input: readonly string[];
  /** At their places in the answer; empty for one that cannot be sent back. */
  readonly output: readonly string[];
  readonly chars: number;
  atMs: number;
};

/** What a rebuilt request went on from, and what was new in it. */
type Link = { readonly parent: string; readonly input: readonly string[] };

/** A caller's id tells its own answers from others': nobody goes on from someone else's. */
const keyOf = (who: Who, id: string): string => `${callerOf(who)} ${id}`;

export function createChains(nowMs: () => number): Chains {
  const held = createHeld(nowMs);
  // Of requests under way: gone with their bodies.
  const links = new WeakMap<Uint8Array, Link>();
  return {
    rebuilt(body, who) {
      const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
      if (!bytes.includes(OWN_MARK) && !bytes.includes(REFERENCE_MARK)) return body;
      const asked = JSON.parse(bytes.toString()) as Fields;
      // Both at once is the provider's to refuse.
      if ((asked["conversation"] ?? null) !== null) return body;
      const previous = asked["previous_response_id"];
      const isOurs = typeof previous === "string" && previous.startsWith(OWN_RESPONSE_PREFIX);
      const line = isOurs ? held.lineOf(keyOf(who, previous)) : [];
      if (line === null) return notFound(previous as string);
      const items = inputOf(asked["input"], (id) => held.itemOf(keyOf(who, id.response), id.at));
      if (typeof items.missing === "string") return noItem(items.missing);
      if (!isOurs && !items.hasChanged) return body;
      const earlier = line
        .flatMap(({ input, output }) => [...input, ...output])
        .filter((text) => text !== "");
      const start = isOurs ? (line[0]?.previous ?? undefined) : previous;
      const rest = JSON.stringify({ ...without(asked, "input"), previous_response_id: start });
      const next = Buffer.from(`${rest.slice(0, -1)},"input":[${[...earlier, ...items.texts].join(",")}]}`);
      if (isOurs) links.set(next, { parent: keyOf(who, previous), input: items.texts });
      return next;
    },
    keep(input, { kept, isStream, isCut, hasFailed }) {
      if (isCut || hasFailed || input.protocol.name !== "responses" || !isOwn(kept[0])) return;
      const { body, hasOwnKey, headers } = input.question;
      const asked = parseJson(Buffer.from(body).toString()) as Fields;
      const response = responseIn(kept, isStream);
      if (asked["store"] === false || response === null) return;
      const link = links.get(body);
      const previous = asked["previous_response_id"];
      held.add(keyOf({ keyId: input.keyId, hasOwnKey, headers }, response.id), {
        parent: link?.parent ?? null,
        previous: link === undefined && typeof previous === "string" ? previous : null,
        input: link?.input ?? textsOf(asked["input"]),
        output: response.output,
      });
    },
    clear: () => held.clear(),
  };
}

type Fields = { readonly [field: string]: unknown };

const OWN_MARK = `"${OWN_RESPONSE_PREFIX}`;
const REFERENCE_MARK = '"item_reference"';

/** The id of an answer of ours stands in its first piece, near the beginning, plain and streamed. */
const HEAD_BYTES = 256;

function isOwn(first: Uint8Array | undefined): boolean {
  return first !== undefined && Buffer.from(first.subarray(0, HEAD_BYTES)).includes(OWN_MARK);
}

type Input = {
  readonly texts: readonly string[];
  /** Whether a reference was replaced. */
  readonly hasChanged: boolean;
  /** A reference to an item of ours that is not held any more. */
  readonly missing: string | null;
};

function inputOf(input: unknown, find: (own: { response: string; at: number }) => string | null): Input {
  let hasChanged = false;
  let missing: string | null = null;
  const texts = textsOf(input, (item) => {
    const own = ownReference(item);
    if (own === null) return null;
    hasChanged = true;
    const text = find(own);
    if (text === null) missing = own.id;
    return text;
  });
  return { texts, hasChanged, missing };
}

const RESEND = "the gateway answered this itself and does not hold it any more: send the whole input instead";

// As OpenAI says it: clients tell by the code that they must send all again.
function notFound(id: string): Refused {
  const message = `Previous response with id '${id.slice(0, 100)}' not found: ${RESEND}`;
  return { code: "previous-response-not-found", message, param: "previous_response_id" };
}

function noItem(id: string): Refused {
  const message = `Item with id '${id.slice(0, 100)}' not found: ${RESEND}`;
  return { code: "bad-input", message, param: "input" };
}

/** Bounded; the one that was gone on from longest ago goes first. An answer is never without those before it in its chain. */
function createHeld(nowMs: () => number): {
  /** From the first to this one; null when it is not held. */
  lineOf(key: string): readonly Held[] | null;
  itemOf(key: string, at: number): string | null;
  add(key: string, one: Omit<Held, "chars" | "atMs">): void;
  clear(): void;
} {
  const held = new Map<string, Held>();
  let chars = 0;
  const drop = (key: string, one: Held): void => {
    held.delete(key);
    chars -= one.chars;
  };
  const trim = (): void => {
    const old = nowMs() - MAX_IDLE_MS;
    for (const [key, one] of held) {
      if (held.size <= MAX_HELD_RESPONSES && chars <= MAX_HELD_CHARS && one.atMs > old) break;
      drop(key, one);
    }
  };
  // From the last to the first: those before become newer than those after, and outlive them.
  const lineOf = (key: string): readonly Held[] | null => {
    trim();
    const line: Held[] = [];
    for (let at: string | null = key; at !== null;) {
      const one = held.get(at);
      if (one === undefined) return null;
      held.delete(at);
      held.set(at, one);
      one.atMs = nowMs();
      line.push(one);
      at = one.parent;
    }
    return line.toReversed();
  };
  return {
    lineOf,
    clear() {
      held.clear();
      chars = 0;
    },
    itemOf: (key, at) => lineOf(key)?.at(-1)?.output[at] ?? null,
    add(key, one) {
      const size = [key, ...one.input, ...one.output].reduce((sum, { length }) => sum + length, 0);
      const isOrphan = one.parent !== null && !held.has(one.parent);
      if (size > MAX_ONE_CHARS || isOrphan) return;
      const before = held.get(key);
      if (before !== undefined) drop(key, before);
      held.set(key, { ...one, chars: size, atMs: nowMs() });
      chars += size;
      lineOf(key);
      trim();
    },
  };
}
