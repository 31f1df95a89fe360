import { fieldsOf, given, isFields, textIn, unpacked, type Fields } from "./fields.ts";
import { messagesFrom, systemFrom } from "./messages.ts";
import { protocolOfRequest, requestIn } from "./protocol-bodies.ts";
import { parametersFrom, toolChoiceFrom, toolsFrom } from "./tools.ts";

/**
 * A request of any of the known forms as a chat-completions request: bodies of chat completions, OpenAI Responses, Anthropic
 * and Gemini, an object with `messages`, a list of messages, a text. Null when it holds no messages.
 */
export function requestFrom(value: unknown, beside: Fields = {}): Fields | null {
  const body = unpacked(value);
  if (!isFields(body)) {
    const messages = messagesFrom(body);
    return messages === null ? null : requestOf({ messages }, beside);
  }
  const protocol = protocolOfRequest(body);
  const parsed =
    protocol === null ? null : requestIn(protocol, body, given({ model: textIn(beside, "model") }));
  if (parsed !== null) {
    const tools = given({
      tools: toolsFrom(beside["tools"]),
      tool_choice: toolChoiceFrom(beside["tool_choice"]),
    });
    return { ...parametersFrom(beside), ...tools, ...parsed };
  }
  const listed =
    body["messages"] ??
    body["input"] ??
    body["contents"] ??
    body["prompt"] ??
    (isMessage(body) ? [body] : undefined);
  const messages = messagesFrom(listed);
  if (messages === null) return null;
  const system = systemFrom(
    body["system"] ?? body["instructions"] ?? body["system_instruction"] ?? body["systemInstruction"],
  );
  return requestOf({ ...body, messages: [...system, ...messages] }, beside);
}

/** A chat-completions body stays as it is; of others the parameters that mean the same are taken. */
function requestOf(body: Fields, beside: Fields): Fields {
  const config = fieldsOf(body["generationConfig"] ?? body["generation_config"]);
  const isOwn =
    body["messages"] !== undefined && Object.keys(body).length > 1 && body["system"] === undefined;
  const all = { ...config, ...beside, ...body };
  const model = textIn(body, "model", "model_name") ?? textIn(beside, "model", "model_name");
  return {
    ...(isOwn ? kept(body) : {}),
    ...parametersFrom(renamed(all)),
    ...given({
      model: model ?? "unknown",
      messages: body["messages"],
      tools: toolsFrom(body["tools"] ?? beside["tools"]),
      tool_choice: toolChoiceFrom(body["tool_choice"] ?? beside["tool_choice"]),
    }),
  };
}

const isMessage = (body: Fields): boolean => typeof body["role"] === "string" && "content" in body;

// Not of the request: where it was found, what it is called elsewhere, who asked.
const NOT_KEPT = new Set([
  "contents",
  "generationConfig",
  "generation_config",
  "input",
  "instructions",
  "metadata",
  "prompt",
  "system",
  "systemInstruction",
  "system_instruction",
]);

const kept = (body: Fields): Fields =>
  given(Object.fromEntries(Object.entries(body).filter(([name]) => !NOT_KEPT.has(name))));

function renamed(all: Fields): Fields {
  const format = fieldsOf(all["text"])["format"];
  return {
    ...all,
    ...given({
      stop: all["stop"] ?? all["stop_sequences"] ?? all["stopSequences"],
      max_tokens: all["max_tokens"] ?? all["max_output_tokens"] ?? all["maxOutputTokens"] ?? all["maxTokens"],
      top_p: all["top_p"] ?? all["topP"],
      frequency_penalty: all["frequency_penalty"] ?? all["frequencyPenalty"],
      presence_penalty: all["presence_penalty"] ?? all["presencePenalty"],
      response_format: all["response_format"] ?? responsesFormat(format) ?? geminiFormat(all),
    }),
  };
}

function responsesFormat(format: unknown): unknown {
  if (!isFields(format) || format["type"] !== "json_schema") return format;
  const { type: _, ...schema } = format;
  return { type: "json_schema", json_schema: schema };
}

function geminiFormat(all: Fields): unknown {
  if (all["responseMimeType"] !== "application/json") return undefined;
  const schema = all["responseSchema"] ?? all["responseJsonSchema"];
  return schema === undefined
    ? { type: "json_object" }
    : { type: "json_schema", json_schema: { name: "answer", schema } };
}
