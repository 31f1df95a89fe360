import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ChatRequest, Message } from "../../core/index.ts";
import { formatOf } from "../formats.ts";
import { callOf, callsOfFinetune } from "../parse.ts";
import { asFinetune, FORMS } from "./index.ts";
import { contentOf, told, WRITERS } from "../../../test/collect/writers.ts";

const pseudonym = (): string => "u";
// LangChain writes an empty text beside tool calls: to us the same.
const sameText = (message: Message): Message =>
  message.content === "" && message.tool_calls !== undefined ? { ...message, content: null } : message;

describe("a call written in a form and read again is the call", () => {
  test.each(Object.entries(WRITERS))("%s", (_, { format, write }) => {
    fc.assert(
      fc.property(told, (one) => {
        const record = JSON.parse(JSON.stringify(write(one))) as { readonly [field: string]: unknown };
        expect(formatOf(record)).toBe(format);
        const [found] = FORMS[format as keyof typeof FORMS].read(record);
        if (found.kind !== "call") throw new RangeError(`no call: ${found.kind}`);
        const call = callOf(found.draft, pseudonym);
        const { message, finish_reason } = call.response ?? { message: null, finish_reason: null };
        const request: ChatRequest = call.request;
        expect({
          model: request.model,
          messages: request.messages.map(sameText),
          tools: request.tools ?? [],
          answer: message === null ? null : sameText(message),
          finish_reason,
          usage: [call.usage.inputTokens, call.usage.outputTokens],
        }).toEqual({
          model: "m",
          messages: one.messages,
          tools: one.tools,
          answer: one.answer,
          finish_reason: "stop",
          usage: one.usage,
        });
      }),
      { numRuns: 60 },
    );
  });

  test("ShareGPT, without tools", () => {
    const plain = told.map(({ messages, answer, ...rest }) => ({
      ...rest,
      messages: messages.filter(({ role, tool_calls }) => role !== "tool" && tool_calls === undefined),
      answer: { role: "assistant", content: contentOf(answer) || "x" },
    }));
    fc.assert(
      fc.property(plain, ({ messages, answer }) => {
        const from = (role: string): string =>
          role === "user" ? "human" : role === "assistant" ? "gpt" : role;
        const record = {
          conversations: [...messages, answer].map(({ role, content }) => ({
            from: from(role),
            value: content,
          })),
        };
        const call = callsOfFinetune(asFinetune(record), pseudonym).at(-1);
        expect([call?.request.messages, call?.response?.message]).toEqual([messages, answer]);
      }),
      { numRuns: 60 },
    );
  });
});
