import { expect, test } from "vitest";
import type { ChatRequest } from "../core/index.ts";
import { createFormReader } from "./form.ts";

const request = (fields: Partial<ChatRequest>): ChatRequest => ({ model: "m", messages: [], ...fields });
const asking = (schema: object): ChatRequest =>
  request({ response_format: { type: "json_schema", json_schema: { name: "answer", schema } } });
const offering = (name: string, description?: string, parameters?: object): ChatRequest =>
  request({ tools: [{ type: "function", function: { name, description, parameters } }] });

function formOf(...requests: readonly ChatRequest[]) {
  const reader = createFormReader();
  for (const one of requests) reader.read(one);
  return reader.form();
}

test("createFormReader() keeps the newest schema, and every tool as it was last described", () => {
  const older = { type: "object", properties: { city: { type: "string" } } };
  const newer = { type: "object", properties: { town: { type: "string" } } };
  expect(
    formOf(
      asking(older),
      offering("book", "Books"),
      offering("find", "Old words", older),
      asking(newer),
      offering("find", "New words", newer),
      request({}),
    ),
  ).toEqual({
    schema: newer,
    tools: [
      { name: "book", description: "Books", parameters: null },
      { name: "find", description: "New words", parameters: newer },
    ],
  });
});

test.each([
  ["without a form", request({})],
  ["for any JSON", request({ response_format: { type: "json_object" } })],
  [
    "for a schema that is not there",
    request({ response_format: { type: "json_schema", json_schema: null } }),
  ],
  ["for a form of another kind", request({ response_format: "json" })],
])("createFormReader() knows nothing from a request %s", (_, asked) => {
  expect(formOf(asked)).toBeNull();
});

test("createFormReader() masks what tools and schemas say, and not their names", () => {
  const parameters = { properties: { to: { type: "string", description: "Not bob.ray@example.com" } } };
  expect(formOf(offering("send_mail", "Ask ann.lee@example.com first", parameters))).toEqual({
    schema: null,
    tools: [
      {
        name: "send_mail",
        description: "Ask <EMAIL_1> first",
        parameters: { properties: { to: { type: "string", description: "Not <EMAIL_2>" } } },
      },
    ],
  });
});
