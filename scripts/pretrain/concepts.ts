import type { Concept } from "./concept.ts";
import { LEISURE_CONCEPTS } from "./concepts-leisure.ts";
import { WORK_CONCEPTS } from "./concepts-work.ts";

const CONCEPTS: ReadonlyMap<string, Concept> = new Map([...LEISURE_CONCEPTS, ...WORK_CONCEPTS]);

/** The concept of this name. */
export function conceptOf(name: string): Concept {
  const found = CONCEPTS.get(name);
  if (found === undefined) throw new RangeError(`no concept "${name}"`);
  return found;
}
