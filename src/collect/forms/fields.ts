import { parseJson } from "../../core/index.ts";

/** A JSON object as it came. */
export type Fields = { readonly [field: string]: unknown };

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object, or an empty one. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** The objects of a list; none when it is no list. */
export function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

/** Exports keep JSON as text in places: the value such a text holds, or what it was. */
export function unpacked(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  const inner = parseJson(value);
  return inner === undefined ? value : inner;
}

/** The first of the fields that holds a text or a finite number, as text. */
export function textIn(place: Fields, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = place[name];
    if (typeof value === "string" && value !== "") return value;
    if (typeof value === "number" && Number.isFinite(value)) return String(value);
  }
  return undefined;
}

/** The first of the fields that holds a number of 0 or more, also one written as text. */
export function countIn(place: Fields, ...names: readonly string[]): number | undefined {
  for (const name of names) {
    const value = place[name];
    const count = typeof value === "string" && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
    if (typeof count === "number" && Number.isFinite(count) && count >= 0) return count;
  }
  return undefined;
}

/** Milliseconds since 1970 of an ISO text, or of a number of seconds or milliseconds; undefined for anything else. */
export function timeMs(value: unknown): number | undefined {
  if (typeof value === "number" && Number.isFinite(value)) return value < 1e11 ? value * 1000 : value;
  if (typeof value !== "string" || value === "") return undefined;
  // A database writes UTC without saying so: "2026-03-02 10:00:00.123456".
  const isBare = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?$/.test(value);
  const ms = Date.parse(isBare ? `${value.replace(" ", "T")}Z` : value);
  return Number.isNaN(ms) ? undefined : ms;
}

/** The time as ISO 8601 UTC; undefined when the value is no time. */
export function isoTime(value: unknown): string | undefined {
  const ms = timeMs(value);
  return ms === undefined || Math.abs(ms) > 8.64e15 ? undefined : new Date(ms).toISOString();
}

/** From one time to a later one. */
export function betweenMs(start: unknown, end: unknown): number | undefined {
  const from = timeMs(start);
  const to = timeMs(end);
  return from === undefined || to === undefined || to < from ? undefined : to - from;
}

/** The object without the fields that are undefined or null. */
export function given(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  );
}
