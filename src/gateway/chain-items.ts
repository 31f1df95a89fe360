import { parseJson } from "../core/index.ts";
import { OWN_RESPONSE_PREFIX } from "../models/index.ts";

// Items of OpenAI Responses, as JSON texts: they are put together again, never read.

type Fields = { readonly [field: string]: unknown };

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function without(fields: Fields, ...names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

/** The items of an input, as they go into a longer one. `replaced` gives another text for an item, or null. */
export function textsOf(
  input: unknown,
  replaced: (item: Fields) => string | null = () => null,
): readonly string[] {
  if (typeof input === "string") return [JSON.stringify({ role: "user", content: input })];
  if (!Array.isArray(input)) return [];
  return input
    .map((item: unknown) => (isFields(item) ? replaced(item) : null) ?? JSON.stringify(item))
    .filter((text) => text !== "");
}

/** Ids of items in an answer of ours: `msg_understudy_…_0`. */
const OWN_ITEM = /^(?:msg|fc|ctc|rs)_(.+)_(\d{1,6})$/;

/** The answer of ours that an `item_reference` points into, and where; null for all else. */
export function ownReference(item: Fields): { response: string; at: number; id: string } | null {
  const { id, type } = item;
  if (type !== "item_reference" || typeof id !== "string") return null;
  const match = OWN_ITEM.exec(id);
  const response = match === null ? "" : `resp_${match[1]}`;
  if (match === null || !response.startsWith(OWN_RESPONSE_PREFIX)) return null;
  return { response, at: Number(match[2]), id };
}

/** What an answer says that is whole, from its bytes: its id, and its items as they go back. */
export function responseIn(
  kept: readonly Uint8Array[],
  isStream: boolean,
): { readonly id: string; readonly output: readonly string[] } | null {
  const text = Buffer.concat(kept).toString();
  const read = parseJson(isStream ? text.slice(text.lastIndexOf(LAST_EVENT) + LAST_EVENT.length) : text);
  const response = isStream && isFields(read) ? read["response"] : read;
  if (!isFields(response)) return null;
  const { id, output, status } = response;
  const isWhole = status === "completed" || status === "incomplete";
  if (typeof id !== "string" || !Array.isArray(output) || !isWhole) return null;
  return { id, output: output.map(sentBack) };
}

const LAST_EVENT = "\ndata: ";

/** An item of ours as a provider takes it: its id and status mean nothing there. */
function sentBack(item: unknown): string {
  if (!isFields(item)) return "";
  // Reasoning without its encrypted text is the name of something that the provider does not have.
  if (item["type"] === "reasoning") {
    return typeof item["encrypted_content"] === "string" ? JSON.stringify(item) : "";
  }
  return JSON.stringify(without(item, "id", "status"));
}
