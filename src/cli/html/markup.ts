/** Text that is markup already: made by `markup` alone, so all that came from a log is escaped. */
export class Markup {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  toString(): string {
    return this.#text;
  }
}

type Value = Markup | string | number | null | readonly Value[];

/** A template of HTML or SVG; every value in it is escaped unless it is markup. Lists are joined, null is nothing. */
export function markup(texts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  const parts = texts.map((text, index) => (index < values.length ? text + written(values[index]) : text));
  return new Markup(parts.join(""));
}

function written(value: Value): string {
  if (value === null) return "";
  if (value instanceof Markup) return value.toString();
  if (typeof value === "string") return escaped(value);
  if (typeof value === "number") return String(Math.round(value * 1000) / 1000);
  return value.map(written).join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Safe as text and inside quoted attributes; characters that no XML may hold become a replacement character. */
function escaped(text: string): string {
  return (
    text
      .replace(/[&<>"']/g, (character) => ENTITIES[character])
      // eslint-disable-next-line no-control-regex -- control characters are what is taken out.
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, "\ufffd")
      .toWellFormed()
  );
}
