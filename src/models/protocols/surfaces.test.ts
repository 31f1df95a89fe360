import { describe, expect, test } from "vitest";
import { ERROR_CODES, type ChatRequest, type ChatResponse, type ErrorCode } from "../../core/index.ts";
import type { Protocol, ProtocolName } from "../protocol.ts";
import { asking, bytesOf, stepsIn } from "../../../test/translations.ts";
import { without } from "./fields.ts";
import { protocols } from "./protocols.ts";
import { writeResponse } from "./writing.ts";

// Every name is in the map.
const named = (name: ProtocolName): Protocol => protocols.get(name) as Protocol;

function parsed(name: ProtocolName, body: unknown): ChatRequest {
  const read = named(name).parse(Buffer.from(JSON.stringify(body)), { model: "m" });
  if (!read.ok) throw new Error(read.message);
  return read.request;
}

const SCHEMA = { type: "object", properties: { city: { type: "string" } } };
const PNG = "iVBORw0KGgo=";

/** One question, as each surface has it. */
const ASKED: { readonly [name in ProtocolName]: unknown } = {
  chat: {
    model: "m",
    messages: [
      { role: "system", content: "Be brief." },
      {
        role: "user",
        content: [
          { type: "text", text: "What is this?" },
          { type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } },
        ],
      },
      {
        role: "assistant",
        content: "Let me see.",
        tool_calls: [
          { id: "call_1", type: "function", function: { name: "look", arguments: '{"city":"Ulm"}' } },
        ],
      },
      { role: "tool", tool_call_id: "call_1", content: "A spire." },
      { role: "user", content: "So?" },
    ],
    tools: [{ type: "function", function: { name: "look", description: "Looks.", parameters: SCHEMA } }],
  },
  responses: {
    model: "m",
    instructions: "Be brief.",
    input: [
      {
        role: "user",
        content: [
          { type: "input_text", text: "What is this?" },
          { type: "input_image", image_url: `data:image/png;base64,${PNG}`, detail: "auto" },
        ],
      },
      {
        type: "message",
        role: "assistant",
        id: "msg_1",
        status: "completed",
        content: [{ type: "output_text", text: "Let me see.", annotations: [] }],
      },
      {
        type: "function_call",
        id: "fc_1",
        call_id: "call_1",
        name: "look",
        arguments: '{"city":"Ulm"}',
        status: "completed",
      },
      { type: "function_call_output", call_id: "call_1", output: "A spire." },
      { role: "user", content: "So?" },
    ],
    tools: [{ type: "function", name: "look", description: "Looks.", parameters: SCHEMA, strict: false }],
  },
  messages: {
    model: "m",
    max_tokens: 100,
    system: "Be brief.",
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "What is this?" },
          { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "text", text: "Let me see." },
          { type: "tool_use", id: "call_1", name: "look", input: { city: "Ulm" } },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "call_1", content: [{ type: "text", text: "A spire." }] },
          { type: "text", text: "So?" },
        ],
      },
    ],
    tools: [{ name: "look", description: "Looks.", input_schema: SCHEMA }],
  },
  gemini: {
    system_instruction: { parts: [{ text: "Be brief." }] },
    contents: [
      {
        role: "user",
        parts: [{ text: "What is this?" }, { inline_data: { mime_type: "image/png", data: PNG } }],
      },
      {
        role: "model",
        parts: [
          { text: "Let me see." },
          { functionCall: { id: "call_1", name: "look", args: { city: "Ulm" } } },
        ],
      },
      {
        role: "user",
        parts: [{ functionResponse: { id: "call_1", name: "look", response: { output: "A spire." } } }],
      },
      { role: "user", parts: [{ text: "So?" }] },
    ],
    tools: [
      {
        functionDeclarations: [
          {
            name: "look",
            description: "Looks.",
            parameters: { type: "OBJECT", properties: { city: { type: "STRING" } } },
          },
        ],
      },
    ],
  },
  converse: {
    system: [{ text: "Be brief." }],
    messages: [
      {
        role: "user",
        content: [{ text: "What is this?" }, { image: { format: "png", source: { bytes: PNG } } }],
      },
      {
        role: "assistant",
        content: [
          { text: "Let me see." },
          { toolUse: { toolUseId: "call_1", name: "look", input: { city: "Ulm" } } },
        ],
      },
      {
        role: "user",
        content: [{ toolResult: { toolUseId: "call_1", content: [{ text: "A spire." }] } }, { text: "So?" }],
      },
    ],
    toolConfig: {
      tools: [{ toolSpec: { name: "look", description: "Looks.", inputSchema: { json: SCHEMA } } }],
    },
  },
};

