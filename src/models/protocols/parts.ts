import type { ChatRequest, ContentPart, Tool } from "../../core/index.ts";
import { nonEmpty, type Fields } from "./fields.ts";

/** Content as Chat Completions has it: one plain text is a string, anything else a list of parts. */
export function contentOf(parts: readonly ContentPart[]): string | readonly ContentPart[] | null {
  if (parts.length === 0) return null;
  const [first] = parts;
  const isPlain = parts.length === 1 && first.type === "text" && Object.keys(first).length === 2;
  return isPlain ? (first.text ?? "") : parts;
}

/** The parts of a message's content. */
export function partsOf(content: unknown): readonly ContentPart[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  // Checked when the request was read: each is an object with a type.
  return Array.isArray(content) ? (content as readonly ContentPart[]) : [];
}

export function imagePart(url: string, more: Fields = {}): ContentPart {
  return { type: "image_url", image_url: { url, ...more } };
}

export function dataUrl(mediaType: unknown, data: unknown): string {
  return `data:${nonEmpty(mediaType) ?? "application/octet-stream"};base64,${nonEmpty(data) ?? ""}`;
}

/** The two halves of a base64 data URL; null for any other URL. */
export function splitDataUrl(url: string): { readonly mediaType: string; readonly data: string } | null {
  const head = /^data:([^;,]+)(?:;[^;,]+)*;base64,/.exec(url.slice(0, 200));
  return head === null ? null : { mediaType: head[1], data: url.slice(head[0].length) };
}

/** Arguments as the object that most protocols carry; text that is no JSON object stands in one field. */
export function argumentsObject(text: string): Fields {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  } catch {
    // Broken arguments are the model's; they go back as they are.
  }
  return { arguments: text };
}

/** An object as the arguments of a tool call. */
export function argumentsText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? {});
}

/** Names of the tools of a request that take a text instead of arguments. */
export function customToolsOf(request: ChatRequest): ReadonlySet<string> {
  return new Set(
    toolsIn(request)
      .filter(({ type }) => type === "custom")
      .map((tool) => tool.function.name),
  );
}

/** The tools of a request; none where there is no list of them. */
export function toolsIn({ tools }: ChatRequest): readonly Tool[] {
  return Array.isArray(tools) ? (tools as readonly Tool[]) : [];
}
