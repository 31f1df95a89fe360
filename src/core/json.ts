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

/** Levels of nesting of a value; stops counting, and going down, above `limit`. On the path of every call. */
export function jsonDepth(value: unknown, limit: number = MAX_JSON_DEPTH): number {
  return value === null || typeof value !== "object" ? 0 : depthOf(value, limit);
}

function depthOf(value: object, limit: number): number {
  if (limit < 0) return 0;
  const inner: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  let deepest = -1;
  for (let at = 0; at < inner.length; at += 1) {
    const one = inner[at];
    const depth = typeof one === "object" && one !== null ? depthOf(one, limit - 1) : 0;
    if (depth > deepest) deepest = depth;
  }
  return deepest + 1;
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