describe.each([...protocols.keys()])("a question over %s", (name) => {
  test("is the question that it would have been over Chat Completions", () => {
    const { messages, tools } = parsed(name, ASKED[name]);
    // Gemini names the function in its result.
    const asked = messages.map((message) => without(message, new Set(["name"])));
    expect({ messages: asked, tools }).toEqual({
      messages: parsed("chat", ASKED.chat).messages,
      tools: parsed("chat", ASKED.chat).tools,
    });
  });

  test("keeps fields that are new", () => {
    const body = { ...(ASKED[name] as object), brandnew: { a: [1] } };
    expect(parsed(name, body)["brandnew"]).toEqual({ a: [1] });
  });

  test("says what is wrong with a body, and where", () => {
    const wrongs = [
      "",
      "[]",
      "{}",
      '{"model":"m","messages":[1],"input":[1],"contents":[1]}',
      `{"model":"m","x":${"[".repeat(300)}${"]".repeat(300)}}`,
    ];
    const said = wrongs.map((body) => named(name).parse(Buffer.from(body), { model: "m" }));
    expect(said.map(({ ok }) => ok)).toEqual([false, false, false, false, false]);
  });
});

const SPECIALIST: ChatResponse = {
  message: {
    role: "assistant",
    content: null,
    tool_calls: [
      {
        id: "call_understudy_1a2b",
        type: "function",
        function: { name: "look", arguments: '{"city":"Ulm"}' },
      },
    ],
  },
  finish_reason: "tool_calls",
};

describe.each([
  ["chat", "call_understudy_1a2b"],
  ["responses", "call_understudy_1a2b"],
  ["messages", "toolu_understudy_1a2b"],
  ["gemini", "call_understudy_1a2b"],
  ["converse", "tooluse_understudy_1a2b"],
] as const)("a specialist's tool call over %s", (name, shown) => {
  test.each([false, true])("is shown with an id of the protocol's style (stream: %s)", (isStream) => {
    const text = Buffer.from(bytesOf(named(name), SPECIALIST, isStream)).toString();
    expect(text).toContain(`"${shown}"`);
    expect(text.match(/[a-z]+_understudy/g)?.every((id) => shown.startsWith(id))).toBe(true);
  });

  test("is known again when its result comes back", () => {
    const messages = [
      { role: "user", content: "?" },
      SPECIALIST.message,
      { role: "tool", tool_call_id: "call_understudy_1a2b", content: "A spire." },
    ];
    const { body } = named(name).writeRequest({ model: "m", messages });
    expect(Buffer.from(body).toString()).toContain(shown);
    const read = named(name).parse(body, { model: "m" });
    expect(read.ok && read.request.messages.at(-1)?.tool_call_id).toBe("call_understudy_1a2b");
  });
});

describe.each([...protocols.keys()])("an error of the house over %s", (name) => {
  const protocol = named(name);

  test("has a status, a message and the form that the protocol's reader takes for an error", () => {
    for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
      const { status, body } = protocol.writeError(code, "Cannot do it: try again", "model");
      expect(status).toBe(name === "messages" && code === "overloaded" ? 529 : ERROR_CODES[code].status);
      const [step, ...more] = stepsOfError(protocol, status, body);
      expect(more).toEqual([]);
      expect(step).toMatchObject({ type: "error", status });
      expect(JSON.stringify(step)).toContain("Cannot do it: try again");
    }
  });

  test("ends a stream that has begun", () => {
    const writer = protocol.writer(asking(true), { id: "x", createdS: 1, model: "m" });
    const begun = [
      writer.push({ type: "start", id: null, model: null }),
      writer.push({ type: "text-delta", text: "Hel" }),
    ];
    const steps = stepsIn(
      protocol,
      [...begun, protocol.streamError("upstream-timeout", "No more came")],
      true,
    );
    expect(steps.at(-1)?.type).toBe("error");
    expect(JSON.stringify(steps.at(-1))).toContain("No more came");
  });

  test("keeps the words of another provider's error", () => {
    const writer = protocol.writer(asking(false), { id: "x", createdS: 1, model: "m" });
    const bytes = writer.push({
      type: "error",
      status: 429,
      error: { type: "rate_limit_error", message: "Slow down" },
    });
    expect(Buffer.from(bytes).toString()).toContain("Slow down");
    expect(stepsOfError(protocol, 429, JSON.parse(Buffer.from(bytes).toString()))).toHaveLength(1);
  });
});

function stepsOfError(protocol: Protocol, status: number, body: unknown) {
  const reader = protocol.reader(status, false);
  return [...reader.push(Buffer.from(JSON.stringify(body))), ...reader.end()];
}

