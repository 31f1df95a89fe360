import type { Json } from "../../core/index.ts";

/** A schema with values that its grammar must and must not allow. */
export type Case = {
  readonly name: string;
  readonly schema: Json;
  readonly valid: readonly Json[];
  readonly invalid: readonly Json[];
};

const text = { type: "string" };

export const CASES: readonly Case[] = [
  {
    name: "an enum of mixed types",
    schema: { enum: ["a", 1, 1.5, null, true, ["x"], { k: "v" }] },
    valid: ["a", 1, 1.5, null, true, ["x"], { k: "v" }],
    invalid: ["b", 2, false, [], {}],
  },
  {
    name: "an enum with quotes and emoji",
    schema: { type: "string", enum: ['say "hi"', "naïve 😀", "a\nb"] },
    valid: ['say "hi"', "naïve 😀", "a\nb"],
    invalid: ["say hi", "a b"],
  },
  {
    name: "an enum under a type",
    schema: { type: "integer", enum: [1, "2", 3] },
    valid: [1, 3],
    invalid: ["2", 2],
  },
  {
    name: "a const",
    schema: { const: { a: [1, null] } },
    valid: [{ a: [1, null] }],
    invalid: [{ a: [1] }, null],
  },
  {
    name: "booleans and null",
    schema: { type: ["boolean", "null"] },
    valid: [true, false, null],
    invalid: [0, "true"],
  },
  {
    name: "required and optional properties",
    schema: {
      type: "object",
      properties: { a: text, b: { type: "integer" }, c: { type: "boolean" } },
      required: ["b"],
    },
    valid: [{ b: 1 }, { a: "x", b: 1 }, { b: 1, c: true }, { a: "", b: -1, c: false }],
    invalid: [{}, { a: "x" }, { b: "1" }, { b: 1, a: "x" }, { b: 1, d: 1 }],
  },
  {
    name: "all optional",
    schema: { type: "object", properties: { a: text, b: text } },
    valid: [{}, { a: "1" }, { b: "1" }, { a: "1", b: "2" }],
    invalid: [{ c: "1" }, { b: "1", a: "2" }],
  },
  { name: "no properties", schema: { type: "object", properties: {} }, valid: [{}], invalid: [{ a: 1 }] },
  {
    name: "a free object",
    schema: { type: "object" },
    valid: [{}, { a: 1 }, { a: { b: [1, "x", null] } }],
    invalid: [1, [], "x"],
  },
  {
    name: "required without properties",
    schema: { type: "object", required: ["a"] },
    valid: [{ a: 1 }, { a: 1, b: 2 }],
    invalid: [{}, { b: 1 }],
  },
  {
    name: "other properties of one type",
    schema: { type: "object", additionalProperties: { type: "integer" } },
    valid: [{}, { x: 1 }, { x: 1, "y z": 2, "": 3 }],
    invalid: [{ x: "1" }],
  },
  {
    name: "other properties beside declared ones",
    schema: {
      type: "object",
      properties: { a: { type: "integer" }, ab: { type: "integer" } },
      required: ["a"],
      additionalProperties: text,
    },
    valid: [{ a: 1 }, { a: 1, b: "x" }, { a: 1, ab: 2, abc: "x", aa: "y" }],
    invalid: [{ a: "x" }, { a: 1, ab: "x" }, { a: 1, b: 2 }],
  },
  {
    name: "names by a pattern",
    schema: { type: "object", patternProperties: { "^x-[a-z]+$": text }, additionalProperties: false },
    valid: [{}, { "x-a": "1" }],
    invalid: [{ y: "1" }, { "x-": "1" }],
  },
  {
    name: "names by a pattern beside declared ones",
    schema: {
      type: "object",
      properties: { id: { type: "integer" } },
      required: ["id"],
      patternProperties: { "^x-": text },
      additionalProperties: false,
    },
    valid: [{ id: 1 }, { id: 1, "x-a": "1" }],
    invalid: [
      { id: 1, y: "1" },
      { id: 1, "x-a": 1 },
    ],
  },
  {
    name: "property names",
    schema: { type: "object", propertyNames: { maxLength: 3 }, additionalProperties: true },
    valid: [{ abc: 1 }],
    invalid: [{ abcd: 1 }],
  },
  {
    name: "counted properties",
    schema: { type: "object", properties: { a: text, b: text, c: text }, minProperties: 1, maxProperties: 2 },
    valid: [{ a: "" }, { c: "" }, { a: "", c: "" }, { b: "", c: "" }],
    invalid: [{}, { a: "", b: "", c: "" }],
  },
  {
    name: "counted free properties",
    schema: { type: "object", additionalProperties: { type: "null" }, minProperties: 1, maxProperties: 3 },
    valid: [{ a: null }, { a: null, b: null, c: null }],
    invalid: [{}, { a: null, b: null, c: null, d: null }],
  },
  {
    name: "nested objects",
    schema: {
      type: "object",
      properties: {
        who: {
          type: "object",
          properties: {
            name: text,
            at: { type: "object", properties: { x: { type: "number" } }, required: ["x"] },
          },
          required: ["name", "at"],
        },
      },
      required: ["who"],
    },
    valid: [{ who: { name: "n", at: { x: 1.5 } } }],
    invalid: [{ who: { name: "n" } }, { who: {} }],
  },
  {
    name: "names that need escapes",
    schema: { type: "object", properties: { 'a"b': text, "é\n": text }, required: ['a"b', "é\n"] },
    valid: [{ 'a"b': "1", "é\n": "2" }],
    invalid: [{ ab: "1" }],
  },
  {
    name: "any integer",
    schema: { type: "integer" },
    valid: [0, -1, 7, 9007199254740991, -9007199254740991],
    invalid: [1.5, "1", null],
  },
  {
    name: "a range of integers",
    schema: { type: "integer", minimum: -12, maximum: 345 },
    valid: [-12, -9, 0, 9, 10, 99, 100, 345],
    invalid: [-13, 346, 1000, 0.5, -100],
  },
  {
    name: "an open range of integers",
    schema: { type: "integer", exclusiveMinimum: 0 },
    valid: [1, 10, 123456789],
    invalid: [0, -1],
  },
  {
    name: "integers below",
    schema: { type: "integer", exclusiveMaximum: -3 },
    valid: [-4, -40, -399],
    invalid: [-3, 0, 4],
  },
  {
    name: "bounds that are not whole",
    schema: { type: "integer", minimum: 0.5, maximum: 2.5 },
    valid: [1, 2],
    invalid: [0, 3],
  },
  {
    name: "int32",
    schema: { type: "integer", format: "int32" },
    valid: [2147483647, -2147483648],
    invalid: [2147483648],
  },
  {
    name: "multiples of an integer",
    schema: { type: "integer", multipleOf: 7, minimum: 10, maximum: 1000 },
    valid: [14, 21, 994],
    invalid: [7, 15, 1001],
  },
  {
    name: "multiples of a cent",
    schema: { type: "number", multipleOf: 0.01, minimum: 0, maximum: 10000 },
    valid: [0, 0.07, 12.5, 99.99],
    invalid: [0.001, -1],
  },
  {
    name: "whole numbers by multipleOf",
    schema: { type: "number", multipleOf: 5 },
    valid: [0, -5, 100],
    invalid: [1, 2.5],
  },
  {
    name: "any number",
    schema: { type: "number" },
    valid: [0, -0.5, 1e-7, 1.5e30, 123456.789],
    invalid: ["1", null],
  },
  {
    name: "a range of numbers",
    schema: { type: "number", minimum: -1.25, maximum: 10.5 },
    valid: [-1.25, -1.2, -0.001, 0, 9.99, 10.5],
    invalid: [-1.26, 10.51, 11, -2],
  },
  {
    name: "an exclusive range of numbers",
    schema: { type: "number", exclusiveMinimum: 0, exclusiveMaximum: 1 },
    valid: [0.5, 0.001, 0.999],
    invalid: [0, 1, 1.5, -0.5],
  },
  {
    name: "numbers near a bound with many digits",
    schema: { type: "number", exclusiveMinimum: 0.1, maximum: 0.30000000000000004 },
    valid: [0.2, 0.11, 0.3],
    invalid: [0.1, 0.31],
  },
  {
    name: "exclusive bounds of draft 4",
    schema: { type: "number", minimum: 5, exclusiveMaximum: 6 },
    valid: [5, 5.9],
    invalid: [6, 4.9],
  },
  {
    name: "any text",
    schema: text,
    valid: ["", "a", 'q"q', "back\\slash", "line\nbreak\t\u0001", "naïve 😀 漢字", "/"],
    invalid: [1, null],
  },
  {
    name: "lengths with escapes",
    schema: { type: "string", minLength: 2, maxLength: 4 },
    valid: ["ab", "a\n", '""', "😀😀", "é\t\\x", "abcd"],
    invalid: ["", "a", "😀", "abcde", "\n\n\n\n\n"],
  },
  {
    name: "a long bounded text",
    schema: { type: "string", maxLength: 200 },
    valid: ["", "x".repeat(63), "x".repeat(64), "x".repeat(199), "é".repeat(200), "\n".repeat(200)],
    invalid: ["x".repeat(201)],
  },
  {
    name: "a long text at least",
    schema: { type: "string", minLength: 130 },
    valid: ["x".repeat(130), "😀".repeat(131)],
    invalid: ["x".repeat(129)],
  },
  {
    name: "a long text between",
    schema: { type: "string", minLength: 70, maxLength: 150 },
    valid: ["x".repeat(70), "x".repeat(128), "x".repeat(150)],
    invalid: ["x".repeat(69), "x".repeat(151)],
  },
  {
    name: "an anchored pattern",
    schema: { type: "string", pattern: "^[A-Z]{2}\\d{3}$" },
    valid: ["AB123"],
    invalid: ["AB12", "AB1234", "xAB123", "ab123"],
  },
  {
    name: "an unanchored pattern",
    schema: { type: "string", pattern: "\\d{2}" },
    valid: ["12", "a12b", "x\n34", '"99"'],
    invalid: ["", "1", "a1b2"],
  },
  {
    name: "half-anchored alternatives",
    schema: { type: "string", pattern: "^a|b$" },
    valid: ["a", "ax", "xb", "b"],
    invalid: ["xax", "", "bx"],
  },
  {
    name: "classes and groups",
    schema: { type: "string", pattern: "^(?:\\w+@[^\\s@]+|(?<id>[^\\x00-\\x7f]+))$" },
    valid: ["a@b", "a_1@é", "é漢😀"],
    invalid: ["@b", "a b@c", "é a"],
  },
  {
    name: "a dot and escapes",
    schema: { type: "string", pattern: '^.\\.\\/"\\\\["\\]-]$' },
    valid: ['x./"\\"', '😀./"\\-', 'é./"\\]'],
    invalid: ['\n./"\\"', 'xx/"\\"'],
  },
  {
    name: "a Unicode property",
    schema: { type: "string", pattern: "^\\p{Lu}\\p{Ll}+$" },
    valid: ["Éa", "Anna", "Ωμ"],
    invalid: ["anna", "A1"],
  },
  {
    name: "a pattern with lengths",
    schema: { type: "string", pattern: "^[a-z_]+$", minLength: 3, maxLength: 5 },
    valid: ["abc", "a_b_c"],
    invalid: ["ab", "abcdef", "aB1"],
  },
  {
    name: "two patterns",
    schema: { allOf: [{ type: "string", pattern: "a" }, { pattern: "^[a-c]{1,3}$" }] },
    valid: ["a", "bac"],
    invalid: ["bb", "abcd"],
  },
  {
    name: "dates",
    schema: { type: "string", format: "date" },
    valid: ["2024-02-29", "1999-12-31"],
    invalid: ["2023-02-29", "2024-13-01", "24-01-01", "2024-04-31"],
  },
  {
    name: "dates with times",
    schema: { type: "string", format: "date-time" },
    valid: ["2024-02-29T23:59:59Z", "2024-01-01T00:00:00.123+02:00"],
    invalid: ["2024-01-01", "2024-01-01T24:00:00Z"],
  },
  {
    name: "times",
    schema: { type: "string", format: "time" },
    valid: ["10:20:30Z", "00:00:00-05:30"],
    invalid: ["10:20", "25:00:00Z"],
  },
  {
    name: "durations",
    schema: { type: "string", format: "duration" },
    valid: ["P1D", "PT5M", "P1Y2M3DT4H5M6S", "P2W"],
    invalid: ["P", "PT", "1D"],
  },
  {
    name: "e-mail addresses",
    schema: { type: "string", format: "email" },
    valid: ["a@b.co", "first.last+tag@x-y.example"],
    invalid: ["a@b", "@b.co", "a b@c.de"],
  },
  {
    name: "UUIDs",
    schema: { type: "string", format: "uuid" },
    valid: ["123e4567-e89b-12d3-a456-426614174000"],
    invalid: ["123e4567"],
  },
  {
    name: "URIs",
    schema: { type: "string", format: "uri" },
    valid: ["https://example.com/a?b=c#d", "mailto:a@b.co", "http://h:80/%20x/"],
    invalid: ["example.com", "http://a b"],
  },
  {
    name: "hostnames",
    schema: { type: "string", format: "hostname" },
    valid: ["a.b", "x-1.example.com"],
    invalid: ["-a", "a..b"],
  },
  {
    name: "IPv4 addresses",
    schema: { type: "string", format: "ipv4" },
    valid: ["0.0.0.0", "255.10.1.99"],
    invalid: ["256.1.1.1", "1.2.3"],
  },
  {
    name: "IPv6 addresses",
    schema: { type: "string", format: "ipv6" },
    valid: ["::", "::1", "2001:db8::8a2e:370:7334", "1:2:3:4:5:6:7:8", "1::"],
    invalid: [":", "1:2", "g::"],
  },
  {
    name: "base64",
    schema: { type: "string", format: "byte" },
    valid: ["", "YWJj", "YWI="],
    invalid: ["YWJ", "YW*j"],
  },
  {
    name: "arrays between two lengths",
    schema: { type: "array", items: { type: "integer" }, minItems: 1, maxItems: 3 },
    valid: [[1], [1, 2], [1, 2, 3]],
    invalid: [[], [1, 2, 3, 4], ["1"]],
  },
  {
    name: "arrays of any length",
    schema: { type: "array", items: text },
    valid: [[], ["a"], ["a", "b", "c"]],
    invalid: [[1], ["a", null]],
  },
  {
    name: "arrays from a length on",
    schema: { type: "array", items: { enum: [1, 2] }, minItems: 3 },
    valid: [
      [1, 1, 1],
      [1, 2, 1, 2, 1],
    ],
    invalid: [[1, 2]],
  },
  {
    name: "arrays of anything",
    schema: { type: "array" },
    valid: [[], [1, "a", null, [], {}]],
    invalid: [{}, 1],
  },
  {
    name: "tuples",
    schema: { type: "array", prefixItems: [text, { type: "integer" }], minItems: 2, items: false },
    valid: [["a", 1]],
    invalid: [["a"], [1, "a"], ["a", 1, 2]],
  },
  {
    name: "tuples with a rest",
    schema: { type: "array", prefixItems: [text], items: { type: "boolean" }, maxItems: 3 },
    valid: [[], ["a"], ["a", true, false]],
    invalid: [[true], ["a", true, true, true], ["a", 1]],
  },
  {
    name: "unique values of an enum",
    schema: { type: "array", items: { enum: ["a", "b", "c"] }, uniqueItems: true, minItems: 1 },
    valid: [["a"], ["c", "a", "b"]],
    invalid: [[], ["a", "a"], ["a", "b", "a"]],
  },
  {
    name: "anyOf",
    schema: {
      anyOf: [
        {
          type: "object",
          properties: { kind: { const: "a" }, x: { type: "integer" } },
          required: ["kind", "x"],
        },
        { type: "string" },
        { type: "null" },
      ],
    },
    valid: [{ kind: "a", x: 1 }, "s", null],
    invalid: [{ kind: "b", x: 1 }, 1],
  },
  {
    name: "oneOf told apart by a const",
    schema: {
      oneOf: [
        { type: "object", properties: { kind: { const: "a" }, x: { type: "integer" } }, required: ["kind"] },
        { type: "object", properties: { kind: { const: "b" }, y: text }, required: ["kind", "y"] },
      ],
    },
    valid: [{ kind: "a" }, { kind: "a", x: 1 }, { kind: "b", y: "" }],
    invalid: [{ kind: "b" }, { kind: "c" }, {}],
  },
  {
    name: "oneOf by type",
    schema: { oneOf: [{ type: "integer" }, { type: "string", maxLength: 2 }] },
    valid: [1, "ab"],
    invalid: ["abc", null],
  },
  {
    name: "anyOf of required beside properties",
    schema: {
      type: "object",
      properties: { a: text, b: text },
      anyOf: [{ required: ["a"] }, { required: ["b"] }],
    },
    valid: [{ a: "" }, { b: "" }, { a: "", b: "" }],
    invalid: [{}],
  },
  {
    name: "allOf joined",
    schema: {
      allOf: [
        { type: "object", properties: { a: { type: "integer", minimum: 0 } }, required: ["a"] },
        { type: "object", properties: { b: text, a: { maximum: 9 } }, required: ["b"] },
      ],
    },
    valid: [{ a: 9, b: "x" }],
    invalid: [{ a: 10, b: "x" }, { a: 1 }],
  },
  {
    name: "a reference",
    schema: {
      type: "object",
      properties: { p: { $ref: "#/$defs/p" }, q: { allOf: [{ $ref: "#/$defs/p" }], description: "also" } },
      required: ["p"],
      $defs: { p: { type: "object", properties: { x: { type: "integer" } }, required: ["x"] } },
    },
    valid: [{ p: { x: 1 } }, { p: { x: 1 }, q: { x: 2 } }],
    invalid: [{ p: {} }, {}],
  },
  {
    name: "recursion",
    schema: {
      $ref: "#/definitions/node",
      definitions: {
        node: {
          type: "object",
          properties: {
            value: { type: "integer" },
            next: { anyOf: [{ $ref: "#/definitions/node" }, { type: "null" }] },
          },
          required: ["value", "next"],
        },
      },
    },
    valid: [
      { value: 1, next: null },
      { value: 1, next: { value: 2, next: null } },
    ],
    invalid: [{ value: 1 }, { value: 1, next: {} }],
  },
  {
    name: "recursion at the root",
    schema: {
      type: "object",
      properties: { children: { type: "array", items: { $ref: "#" } } },
      required: ["children"],
    },
    valid: [{ children: [] }, { children: [{ children: [] }, { children: [] }] }],
    invalid: [{}, { children: [1] }],
  },
  {
    name: "an option that no finite value fills",
    schema: {
      anyOf: [{ type: "integer" }, { $ref: "#/$defs/endless" }],
      $defs: {
        endless: { type: "object", properties: { again: { $ref: "#/$defs/endless" } }, required: ["again"] },
      },
    },
    valid: [1],
    invalid: [{ again: 1 }],
  },
  {
    name: "unions of types",
    schema: { type: ["string", "integer", "array"], items: { type: "null" }, minimum: 3, maxLength: 1 },
    valid: ["a", 3, [null]],
    invalid: [2, "ab", [1]],
  },
  {
    name: "nullable",
    schema: { type: "integer", nullable: true, minimum: 0 },
    valid: [null, 0],
    invalid: [-1, "x"],
  },
  {
    name: "the empty schema",
    schema: {},
    valid: [null, true, 0, -1.5, "x", [], {}, { a: [{ b: null }] }],
    invalid: [],
  },
  {
    name: "a property of any value",
    schema: { type: "object", properties: { data: true, gone: false }, required: ["data"] },
    valid: [{ data: 1 }, { data: { x: [] } }],
    invalid: [{}, { data: 1, gone: 1 }],
  },
];
