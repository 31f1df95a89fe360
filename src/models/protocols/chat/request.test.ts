import { describe, expect, test } from "vitest";
import type { ParsedRequest } from "../../protocol.ts";
import { parseChatRequest } from "./request.ts";

const parse = (value: unknown): ParsedRequest => parseChatRequest(Buffer.from(JSON.stringify(value)));
const user = { role: "user", content: "Hi" };

describe("parseChatRequest()", () => {
  test("keeps fields it does not know", () => {
    const body = { model: "m", messages: [user], reasoning_effort: "low", brand_new: { a: [1] } };
    expect(parse(body)).toEqual({ ok: true, request: body });
  });

  test.each([
    ["a list", [], null],
    ["no model", { messages: [user] }, "model"],
    ["no messages", { model: "m" }, "messages"],
    ["an empty list of messages", { model: "m", messages: [] }, "messages"],
    ["a message that is text", { model: "m", messages: ["Hi"] }, "messages[0]"],
    ["a role that is a number", { model: "m", messages: [{ role: 1 }] }, "messages[0].role"],
    [
      "content that is an object",
      { model: "m", messages: [{ role: "user", content: {} }] },
      "messages[0].content",
    ],
    [
      "a part that is text",
      { model: "m", messages: [{ role: "user", content: ["a"] }] },
      "messages[0].content[0]",
    ],
    [
      "a tool call without a name",
      { model: "m", messages: [{ role: "assistant", tool_calls: [{}] }] },
      "messages[0].tool_calls[0]",
    ],
    ["tools that are an object", { model: "m", messages: [user], tools: {} }, "tools"],
    ["a stream that is text", { model: "m", messages: [user], stream: "yes" }, "stream"],
  ])("refuses %s and names the field", (_, body, param) => {
    expect(parse(body)).toMatchObject({ ok: false, param });
  });

  test("refuses what is not JSON, and what nests too deep", () => {
    expect(parseChatRequest(Buffer.from('{"model": '))).toMatchObject({ ok: false, param: null });
    const deep = `{"model":"m","messages":${"[".repeat(5000)}${"]".repeat(5000)}}`;
    expect(parseChatRequest(Buffer.from(deep))).toMatchObject({
      ok: false,
      message: expect.stringContaining("deeper"),
    });
  });

  test("gives custom and hosted tools a function by which the house knows them", () => {
    const parsed = parse({
      model: "m",
      messages: [
        {
          role: "assistant",
          tool_calls: [{ id: "c", type: "custom", custom: { name: "run", input: "ls" } }],
        },
      ],
      tools: [{ type: "web_search" }, { type: "custom", custom: { name: "run" } }],
    });
    const request = parsed.ok ? parsed.request : undefined;
    expect(request?.tools?.map((tool) => tool.function.name)).toEqual(["web_search", "run"]);
    expect(request?.messages[0].tool_calls?.[0].function).toEqual({ name: "run", arguments: "ls" });
  });
});