describe("reasoning", () => {
  const DETAILS = [
    { type: "reasoning.text", text: "Hm.", format: "anthropic-claude-v1", signature: "sig" },
    { type: "reasoning.encrypted", data: "secret", format: "anthropic-claude-v1" },
  ];
  const CLAUDE: ChatResponse = {
    message: { role: "assistant", content: "Ulm.", reasoning_content: "Hm.", reasoning_details: DETAILS },
    finish_reason: "stop",
    usage: { prompt_tokens: 1, completion_tokens: 1 },
  };

  test.each(["messages", "converse", "chat"] as const)("keeps what Claude wants back, over %s", (name) => {
    for (const isStream of [false, true]) {
      const fold = named(name).fold(200, isStream);
      fold.push(bytesOf(named(name), CLAUDE, isStream));
      const message = fold.end().response?.message;
      expect(message?.["reasoning_content"]).toBe("Hm.");
      // Over Chat Completions the text streams apart from its proof.
      if (name !== "chat" || !isStream) expect(message?.["reasoning_details"]).toEqual(DETAILS);
      else expect(JSON.stringify(message?.["reasoning_details"])).toContain('"signature":"sig"');
    }
  });

  test("goes back to Claude, and to no one else", () => {
    const messages = [{ role: "user", content: "?" }, CLAUDE.message, { role: "user", content: "!" }];
    const written = (name: ProtocolName) => named(name).writeRequest({ model: "m", messages });
    expect(Buffer.from(written("messages").body).toString()).toContain(
      '{"type":"thinking","thinking":"Hm.","signature":"sig"}',
    );
    for (const name of ["chat", "responses", "gemini"] as const) {
      expect(Buffer.from(written(name).body).toString()).not.toContain("sig");
      expect(written(name).lost.join()).toMatch(/reasoning/);
    }
  });

  test("an OpenAI item keeps its encrypted text and its id", () => {
    const item = {
      type: "reasoning",
      id: "rs_1",
      summary: [{ type: "summary_text", text: "Hm." }],
      encrypted_content: "gAAA",
    };
    const input = [
      { role: "user", content: "?" },
      item,
      { role: "assistant", content: "Ulm." },
      { role: "user", content: "!" },
    ];
    const { body } = named("responses").writeRequest(parsed("responses", { model: "m", input }));
    expect(Buffer.from(body).toString()).toContain(
      JSON.stringify({ type: "reasoning", id: "rs_1", summary: item.summary, encrypted_content: "gAAA" }),
    );
  });

  test("a call of Gemini's keeps its thought signature; one of another model says that it has none", () => {
    const contents = [
      { role: "user", parts: [{ text: "?" }] },
      { role: "model", parts: [{ functionCall: { name: "look", args: {} }, thoughtSignature: "sig" }] },
      { role: "user", parts: [{ functionResponse: { name: "look", response: { output: "x" } } }] },
    ];
    const text = Buffer.from(named("gemini").writeRequest(parsed("gemini", { contents })).body).toString();
    expect(text).toContain('"thoughtSignature":"sig"');
    const other = named("gemini").writeRequest(parsed("messages", ASKED.messages)).body;
    expect(Buffer.from(other).toString()).toContain('"thoughtSignature":"skip_thought_signature_validator"');
  });
});

test("a Responses stream has the events of OpenAI's, in their order and numbered", () => {
  const response: ChatResponse = { ...SPECIALIST, message: { ...SPECIALIST.message, content: "See:" } };
  const pieces = [
    ...writeResponse(named("responses"), asking(true), response, { id: "x", createdS: 1, model: "m" }),
  ];
  const events = Buffer.concat(pieces)
    .toString()
    .split("\n\n")
    .filter((event) => event !== "")
    .map((event) => JSON.parse(event.split("data: ")[1]) as { type: string; sequence_number: number });
  expect(events.map(({ type }) => type.replace("response.", ""))).toEqual([
    "created",
    "in_progress",
    "output_item.added",
    "content_part.added",
    "output_text.delta",
    "output_text.done",
    "content_part.done",
    "output_item.done",
    "output_item.added",
    "function_call_arguments.delta",
    "function_call_arguments.done",
    "output_item.done",
    "completed",
  ]);
  expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index));
});

test("a Messages stream has the events of Anthropic's, block by block", () => {
  const response: ChatResponse = { ...SPECIALIST, message: { ...SPECIALIST.message, content: "See:" } };
  const text = Buffer.from(bytesOf(named("messages"), response, true)).toString();
  expect([...text.matchAll(/^event: (.*)$/gm)].map(([, event]) => event)).toEqual([
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
  ]);
});
