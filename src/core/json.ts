/** Any value JSON can carry. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Deeper values are refused at the door: every later walk over a value recurses. */
export const MAX_JSON_DEPTH = 200;

/** The one text of a value: keys sorted, no spaces, undefined left out. Equal values have equal texts. */
export function canonicalJson(value: unknown): string {
  if (value === undefined) return "null";
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonicalJson(inner)}`).join(",")}}`;
}

/** Levels of nesting of a value, counted without recursion; stops counting above `limit`. */
export function jsonDepth(value: unknown, limit: number = MAX_JSON_DEPTH): number {
  let level: unknown[] = [value];
  let depth = 0;
  while (level.length > 0 && depth <= limit) {
    const next: unknown[] = [];
    for (const item of level) {
      if (item === null || typeof item !== "object") continue;
      for (const inner of Object.values(item)) next.push(inner);
    }
    level = next;
    if (next.length > 0) depth += 1;
  }
  return depth;
}

/** The value a text holds, or undefined when it is not JSON or nests deeper than the limit. */
export function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return jsonDepth(value) > MAX_JSON_DEPTH ? undefined : value;
  } catch {
    return undefined;
  }
}
