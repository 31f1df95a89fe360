import { lower, lowerString, type Writing } from "./lower.ts";
import { choice, quoted } from "./rule-book.ts";
import { refusal, type ObjectShape } from "./shape.ts";

/** An object, compact: its properties in order, optional ones or not, then other ones where they are allowed. */
export function lowerObject(shape: ObjectShape, writing: Writing): string {
  const { minProperties, maxProperties, required, additional } = shape;
  const isOpen = additional !== null && additional.kind !== "never";
  // A key written twice counts once, so beyond the declared ones only one more is sure to be new.
  if (isOpen && minProperties > required.length + 1) {
    throw refusal(
      shape.at,
      `"minProperties" ${minProperties} is not supported beside properties of any name`,
    );
  }
  const isCounted =
    minProperties > required.length ||
    (maxProperties !== null && (isOpen || maxProperties < shape.properties.length));
  const most = isCounted ? Math.max(minProperties, maxProperties ?? 0, 1) : 1;
  const rules = new Map<string, string>();
  return `"{" ${rest(0, 0)}`;

  /** What may follow once the properties before `index` are done and `count` are written (counted up to `most`). */
  function rest(index: number, count: number): string {
    const key = `${index} ${count}`;
    const known = rules.get(key);
    if (known !== undefined) return known;
    const text = index < shape.properties.length ? property(index, count) : others(count);
    rules.set(key, text);
    return text;
  }

  function property(index: number, count: number): string {
    const { name, shape: inner } = shape.properties[index];
    const isRequired = required.includes(name);
    const left = shape.properties.slice(index + 1).filter((later) => required.includes(later.name)).length;
    const isRoom = !isCounted || maxProperties === null || count + left + 1 <= maxProperties;
    const separator = count > 0 ? "," : "";
    const written = (): string =>
      `${quoted(`${separator}${JSON.stringify(name)}:`)} ${lower(inner, writing)} ${rest(index + 1, Math.min(count + 1, most))}`;
    if (isRequired) return written();
    // Leaving it out is only an option while enough others are left.
    const optional = shape.properties.length - index - 1 + (isOpen ? 1 : 0);
    const options = [
      ...(isRoom ? [written()] : []),
      ...(!isCounted || count + optional >= minProperties ? [rest(index + 1, count)] : []),
    ];
    return writing.book.rule(choice(options));
  }

  function others(count: number): string {
    const end = quoted("}");
    if (!isOpen || (isCounted && count === maxProperties)) return end;
    const keys = shape.keys ?? {
      kind: "string",
      minLength: 0,
      maxLength: null,
      patterns: [],
      formats: [],
      at: shape.at,
    };
    const names = shape.properties.map((declared) => declared.name);
    const separator = count > 0 ? `${quoted(",")} ` : "";
    const pair = `${separator}${lowerString(keys, names, writing)} ${quoted(":")} ${lower(additional, writing)}`;
    const next = Math.min(count + 1, most);
    const isEnough = !isCounted || count >= minProperties;
    if (next > count)
      return writing.book.rule(
        choice([...(isEnough ? [end] : []), `${pair} ${rest(shape.properties.length, next)}`]),
      );
    const name = writing.book.reserve();
    writing.book.define(name, choice([end, `${pair} ${name}`]));
    return name;
  }
}
