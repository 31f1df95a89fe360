import { expect, test } from "vitest";
import type { Json } from "../../core/index.ts";
import { arrangerFor } from "./arrange.ts";

const point: Json = { type: "object", properties: { x: { type: "integer" }, y: { type: "integer" } } };

test("arrangerFor() puts properties into the order of the schema, at every depth", () => {
  const schema: Json = {
    type: "object",
    properties: { at: { $ref: "#/$defs/point" }, list: { type: "array", items: { $ref: "#/$defs/point" } } },
    additionalProperties: { type: "null" },
    $defs: { point },
  };
  const value: Json = { extra: null, list: [{ y: 1, x: 2 }], at: { y: 3 } };
  expect(JSON.stringify(arrangerFor(schema)(value))).toBe(
    '{"at":{"y":3},"list":[{"x":2,"y":1}],"extra":null}',
  );
});
test("arrangerFor() takes the first option of a union that holds", () => {
  const other: Json = { type: "object", properties: { y: { type: "string" }, x: { type: "string" } } };
  const arrange = arrangerFor({ anyOf: [point, other] });
  expect(JSON.stringify([arrange({ x: "a", y: "b" }), arrange({ y: 1, x: 2 })])).toBe(
    '[{"y":"b","x":"a"},{"x":2,"y":1}]',
  );
});
test("arrangerFor() leaves what the schema does not allow as it is", () => {
  expect(JSON.stringify(arrangerFor(point)([{ y: 1, x: 2 }]))).toBe('[{"y":1,"x":2}]');
});
