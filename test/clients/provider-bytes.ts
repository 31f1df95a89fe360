import type { MadeAnswer } from "../../src/models/index.ts";

// What the providers themselves send, written by hand after their documentation and recorded exchanges (November 2026), and not by our own
// writers: a client that reads these through the gateway reads what it would read without it.

/** What a model says: a text, or a call of one tool. */
export type Said = { readonly text: string } | { readonly tool: string; readonly input: object };

const PIECES = 3;
const piecesOf = (text: string): string[] => {
  const size = Math.max(1, Math.ceil(text.length / PIECES));
  return Array.from({ length: Math.ceil(text.length / size) }, (_, at) =>
    text.slice(at * size, (at + 1) * size),
  );
};
const event = (data: { readonly type: string; readonly [field: string]: unknown }): string =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;

export function chatAnswer(said: Said, isStream: boolean): MadeAnswer {
  const id = "chatcmpl-Bx1";
  const head = {
    id,
    created: 1772445600,
    model: "gpt-4o-2024-08-06",
    service_tier: "default",
    system_fingerprint: "fp_1",
  };
  const usage = { prompt_tokens: 20, completion_tokens: 5, total_tokens: 25 };
  const finish_reason = "text" in said ? "stop" : "tool_calls";
  if (!isStream) {
    const message =
      "text" in said
        ? { role: "assistant", content: said.text, refusal: null, annotations: [] }
        : {
            role: "assistant",
            content: null,
            refusal: null,
            tool_calls: [chatCall(said, JSON.stringify(said.input))],
          };
    const choices = [{ index: 0, message, logprobs: null, finish_reason }];
    return { pieces: [JSON.stringify({ ...head, object: "chat.completion", choices, usage })] };
  }
  const chunk = (delta: object, finish: string | null = null): string =>
    `data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }], usage: null })}\n\n`;
  const deltas =
    "text" in said
      ? [
          chunk({ role: "assistant", content: "", refusal: null }),
          ...piecesOf(said.text).map((content) => chunk({ content })),
        ]
      : [
          chunk({ role: "assistant", content: null, tool_calls: [{ index: 0, ...chatCall(said, "") }] }),
          ...piecesOf(JSON.stringify(said.input)).map((piece) =>
            chunk({ tool_calls: [{ index: 0, function: { arguments: piece } }] }),
          ),
        ];
  const end = `data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", choices: [], usage })}\n\n`;
  return { isStream: true, pieces: [...deltas, chunk({}, finish_reason), end, "data: [DONE]\n\n"] };
}

const chatCall = (said: { readonly tool: string }, text: string): object => ({
  id: "call_Qw1",
  type: "function",
  function: { name: said.tool, arguments: text },
});

export function responsesAnswer(said: Said, isStream: boolean): MadeAnswer {
  const usage = {
    input_tokens: 20,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 5,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 25,
  };
  const response = {
    id: "resp_68a",
    object: "response",
    created_at: 1772445600,
    status: "completed",
    error: null,
    incomplete_details: null,
    instructions: null,
    model: "gpt-4o-2024-08-06",
    parallel_tool_calls: true,
    tool_choice: "auto",
    tools: [],
    temperature: 1,
    top_p: 1,
    metadata: {},
  };
  const item = responsesItem(said, "completed");
  const whole = { ...response, output: [item], usage };
  if (!isStream) return { pieces: [JSON.stringify(whole)] };
  let sequence_number = 0;
  const at = { item_id: "item_1", output_index: 0 };
  const send = (data: { readonly type: string; readonly [field: string]: unknown }): string =>
    event({ ...data, sequence_number: sequence_number++ });
  const part = { type: "output_text", text: "", annotations: [], logprobs: [] };
  const inner =
    "text" in said
      ? [
          send({ type: "response.content_part.added", ...at, content_index: 0, part }),
          ...piecesOf(said.text).map((delta) =>
            send({ type: "response.output_text.delta", ...at, content_index: 0, delta, logprobs: [] }),
          ),
          send({ type: "response.output_text.done", ...at, content_index: 0, text: said.text, logprobs: [] }),
          send({
            type: "response.content_part.done",
            ...at,
            content_index: 0,
            part: { ...part, text: said.text },
          }),
        ]
      : [
          ...piecesOf(JSON.stringify(said.input)).map((delta) =>
            send({ type: "response.function_call_arguments.delta", ...at, delta }),
          ),
          send({
            type: "response.function_call_arguments.done",
            ...at,
            arguments: JSON.stringify(said.input),
          }),
        ];
  const begun = { ...response, status: "in_progress", output: [], usage: null };
  return {
    isStream: true,
    pieces: [
      send({ type: "response.created", response: begun }),
      send({ type: "response.in_progress", response: begun }),
      send({ type: "response.output_item.added", output_index: 0, item: responsesItem(said, "in_progress") }),
      ...inner,
      send({ type: "response.output_item.done", output_index: 0, item }),
      send({ type: "response.completed", response: whole }),
    ],
  };
}

function responsesItem(said: Said, status: string): object {
  const isDone = status === "completed";
  if ("text" in said) {
    const content = isDone ? [{ type: "output_text", text: said.text, annotations: [], logprobs: [] }] : [];
    return { id: "item_1", type: "message", status, role: "assistant", content };
  }
  const text = isDone ? JSON.stringify(said.input) : "";
  return {
    id: "item_1",
    type: "function_call",
    status,
    call_id: "call_Qw1",
    name: said.tool,
    arguments: text,
  };
}

export function messagesAnswer(said: Said, isStream: boolean): MadeAnswer {
  const stop_reason = "text" in said ? "end_turn" : "tool_use";
  const message = {
    id: "msg_01Bx",
    type: "message",
    role: "assistant",
    model: "claude-sonnet-4-5-20250929",
    stop_sequence: null,
  };
  const usage = {
    input_tokens: 20,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: 5,
  };
  if (!isStream) {
    const content =
      "text" in said
        ? [{ type: "text", text: said.text }]
        : [{ type: "tool_use", id: "toolu_01A", name: said.tool, input: said.input }];
    return { pieces: [JSON.stringify({ ...message, content, stop_reason, usage })] };
  }
  const start =
    "text" in said
      ? { type: "text", text: "" }
      : { type: "tool_use", id: "toolu_01A", name: said.tool, input: {} };
  const deltas =
    "text" in said
      ? piecesOf(said.text).map((text) => ({ type: "text_delta", text }))
      : piecesOf(JSON.stringify(said.input)).map((partial_json) => ({
          type: "input_json_delta",
          partial_json,
        }));
  const begun = { ...message, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } };
  return {
    isStream: true,
    pieces: [
      event({ type: "message_start", message: begun }),
      event({ type: "content_block_start", index: 0, content_block: start }),
      event({ type: "ping" }),
      ...deltas.map((delta) => event({ type: "content_block_delta", index: 0, delta })),
      event({ type: "content_block_stop", index: 0 }),
      event({
        type: "message_delta",
        delta: { stop_reason, stop_sequence: null },
        usage: { output_tokens: 5 },
      }),
      event({ type: "message_stop" }),
    ],
  };
}
