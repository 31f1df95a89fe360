import type { Json } from "../../core/index.ts";
import { lower, type Writing } from "./lower.ts";
import { literal, type Sequence } from "./rule-book.ts";
import { refusal, type ArrayShape } from "./shape.ts";

/** Every place of a bounded array is a rule. */
const MAX_PLACES = 2000;
/** The rules of a set without repetition are its subsets: 64. */
const MAX_UNIQUE = 6;
const END = literal("]");

/** An array, compact: places of the prefix, then items, as many as allowed. */
export function lowerArray(shape: ArrayShape, writing: Writing): Sequence {
  if (shape.isUnique && (shape.maxItems === null || shape.maxItems > 1)) return uniqueArray(shape, writing);
  if (Math.max(shape.minItems, shape.maxItems ?? 0, shape.prefix.length) > MAX_PLACES) {
    throw refusal(shape.at, `more than ${MAX_PLACES} items are not supported as a bound`);
  }
  return [...literal("["), ...rest(shape, writing)];
}

/** What follows the opening bracket, written from the last place to the first. */
function rest({ minItems, maxItems, prefix, items }: ArrayShape, { book, ...writing }: Writing): Sequence {
  const item = (place: number): Sequence => book.oneOf(lower(prefix[place] ?? items, { book, ...writing }));
  const separator = (place: number): Sequence => (place > 0 ? literal(",") : []);
  // From here on every place is like the next.
  const last = maxItems ?? Math.max(minItems, prefix.length, 1);
  let after: Sequence = END;
  if (maxItems === null) {
    const loop = book.reserve();
    book.define(loop, [END, [...literal(","), ...item(last), loop]]);
    after = [loop];
  }
  for (let place = last - 1; place >= 0; place -= 1) {
    const more = [...separator(place), ...item(place), ...after];
    // A required place needs no rule of its own.
    after = place < minItems ? more : [book.rule([END, more])];
  }
  return after;
}

/** Without repetition: only over a few known values, by remembering which are used. */
function uniqueArray(shape: ArrayShape, writing: Writing): Sequence {
  const { items, minItems, at } = shape;
  if (items.kind !== "literal" || shape.prefix.length > 0 || items.values.length > MAX_UNIQUE) {
    throw refusal(at, `"uniqueItems" is supported for at most ${MAX_UNIQUE} values of an enum`);
  }
  const values: readonly Json[] = items.values;
  if (minItems > values.length) throw refusal(at, "no array can satisfy it: too few different values");
  const maxItems = Math.min(shape.maxItems ?? values.length, values.length);
  const names = new Map<number, string>();
  return [...literal("["), after(0, 0)];

  function after(used: number, count: number): string {
    const known = names.get(used);
    if (known !== undefined) return known;
    const options: Sequence[] = count >= minItems ? [END] : [];
    const isFull = count >= maxItems;
    values.forEach((value, index) => {
      if (isFull || (used >> index) % 2 === 1) return;
      const text = `${count > 0 ? "," : ""}${JSON.stringify(value)}`;
      options.push([...literal(text), after(used | (1 << index), count + 1)]);
    });
    const name = writing.book.rule(options);
    names.set(used, name);
    return name;
  }
}
