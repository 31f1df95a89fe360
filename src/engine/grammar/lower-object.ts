import { lower, lowerString, type Writing } from "./lower.ts";
import { literal, type Sequence } from "./rule-book.ts";
import { refusal, type ObjectShape, type StringShape } from "./shape.ts";

/** An object, compact: its properties in order, optional ones or not, then other ones where they are allowed. */
export function lowerObject(shape: ObjectShape, writing: Writing): Sequence {
  const { minProperties, maxProperties, required, additional, properties } = shape;
  const isOpen = additional !== null && additional.kind !== "never";
  // A key written twice counts once, so beyond the declared ones only one more is sure to be new.
  if (isOpen && minProperties > required.length + 1) {
    throw refusal(
      shape.at,
      `"minProperties" ${minProperties} is not supported beside properties of any name`,
    );
  }
  const mayBeTooMany = maxProperties !== null && (isOpen || maxProperties < properties.length);
  const isCounted = minProperties > required.length || mayBeTooMany;
  const most = isCounted ? Math.max(minProperties, maxProperties ?? 0, 1) : 1;
  const known = new Map<string, readonly Sequence[]>();
  return [...literal("{"), ...writing.book.oneOf(rest(0, 0))];

  /** What may follow once the properties before `index` are done and `count` are written (counted up to `most`). */
  function rest(index: number, count: number): readonly Sequence[] {
    const key = `${index} ${count}`;
    const options = known.get(key) ?? (index < properties.length ? property(index, count) : others(count));
    known.set(key, options);
    return options;
  }

  function property(index: number, count: number): readonly Sequence[] {
    const { name, shape: inner } = properties[index];
    const later = properties.slice(index + 1);
    const stillRequired = later.filter((one) => required.includes(one.name)).length;
    const isRoom = !isCounted || maxProperties === null || count + stillRequired + 1 <= maxProperties;
    const mayBeLeft = !isCounted || count + later.length + (isOpen ? 1 : 0) >= minProperties;
    const options: Sequence[] = [];
    if (isRoom || required.includes(name)) {
      const start = literal(`${count > 0 ? "," : ""}${JSON.stringify(name)}:`);
      const value = writing.book.oneOf(lower(inner, writing));
      options.push([...start, ...value, ...writing.book.oneOf(rest(index + 1, Math.min(count + 1, most)))]);
    }
    return required.includes(name) || !mayBeLeft ? options : [...options, ...rest(index + 1, count)];
  }

  function others(count: number): readonly Sequence[] {
    const end = literal("}");
    if (additional === null || !isOpen || (isCounted && count === maxProperties)) return [end];
    const names = properties.map((declared) => declared.name);
    const pair = [
      ...(count > 0 ? literal(",") : []),
      ...lowerString(shape.keys ?? freeKey(shape.at), names, writing),
      ...literal(":"),
      ...writing.book.oneOf(lower(additional, writing)),
    ];
    const ends = !isCounted || count >= minProperties ? [end] : [];
    if (count < most) return [...ends, [...pair, ...writing.book.oneOf(rest(properties.length, count + 1))]];
    const loop = writing.book.reserve();
    writing.book.define(loop, [end, [...pair, loop]]);
    return [[loop]];
  }
}

function freeKey(at: string): StringShape {
  return { kind: "string", minLength: 0, maxLength: null, patterns: [], formats: [], at };
}
