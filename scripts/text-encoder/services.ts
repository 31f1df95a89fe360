// Requests to everyday services, drawn from the ways of speaking in services.txt.
import { readFileSync } from "node:fs";
import type { Random } from "../../src/core/index.ts";
import { chance, pick } from "../pretrain/draw.ts";

/** The ways of speaking and the named lists that they draw of. */
export interface Services {
  readonly lines: readonly string[];
  readonly lists: ReadonlyMap<string, readonly string[]>;
}

export function readServices(file: string | URL): Services {
  const lists = new Map<string, readonly string[]>();
  const lines: string[] = [];
  for (const line of readFileSync(file, "utf8").split("\n")) {
    const list = /^(\w+) = (.*)$/.exec(line);
    if (list !== null) lists.set(list[1], list[2].split("|"));
    else if (line !== "" && !line.startsWith("#")) lines.push(line);
  }
  return { lines, lists };
}

/** One request: now and then with a greeting, a capital or a mark at its end, as people write. */
export function serviceRequest({ lines, lists }: Services, random: Random): string {
  const named = (text: string): string =>
    text.replace(/\{(\w+)\}/g, (_, name: string) => named(pick(random, listOf(lists, name))));
  const chosen = (text: string): string => {
    const next = text.replace(/\[([^[\]]*)\]/g, (_, parts: string) => pick(random, parts.split("|")));
    return next === text ? text : chosen(next);
  };
  let text = named(chosen(pick(random, lines)))
    .replace(/\s+/g, " ")
    .trim();
  if (chance(random, 0.08))
    text = `${pick(random, listOf(lists, "hello"))}${chance(random, 0.5) ? "," : ""} ${text}`;
  if (chance(random, 0.05)) text = `${text} ${pick(random, listOf(lists, "thanks"))}`;
  if (chance(random, 0.4)) text = text[0].toUpperCase() + text.slice(1);
  return chance(random, 0.3) && /\w$/.test(text) ? `${text}${chance(random, 0.6) ? "?" : "."}` : text;
}

function listOf(lists: ReadonlyMap<string, readonly string[]>, name: string): readonly string[] {
  const found = lists.get(name);
  if (found === undefined) throw new Error(`Cannot draw a request: services.txt has no list named ${name}`);
  return found;
}
