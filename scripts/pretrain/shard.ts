import { seededRandom } from "../../src/core/index.ts";
import type { BytePairs } from "../../src/engine/index.ts";
import { fastEncoder } from "./encode.ts";
import type { Item } from "./items.ts";
import { items, text, type Material } from "./mixture.ts";

/** Tokens per row: what the base reads at once. */
export const ROW = 256;

export type Shard = {
  /** Rows of 256 ids, one after the other. */
  readonly ids: Uint16Array;
  /** By position, the weight of predicting the id that stands there: 1 in answers and text, `promptWeight` in prompts, 0 elsewhere. */
  readonly weights: Uint8Array;
  /** Positions where a document starts, ascending; every row starts one. No document crosses a row. */
  readonly starts: Uint32Array;
  /** Tokens by kind of item, padding as `pad`. */
  readonly tokensByKind: ReadonlyMap<string, number>;
};

export type ShardOptions = {
  readonly part?: "training" | "heldOut";
  /** 0 to teach answers only, as by default. */
  readonly promptWeight?: number;
};

/** Items tried for the rest of a row before it is filled with text. */
const TRIES = 6;
/** A rest shorter than this stays padding. */
const LEAST_FILL = 12;

export type ShardMaker = (seed: number, tokens: number, options?: ShardOptions) => Shard;

/** A maker of shards: the same seed, size and options give the same shard. */
export function shardMaker(material: Material, pairs: BytePairs): ShardMaker {
  const encode = fastEncoder(pairs);
  const special = (name: string): number => pairs.vocabulary.indexOf(name);
  const marks: Marks = {
    pad: special("<pad>"),
    bos: special("<bos>"),
    eos: special("<eos>"),
    sep: special("<sep>"),
  };
  return (seed, tokens, options = {}) => {
    const { part = "training", promptWeight = 0 } = options;
    const rows = Math.ceil(tokens / ROW);
    const packer = new Packer(rows, marks.pad);
    const source = items(material, seed, part);
    const random = seededRandom(`fill ${part} ${seed}`);
    const next = (): Document => documentOf(source.next().value, encode, marks, promptWeight);
    const fill = (room: number): Document =>
      textDocument(text(material.lexicon, random), encode, marks, room);
    packer.pack(next, part === "training" ? fill : null);
    return packer.shard();
  };
}

type Marks = { readonly pad: number; readonly bos: number; readonly eos: number; readonly sep: number };
type Document = {
  readonly kind: string;
  readonly ids: readonly number[];
  readonly weights: readonly number[];
};
type Encode = (text: string, out: number[]) => void;

/** `<bos>` prompt `<sep>` answer `<eos>`, and further turns without a new `<bos>`. */
function documentOf(item: Item, encode: Encode, marks: Marks, promptWeight: number): Document {
  if ("text" in item) return textDocument(item.text, encode, marks, ROW);
  const ids = [marks.bos];
  const weights = [0];
  for (const { prompt, answer, isTaught } of item.turns) {
    encode(prompt, ids);
    while (weights.length < ids.length) weights.push(promptWeight);
    ids.push(marks.sep);
    weights.push(0);
    encode(answer, ids);
    ids.push(marks.eos);
    while (weights.length < ids.length) weights.push(isTaught ? 1 : promptWeight);
  }
  return { kind: item.kind, ids, weights };
}

/** Text is cut to the room there is: what is left of it needs no answer. */
function textDocument(text: string, encode: Encode, marks: Marks, room: number): Document {
  const ids = [marks.bos];
  encode(text, ids);
  ids.push(marks.eos);
  const cut = ids.slice(0, room);
  return { kind: "text", ids: cut, weights: cut.map((_, at) => (at === 0 ? 0 : 1)) };
}

/** Lays documents into rows; a document that does not fit waits for the next row. */
class Packer {
  readonly #ids: Uint16Array;
  readonly #weights: Uint8Array;
  readonly #starts: number[] = [];
  readonly #tokens = new Map<string, number>();
  readonly #rows: number;
  #at = 0;

  constructor(rows: number, pad: number) {
    this.#rows = rows;
    this.#ids = new Uint16Array(rows * ROW).fill(pad);
    this.#weights = new Uint8Array(rows * ROW);
  }

  pack(next: () => Document, fill: ((room: number) => Document) | null): void {
    let waiting: Document[] = [];
    for (let row = 0; row < this.#rows; row += 1) {
      this.#at = row * ROW;
      waiting = this.#packRow(waiting, next);
      if (fill !== null) while (this.#room() >= LEAST_FILL) this.#put(fill(this.#room()));
      this.#count("pad", this.#room() % ROW);
    }
  }

  /** Fills the present row and returns what had to wait, so that long documents are not drawn less often. */
  #packRow(waiting: readonly Document[], next: () => Document): Document[] {
    const left: Document[] = [];
    const end = this.#at + ROW;
    for (const document of waiting) if (!this.#tryPut(document, end)) left.push(document);
    for (let tries = 0; tries < TRIES && end - this.#at >= LEAST_FILL && left.length < TRIES;) {
      const document = next();
      if (document.ids.length > ROW) continue;
      if (this.#tryPut(document, end)) continue;
      left.push(document);
      tries += 1;
    }
    return left;
  }

  #tryPut(document: Document, end: number): boolean {
    if (document.ids.length > end - this.#at) return false;
    this.#put(document);
    return true;
  }

  #put({ kind, ids, weights }: Document): void {
    this.#starts.push(this.#at);
    this.#ids.set(ids, this.#at);
    this.#weights.set(weights, this.#at);
    this.#at += ids.length;
    this.#count(kind, ids.length);
  }

  /** Free places up to the end of the row begun; a full row counts as none. */
  #room(): number {
    return (ROW - (this.#at % ROW)) % ROW;
  }

  #count(kind: string, tokens: number): void {
    this.#tokens.set(kind, (this.#tokens.get(kind) ?? 0) + tokens);
  }

  shard(): Shard {
    return {
      ids: this.#ids,
      weights: this.#weights,
      starts: Uint32Array.from(this.#starts),
      tokensByKind: this.#tokens,
    };
  }
}
