import { describe, expect, test } from "vitest";
import { scriptedProvider } from "../scripted.ts";
import { ask, chain, inTurn, ok, unreachable } from "./testing.ts";
import type { UpstreamProvider } from "./upstreams.ts";

describe("what goes out", () => {
  test("the target's name of the model stands in the body, all else is as the client wrote it", async () => {
    const provider = inTurn("a", ok);
    const body = Buffer.from(
      '{ "messages":[ {"role":"user","content":"\\u00e9 \\"model\\":\\"m\\""} ], "model" : "m", "n":1.0 }',
    );
    await ask(chain([provider], { models: ["gpt-4.1"] }), { body });
    expect(Buffer.from(provider.asked[0].body).toString()).toBe(
      body.toString().replace('"model" : "m"', '"model" : "gpt-4.1"'),
    );
  });

  test("a client's credentials do not reach a provider that it did not mean", async () => {
    const seen: boolean[] = [];
    const second = inTurn("b", ok);
    const spying: UpstreamProvider = {
      ...second,
      file: {
        ...second.file,
        prepare: (call, account, hasOwnKey) => (
          seen.push(hasOwnKey),
          second.file.prepare(call, account, hasOwnKey)
        ),
      },
    };
    await ask(chain([inTurn("a", unreachable), spying]), { headers: { authorization: "Bearer sk-of-a" } });
    expect(seen).toEqual([true]);
  });

  test("a provider of another protocol is asked in its own, and answers in the client's", async () => {
    const provider = scriptedProvider(({ protocol, body }) => {
      const { max_tokens, messages } = JSON.parse(Buffer.from(body).toString()) as {
        max_tokens?: number;
        messages?: unknown;
      };
      expect([protocol, typeof max_tokens, Array.isArray(messages)]).toEqual(["messages", "number", true]);
      return {
        pieces: [
          '{"id":"msg_1","type":"message","role":"assistant","model":"c","content":[{"type":"text","text":"Hé"}],"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":2}}',
        ],
      };
    }, "a");
    const other: UpstreamProvider = { ...provider, file: { ...provider.file, protocols: ["messages"] } };
    const { said: events, bytes } = await ask(chain([other]));
    expect(events).toEqual(["head 200", "end"]);
    expect(JSON.parse(bytes)).toMatchObject({
      object: "chat.completion",
      choices: [{ message: { content: "Hé" }, finish_reason: "stop" }],
      usage: { prompt_tokens: 3, completion_tokens: 2 },
    });
  });
});
