import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json } from "../../core/index.ts";
import { grammarText } from "./compile.ts";
import { inOrder, schemaOfExamples } from "./schema-of-examples.ts";

const ajv = new Ajv2020({ strict: false, ownProperties: true });
// No "__proto__": ajv passes over a property of that name.
const keys = fc.constantFrom("a", "b", "c", "toString", "1", "");
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<Json>(null, true, false, 0, -1, 1.5, 1e300, "", "yes", "no"),
    fc.string(),
    fc.array(tie("json"), { maxLength: 3 }),
    fc.dictionary(keys, tie("json"), { maxKeys: 3 }).map((value): Json => value),
  ),
}));

describe("schemaOfExamples()", () => {
  test("never excludes an example, and gives a schema that a grammar holds", () => {
    fc.assert(
      fc.property(fc.array(json, { minLength: 1, maxLength: 12 }), (values) => {
        // As answers come: out of JSON.
        const examples = JSON.parse(JSON.stringify(values)) as readonly Json[];
        const schema = schemaOfExamples(examples);
        const isValid = ajv.compile(schema as object);
        expect(examples.filter((value) => !isValid(value))).toEqual([]);
        expect(grammarText({ schema })).toContain("root ::= ");
      }),
      { numRuns: 60 },
    );
  });
  test("keeps optional keys in the order of the examples", () => {
    const examples: Json[] = [{ a: 1, c: "x" }, { a: 2, b: true, c: "y" }, { c: "z" }];
    expect(JSON.stringify(schemaOfExamples(examples))).toBe(
      '{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"boolean"},"c":{"type":"string"}},"required":["c"],"additionalProperties":false}',
    );
  });
  test("closes a set of texts that are few and repeated", () => {
    const labels = ["no", "yes", "no", "yes", "no", "no", "yes", "no"];
    expect(schemaOfExamples(labels)).toEqual({ type: "string", enum: ["no", "yes"] });
    expect(schemaOfExamples(labels.slice(0, 6))).toEqual({ type: "string" });
    expect(schemaOfExamples([...labels, "maybe"])).toEqual({ type: "string", enum: ["maybe", "no", "yes"] });
    expect(schemaOfExamples([...labels, "a", "b"])).toEqual({ type: "string" });
  });
  test("joins types with anyOf, arrays by their items", () => {
    expect(schemaOfExamples([null, 1.5, [1], [], ["x"]])).toEqual({
      anyOf: [
        { type: "number" },
        { type: "null" },
        { type: "array", items: { anyOf: [{ type: "string" }, { type: "integer" }] } },
      ],
    });
  });
  test("takes objects with very many keys for maps", () => {
    const map = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`key ${index}`, index]));
    expect(schemaOfExamples([map])).toEqual({ type: "object", additionalProperties: { type: "integer" } });
  });
});

test("inOrder() keeps every order that the lists agree on, and every name once where they do not", () => {
  expect(
    inOrder([
      ["a", "c"],
      ["b", "c"],
      ["a", "b"],
    ]),
  ).toEqual(["a", "b", "c"]);
  expect(
    inOrder([
      ["a", "b"],
      ["b", "a"],
    ]).toSorted(),
  ).toEqual(["a", "b"]);
});
