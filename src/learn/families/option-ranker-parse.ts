import type { TaskInput } from "../../core/index.ts";
import { mainPart } from "../text/input-blocks.ts";

/** A thing that may be chosen in one request. */
export type Option = {
  /** The text by which an answer names it. */
  readonly name: string;
  /** Name and description as the request gives them. */
  readonly text: string;
};

/** What is asked and what may be answered. */
export type Question = { readonly query: string; readonly options: readonly Option[] };

/** Where options stand in a request; a task keeps one reading, the one that finds its answers. Earlier ones are tried first. */
export const READINGS = [
  "item-name",
  "tool",
  "line-name",
  "listed",
  "quoted",
  "item-marker",
  "item-body",
] as const;
export type Reading = (typeof READINGS)[number];

/** More candidates than this are a document, not a choice. */
export const MAX_OPTIONS = 256;

/** The options of a request under a reading, each name once, and the asking text without the lines that offer them. */
export function readQuestion(input: TaskInput, reading: Reading): Question {
  const main = mainPart(input.parts);
  const options = new Map<string, Option>();
  const add = (option: Option): void => {
    if (option.name !== "" && options.size < MAX_OPTIONS && !options.has(option.name))
      options.set(option.name, option);
  };
  if (reading === "tool") for (const name of input.tools) add({ name, text: name });
  const query: string[] = [];
  for (const [place, part] of input.parts.entries()) {
    for (const line of part.text.split("\n")) {
      const found = reading === "tool" ? [] : optionsIn(line, reading);
      for (const option of found) add(option);
      // A quoted name may stand inside the question itself; such a line still asks.
      if (place === main && (found.length === 0 || reading === "quoted")) query.push(line);
    }
  }
  return { query: query.join("\n"), options: [...options.values()] };
}

const ITEM = /^\s*(?:[-*•+]|\(?(\d{1,3}|[A-Za-z])[.):])\s+(\S.*)$/u;
// A name ends at a colon or at a dash between spaces.
const NAMED = /^(.{1,100}?)(?::\s+|\s+[-–—]\s+)(\S.*)$/u;
const QUOTED = /["`]([^"`\n]{1,100})["`]/gu;
const MIN_LISTED = 3;

function optionsIn(line: string, reading: Exclude<Reading, "tool">): Option[] {
  if (reading === "listed") return listed(line);
  if (reading === "quoted") return [...line.matchAll(QUOTED)].map(([, name]) => ({ name, text: name }));
  if (reading === "line-name") {
    const named = NAMED.exec(line);
    return named === null || ITEM.test(line) ? [] : [{ name: bare(named[1]), text: line }];
  }
  const item = ITEM.exec(line);
  if (item === null) return [];
  const [, marker, body] = item;
  if (reading === "item-marker") return marker === undefined ? [] : [{ name: marker, text: body }];
  if (reading === "item-body") return [{ name: body.trim(), text: body }];
  return [{ name: bare(NAMED.exec(body)?.[1] ?? body), text: body }];
}

/** "Teams: billing, sales, support" offers three. */
function listed(line: string): Option[] {
  const names = line
    .replace(/^[^:,]{1,60}:\s+/u, "")
    .split(/,\s*|\s+\|\s+/u)
    .map((name) => bare(name.replace(/^(?:and|or)\s+|\.$/gu, "")));
  return names.length < MIN_LISTED ? [] : names.map((name) => ({ name, text: name }));
}

/** A name without the marks around it: quotes, backticks, bold, a colon at its end. */
const bare = (name: string): string => name.trim().replace(/^[*_`"']+|[*_`"':]+$/gu, "");
