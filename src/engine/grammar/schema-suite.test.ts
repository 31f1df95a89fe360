import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { seededRandom, type Json } from "../../core/index.ts";
import { compileGrammar, type Vocabulary } from "./compile.ts";

/** A schema with values that its grammar must and must not allow. */
type Case = {
  readonly name: string;
  readonly schema: Json;
  readonly valid: readonly Json[];
  readonly invalid: readonly Json[];
};

// The table is ours; it is read as what it was written as.
const CASES = JSON.parse(
  readFileSync(`${import.meta.dirname}/fixtures/schema-cases.json`, "utf8"),
) as readonly Case[];
const END = 256;
const words = ['{"', '":', '","', "true", "null", "name", "12", "ab", "é", "😀", '"}', "\\n", "\\u00", "]}"];
const tokens = [
  ...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)),
  new Uint8Array(0),
  ...words.map((word) => new TextEncoder().encode(word)),
];
const vocabulary: Vocabulary = { size: tokens.length, eosTokenIds: [END], tokenBytes: (id) => tokens[id] };
// Drafts differ in names only; 1e-6: 0.07 / 0.01 is not whole in floating point.
const ajv = new Ajv2020({ strict: false, multipleOfPrecision: 6, formats: { password: true, binary: true } });
addFormats.default(ajv);
const WALKS = 12;
/** From here on a walk takes what closes, where it may. */
const LONG = 60;

describe.each(CASES)("a grammar of $name", (item) => {
  const isValid = ajv.compile(item.schema as object);
  test.each(item.valid.map((value) => [value]))("allows %j", async (value) => {
    expect(isValid(value)).toBe(true);
    expect(await isTaken(item.schema, value)).toBe(true);
  });
  test.each(item.invalid.map((value) => [value]))("refuses %j", async (value) => {
    expect(await isTaken(item.schema, value)).toBe(false);
  });
  test("lets a random walk write valid answers only", async () => {
    const texts = await walks(item.schema);
    const wrong = texts.filter((text) => !isValid(JSON.parse(text)));
    expect(wrong).toEqual([]);
  });
});

/** The compact text of the value, byte by byte and then the end. */
async function isTaken(schema: Json, value: Json): Promise<boolean> {
  const matcher = (await compileGrammar({ schema }, vocabulary)).matcher();
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  const isWhole = bytes.every((byte) => matcher.accept(byte)) && matcher.accept(END);
  matcher.dispose();
  return isWhole;
}

async function walks(schema: Json): Promise<string[]> {
  const grammar = await compileGrammar({ schema }, vocabulary);
  const random = seededRandom("walk");
  return Array.from({ length: WALKS }, () => {
    const matcher = grammar.matcher();
    const bytes: number[] = [];
    for (let step = 0; step < 3000; step += 1) {
      const mask = matcher.mask();
      const allowed = tokens.map((_, id) => id).filter((id) => (mask[id >> 5] >>> (id & 31)) & 1);
      const any = allowed[random.below(allowed.length)];
      const token = step >= LONG ? (closing(allowed) ?? any) : any;
      if (!matcher.accept(token)) throw new Error(`the mask allowed token ${token}, accept did not`);
      if (token === END) break;
      bytes.push(...tokens[token]);
    }
    const isDone = matcher.isDone();
    matcher.dispose();
    if (!isDone) throw new Error(`the walk did not end: ${Buffer.from(bytes).toString()}`);
    return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(bytes));
  });
}

/** What leads to the end of a text soonest: out of a string, an object, a list, or a part of an address. */
function closing(allowed: readonly number[]): number | undefined {
  const has = (letter: string): boolean => allowed.includes(letter.charCodeAt(0));
  const isInText = has("}") && has("x");
  const letters = isInText ? '"' : `}]":@.${has("{") ? "n" : ""}`;
  return [END, ...Buffer.from(letters)].find((id) => allowed.includes(id));
}
