import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Protocol, ProtocolName } from "../protocol.ts";
import { protocols } from "./protocols.ts";
import {
  anyRequest,
  anyResponse,
  breachesOf,
  bytesOf,
  plainRequest,
  saidBy,
  stepsIn,
  translated,
} from "../../../test/translations.ts";

const all = [...protocols.values()];
const pairs = all.flatMap((from) => all.map((to): [ProtocolName, ProtocolName] => [from.name, to.name]));
// Every name is in the map.
const named = (name: ProtocolName): Protocol => protocols.get(name) as Protocol;

const folded = (protocol: Protocol, pieces: readonly Uint8Array[], isStream: boolean) => {
  const fold = protocol.fold(200, isStream);
  for (const piece of pieces) fold.push(piece);
  return fold.end();
};

describe.each(all.map(({ name }) => name))("requests of %s", (name) => {
  const protocol = named(name);

  test("a request of ours comes back the same, but for what is named as lost", () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const { body, lost } = protocol.writeRequest(request);
        const path = { model: request.model, isStream: request.stream === true };
        const parsed = protocol.parse(body, path);
        if (!parsed.ok) throw new Error(parsed.message);
        const [before, after] = [plainRequest(request), plainRequest(parsed.request)];
        for (const field of lost) Reflect.deleteProperty(before, field);
        // Anthropic requires a limit.
        if (before["max_tokens"] === undefined && name === "messages")
          Reflect.deleteProperty(after, "max_tokens");
        expect(after).toEqual(before);
        expect(lost.filter((field) => !(LOST[name] ?? []).includes(field))).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  test("any JSON is a request or one line that says what is wrong, never an exception", () => {
    const near = fc.record(
      {
        model: fc.oneof(fc.constant("m"), fc.jsonValue()),
        messages: fc.oneof(
          fc.jsonValue(),
          fc.array(
            fc.record({ role: fc.constantFrom("user", "assistant", "tool"), content: fc.jsonValue() }),
          ),
        ),
        contents: fc.oneof(
          fc.jsonValue(),
          fc.array(fc.record({ role: fc.constantFrom("user", "model"), parts: fc.array(fc.jsonValue()) })),
        ),
        input: fc.oneof(
          fc.jsonValue(),
          fc.array(
            fc.record({
              type: fc.constantFrom("message", "function_call", "reasoning"),
              content: fc.jsonValue(),
            }),
          ),
        ),
        system: fc.jsonValue(),
        tools: fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue())),
        tool_choice: fc.jsonValue(),
        toolConfig: fc.jsonValue(),
        text: fc.jsonValue(),
        metadata: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(near, fc.jsonValue()), (value) => {
        const parsed = protocol.parse(Buffer.from(JSON.stringify(value)), { model: "m" });
        if (parsed.ok) for (const to of all) to.writeRequest(parsed.request);
        else expect(parsed.message).toMatch(/^[^\n]+$/);
      }),
      { numRuns: 300 },
    );
  });
});

/** Of the generated fields, those that a protocol has no words for. docs/protocols.md lists all. */
const LOST: { readonly [name in ProtocolName]?: readonly string[] } = {
  responses: ["stop", "seed"],
  messages: ["seed"],
  gemini: ["user", "parallel_tool_calls"],
  converse: ["seed", "user", "parallel_tool_calls"],
};

describe.each(all.map(({ name }) => name))("answers of %s", (name) => {
  const protocol = named(name);

  test.each([false, true])("an answer of ours is read as it was written (stream: %s)", (isStream) => {
    fc.assert(
      fc.property(anyResponse, (response) => {
        const { response: read, error } = folded(protocol, [bytesOf(protocol, response, isStream)], isStream);
        expect(error).toBe(null);
        expect(saidBy(read)).toEqual(saidBy(response));
      }),
    );
  });

  test("a stream and a plain answer of the same content fold to the same call", () => {
    fc.assert(
      fc.property(anyResponse, (response) => {
        const [plain, stream] = [false, true].map((isStream) =>
          folded(protocol, [bytesOf(protocol, response, isStream)], isStream),
        );
        expect(stream).toEqual(plain);
      }),
    );
  });

  test("a stream cut anywhere gives the same steps, in order, with one last", () => {
    fc.assert(
      fc.property(anyResponse, fc.array(fc.nat(), { maxLength: 6 }), (response, cuts) => {
        const bytes = bytesOf(protocol, response, true);
        const whole = stepsIn(protocol, [bytes], true);
        const at = [0, ...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length];
        const pieces = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        expect(stepsIn(protocol, pieces, true)).toEqual(whole);
        expect(breachesOf(whole)).toEqual([]);
      }),
    );
  });

  test("a broken answer is steps in order, the last an error or a finish, and never an exception", () => {
    fc.assert(
      fc.property(
        anyResponse,
        fc.boolean(),
        fc.nat(),
        fc.uint8Array({ maxLength: 12 }),
        (response, isStream, at, noise) => {
          const bytes = bytesOf(protocol, response, isStream);
          const cut = at % bytes.length;
          const broken = [
            bytes.subarray(0, cut),
            noise,
            bytes.subarray(Math.min(bytes.length, cut + (at % 9))),
          ];
          for (const pieces of [broken, [bytes.subarray(0, cut)], [bytes, bytes]])
            expect(breachesOf(stepsIn(protocol, pieces, isStream))).toEqual([]);
        },
      ),
    );
  });

  test.each([false, true])("usageOf() finds the counts that the fold finds (stream: %s)", (isStream) => {
    fc.assert(
      fc.property(anyResponse, fc.boolean(), (response, isLong) => {
        const content = isLong ? '"usage":{"input_tokens":9,'.repeat(4000) : response.message.content;
        const bytes = bytesOf(protocol, { ...response, message: { ...response.message, content } }, isStream);
        const pieces = [bytes.subarray(0, 100), bytes.subarray(100)];
        expect(protocol.usageOf(pieces, isStream)).toEqual(folded(protocol, pieces, isStream).usage);
      }),
      { numRuns: 20 },
    );
  });
});

describe.each(pairs)("from %s to %s", (from, to) => {
  test.each([false, true])("an answer says the same after translation (stream: %s)", (isStream) => {
    fc.assert(
      fc.property(anyResponse, (response) => {
        const bytes = translated(named(from), named(to), bytesOf(named(from), response, isStream), isStream);
        const { response: read, error } = folded(named(to), [bytes], isStream);
        expect(error).toBe(null);
        expect(saidBy(read)).toEqual(saidBy(response));
      }),
      { numRuns: 40 },
    );
  });

  test("a request says the same after translation", () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const path = { model: request.model, isStream: request.stream === true };
        const first = named(from).parse(named(from).writeRequest(request).body, path);
        if (!first.ok) throw new Error(first.message);
        const { body, lost } = named(to).writeRequest(first.request);
        const second = named(to).parse(body, path);
        if (!second.ok) throw new Error(second.message);
        const [before, after] = [plainRequest(first.request), plainRequest(second.request)];
        for (const field of lost) Reflect.deleteProperty(before, field);
        if (before["max_tokens"] === undefined) Reflect.deleteProperty(after, "max_tokens");
        expect(after).toEqual(before);
      }),
      { numRuns: 40 },
    );
  });
});
