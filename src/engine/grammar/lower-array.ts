import type { Json } from "../../core/index.ts";
import { lower, type Writing } from "./lower.ts";
import { choice, quoted } from "./rule-book.ts";
import { refusal, type ArrayShape } from "./shape.ts";

/** Every place of a bounded array is a rule. */
const MAX_PLACES = 2000;
/** The rules of a set without repetition are its subsets: 64. */
const MAX_UNIQUE = 6;

/** An array, compact: places of the prefix, then items, as many as allowed. */
export function lowerArray(shape: ArrayShape, writing: Writing): string {
  if (shape.isUnique && (shape.maxItems === null || shape.maxItems > 1)) return uniqueArray(shape, writing);
  if (Math.max(shape.minItems, shape.maxItems ?? 0, shape.prefix.length) > MAX_PLACES) {
    throw refusal(shape.at, `more than ${MAX_PLACES} items are not supported as a bound`);
  }
  return `"[" ${rest(shape, 0, writing)}`;
}

/** The rest of an array after `count` items: its end, or one more item. */
function rest(shape: ArrayShape, count: number, writing: Writing): string {
  const { minItems, maxItems, prefix, items } = shape;
  const { book } = writing;
  if (count === maxItems) return quoted("]");
  const isLoop = maxItems === null && count > 0 && count >= Math.max(minItems, prefix.length);
  const separator = count > 0 ? `${quoted(",")} ` : "";
  const item = lower(prefix[count] ?? items, writing);
  if (isLoop) {
    const name = book.reserve();
    book.define(name, choice([quoted("]"), `${separator}${item} ${name}`]));
    return name;
  }
  const more = `${separator}${item} ${rest(shape, count + 1, writing)}`;
  return count < minItems ? more : book.rule(choice([quoted("]"), more]));
}

/** Without repetition: only over a few known values, by remembering which are used. */
function uniqueArray(shape: ArrayShape, writing: Writing): string {
  const { items, minItems, at } = shape;
  if (items.kind !== "literal" || shape.prefix.length > 0 || items.values.length > MAX_UNIQUE) {
    throw refusal(at, `"uniqueItems" is supported for at most ${MAX_UNIQUE} values of an enum`);
  }
  const values: readonly Json[] = items.values;
  if (minItems > values.length) throw refusal(at, "no array can satisfy it: too few different values");
  const maxItems = Math.min(shape.maxItems ?? values.length, values.length);
  const names = new Map<number, string>();
  return `"[" ${after(0, 0)}`;

  function after(used: number, count: number): string {
    const known = names.get(used);
    if (known !== undefined) return known;
    const options = count >= minItems ? [quoted("]")] : [];
    for (let index = 0; index < values.length && count < maxItems; index += 1) {
      if ((used >> index) % 2 === 1) continue;
      const text = `${count > 0 ? "," : ""}${JSON.stringify(values[index])}`;
      options.push(`${quoted(text)} ${after(used | (1 << index), count + 1)}`);
    }
    const name = writing.book.rule(choice(options));
    names.set(used, name);
    return name;
  }
}
