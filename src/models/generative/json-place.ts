/** Where a text of JSON stands while it is written, byte by byte. */
export type JsonPlace = {
  /** Goes on by bytes, one character per byte. */
  write(bytes: string): void;
  /** Inside a string that is a value: its path, and its bytes so far, escapes as written. Null anywhere else. */
  value(): { readonly path: string; readonly content: string } | null;
  /** Inside a key: the path of its object, the key's bytes so far, and the keys written before it. Null anywhere else. */
  key(): { readonly path: string; readonly content: string; readonly before: readonly string[] } | null;
};

type Level = { readonly isObject: boolean; key: string; isKeyNext: boolean; readonly keys: string[] };

/** Keys joined by dots; the items of a list all have the path of the list and `[]`. */
export function jsonPlace(): JsonPlace {
  const levels: Level[] = [];
  let content: string | null = null;
  let isKey = false;
  let isEscaped = false;
  const inString = (byte: string): void => {
    if (content === null) return;
    if (!isEscaped && byte === '"') {
      const level = levels.at(-1);
      if (isKey && level !== undefined) {
        level.key = content;
        level.keys.push(content);
      }
      content = null;
      return;
    }
    isEscaped = !isEscaped && byte === "\\";
    content += byte;
  };
  const outside = (byte: string): void => {
    const level = levels.at(-1);
    if (byte === "{") levels.push({ isObject: true, key: "", isKeyNext: true, keys: [] });
    else if (byte === "[") levels.push({ isObject: false, key: "", isKeyNext: false, keys: [] });
    else if (byte === "}" || byte === "]") levels.pop();
    else if (byte === '"') {
      content = "";
      isEscaped = false;
      isKey = level?.isKeyNext === true;
    } else if (level?.isObject === true && (byte === ":" || byte === ",")) level.isKeyNext = byte === ",";
  };
  return {
    write(bytes) {
      for (const byte of bytes) {
        if (content === null) outside(byte);
        else inString(byte);
      }
    },
    key: () =>
      content === null || !isKey
        ? null
        : { path: pathOf(levels.slice(0, -1)), content, before: levels.at(-1)?.keys ?? [] },
    value: () => (content === null || isKey ? null : { path: pathOf(levels), content }),
  };
}

const pathOf = (levels: readonly Level[]): string =>
  levels.map(({ isObject, key }) => (isObject ? `.${key}` : "[]")).join("");
