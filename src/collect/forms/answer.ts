import type { Message } from "../../core/index.ts";
import { countIn, fieldsOf, given, isFields, listOf, textIn, unpacked, type Fields } from "./fields.ts";
import { answerIn, answerInStream, protocolOfAnswer } from "./protocol-bodies.ts";
import { looseCalls, messagesFrom, messagesOf, withPlainText } from "./messages.ts";

/**
 * The answer of a model in any of the known forms as `{message, finish_reason, usage?, model?}`: bodies of chat completions,
 * Anthropic, Gemini and Responses, lists of choices, LangChain generations, a message, a list of messages, a text. Null when
 * there is none.
 */
export function answerFrom(value: unknown): Fields | null {
  const output = isAnswerText(value) ? unpacked(value) : value;
  if (typeof output === "string") return said({ role: "assistant", content: output });
  if (Array.isArray(output)) return fromList(output);
  if (!isFields(output) || Object.keys(output).length === 0) return null;
  return fromBody(output) ?? fromMessage(output) ?? fromFields(output);
}

/**
 * The answer in the body of a provider's reply, also in the text of a stream. Null where the body is none that is known: an object is then
 * not taken for JSON that a model wrote.
 */
export function answerFromBody(value: unknown): Fields | null {
  const body = unpacked(value);
  if (typeof body === "string") return /^\s*(data|event):/.test(body) ? answerInStream(body) : null;
  return isFields(body)
    ? (fromBody(body) ?? (body["role"] === "assistant" ? fromMessage(body) : null))
    : null;
}

/** The finish reason in the words of chat completions; null when it is not told. */
export function finishOf(value: unknown): string | null {
  if (typeof value !== "string" || value === "") return null;
  const word = value.toLowerCase().replaceAll("-", "_");
  return FINISH[word] ?? word;
}

const FINISH: { readonly [word: string]: string } = {
  end_turn: "stop",
  stop_sequence: "stop",
  complete: "stop",
  completed: "stop",
  max_tokens: "length",
  max_output_tokens: "length",
  incomplete: "length",
  tool_use: "tool_calls",
  tool_call: "tool_calls",
  function_call: "tool_calls",
  safety: "content_filter",
  refusal: "content_filter",
};

/** Tokens under any of the names they go by, as chat completions count them; undefined when there is no count. */
export function usageFrom(value: unknown): Fields | undefined {
  const all = fieldsOf(unpacked(value));
  const prompt = countIn(
    all,
    "prompt_tokens",
    "input_tokens",
    "promptTokens",
    "inputTokens",
    "promptTokenCount",
    "input",
  );
  const completion = countIn(
    all,
    "completion_tokens",
    "output_tokens",
    "completionTokens",
    "outputTokens",
    "candidatesTokenCount",
    "output",
  );
  if (prompt === undefined && completion === undefined) return undefined;
  return given({ prompt_tokens: prompt, completion_tokens: completion });
}

/** The answer with what the export says beside it, where the answer itself does not say it. */
export function withDetails(
  answer: Fields | null,
  usage: Fields | undefined,
  model: string | undefined,
): Fields | null {
  if (answer === null) return null;
  return { ...given({ model, usage }), ...answer };
}

function said(message: Message, finish?: unknown): Fields {
  return { message, finish_reason: finishOf(finish) };
}

// JSON in a text is the answer's own text, unless it has the shape of an answer.
function isAnswerText(value: unknown): boolean {
  const inner = unpacked(value);
  if (typeof value !== "string" || typeof inner === "string") return false;
  if (Array.isArray(inner)) return inner.length > 0 && inner.every((one) => isFields(one) && isShaped(one));
  return isFields(inner) && isShaped(inner);
}

const SHAPES = ["choices", "candidates", "generations", "role", "message", "tool_calls", "toolCalls", "lc"];

const isShaped = (value: Fields): boolean =>
  SHAPES.some((name) => value[name] !== undefined && value[name] !== null) ||
  value["object"] === "response" ||
  value["type"] === "tool_use" ||
  value["type"] === "function_call" ||
  (value["type"] === "text" && typeof value["text"] === "string");

function fromList(list: readonly unknown[]): Fields | null {
  const [first] = list;
  if (Array.isArray(first)) return answerFrom(first);
  if (isFields(first) && isFields(first["message"])) return fromChoice(first);
  if (
    isFields(first) &&
    (first["text"] !== undefined || first["type"] !== undefined) &&
    first["role"] === undefined
  ) {
    // Blocks of one answer: Anthropic's, TensorZero's; or the items of a Responses answer.
    const items = messagesFrom(list);
    if (items !== null) return assistantOf(items);
    return fromMessage({ role: "assistant", content: list });
  }
  const finish = isFields(first) ? first["finish_reason"] : undefined;
  const messages = messagesFrom(list);
  return messages === null ? null : assistantOf(messages, finish);
}

function assistantOf(messages: readonly Message[], finish?: unknown): Fields | null {
  const message = messages.find(({ role }) => role === "assistant");
  if (message === undefined) return null;
  const { finish_reason: own, ...rest } = message;
  return said(withPlainText(rest), own ?? finish);
}

function fromChoice(choice: Fields): Fields | null {
  const read = messagesOf({ role: "assistant", ...fieldsOf(choice["message"]) });
  if (read === null) return null;
  const { message: _, index: __, logprobs, finish_reason: finish, ...rest } = choice;
  const told = finish ?? rest["finishReason"] ?? rest["done_reason"];
  return { ...assistantOf(read, told), ...given({ logprobs }) };
}

/** Whole bodies of the providers, told by their own fields. */
function fromBody(body: Fields): Fields | null {
  const protocol = protocolOfAnswer(body);
  const folded = protocol === null ? null : answerIn(protocol, body);
  if (folded !== null) return folded;
  const details = {
    model: textIn(body, "model", "modelVersion"),
    usage: usageFrom(body["usage"] ?? body["usageMetadata"]),
  };
  const [choice] = listOf(body["choices"]);
  if (choice !== undefined) {
    const answer = isFields(choice["message"])
      ? fromChoice(choice)
      : typeof choice["text"] === "string"
        ? said({ role: "assistant", content: choice["text"] }, choice["finish_reason"])
        : null;
    // Usage as it came says more than the two counts.
    return withDetails(answer, isFields(body["usage"]) ? { ...body["usage"] } : details.usage, details.model);
  }
  const [candidate] = listOf(body["candidates"]);
  if (candidate !== undefined) {
    const read = fromMessage({ ...fieldsOf(candidate["content"]), role: "assistant" });
    const finish = finishOf(candidate["finishReason"]);
    return withDetails(
      read === null ? null : { ...read, finish_reason: finish },
      details.usage,
      details.model,
    );
  }
  if (Array.isArray(body["generations"])) return fromGenerations(body);
  if (Array.isArray(body["output"])) {
    const answer = fromList(body["output"]);
    const finish =
      answer === null ? null : finishOf(fieldsOf(body["incomplete_details"])["reason"] ?? body["status"]);
    return withDetails(
      answer === null ? null : { ...answer, finish_reason: finish },
      details.usage,
      details.model,
    );
  }
  if (isFields(body["message"]) && body["role"] === undefined)
    return withDetails(fromChoice(body), details.usage, details.model);
  return fromOthers(body, details.usage);
}

/** Bedrock's Converse, and the text completions of Anthropic and Ollama. */
function fromOthers(body: Fields, usage: Fields | undefined): Fields | null {
  const { message } = fieldsOf(body["output"]);
  if (isFields(message) && Array.isArray(message["content"]))
    return withDetails(fromChoice({ message, finish_reason: body["stopReason"] }), usage, undefined);
  const text =
    body["type"] === "completion" ? body["completion"] : body["done"] === true ? body["response"] : undefined;
  if (typeof text !== "string") return null;
  return said({ role: "assistant", content: text }, body["stop_reason"] ?? body["done_reason"]);
}

function fromMessage(value: Fields): Fields | null {
  const read = messagesOf(
    value["role"] === undefined && value["lc"] === undefined ? { ...value, role: undefined } : value,
  );
  if (read === null) return null;
  const { finish_reason: own, stop_reason: stop, ...rest } = value;
  const details = fieldsOf(fieldsOf(value["kwargs"] ?? value)["response_metadata"]);
  const finish = own ?? stop ?? details["finish_reason"] ?? details["stop_reason"] ?? details["finishReason"];
  const answer = assistantOf(read, finish);
  if (answer === null) return null;
  const { stop_sequence: _, usage: __, ...message } = fieldsOf(answer["message"]);
  const isBody = rest["type"] === "message" && rest["usage"] !== undefined;
  const own_usage = usageFrom(
    value["usage"] ?? fieldsOf(value["kwargs"])["usage_metadata"] ?? value["usage_metadata"],
  );
  return withDetails(
    { ...answer, message: isBody ? withoutEnvelope(message) : message },
    own_usage,
    textIn(value, "model") ?? textIn(details, "model_name", "model"),
  );
}

// Of an Anthropic body the message alone is the message.
function withoutEnvelope(message: Fields): Fields {
  const { id: _, model: __, type: ___, stop_reason: ____, ...rest } = message;
  return rest;
}

function fromGenerations(body: Fields): Fields | null {
  const rows = (body["generations"] as readonly unknown[]).flat();
  const [first] = rows.filter(isFields);
  if (first === undefined) return null;
  const info = fieldsOf(first["generation_info"] ?? first["generationInfo"]);
  const output = fieldsOf(body["llm_output"] ?? body["llmOutput"]);
  const usage = usageFrom(output["token_usage"] ?? output["tokenUsage"] ?? output["usage"]);
  const answer = isFields(first["message"]) ? fromMessage(first["message"]) : null;
  const text = textIn(first, "text");
  const found = answer ?? (text === undefined ? null : said({ role: "assistant", content: text }));
  if (found === null) return null;
  const finish = found["finish_reason"] ?? finishOf(info["finish_reason"] ?? info["finishReason"]);
  return withDetails({ ...found, finish_reason: finish }, usage, textIn(output, "model_name", "model"));
}

/** An answer in loose fields (AI SDK: `{text, toolCalls, finishReason}`), or an object that is the answer: its JSON. */
function fromFields(output: Fields): Fields {
  const calls = looseCalls(output["tool_calls"] ?? output["toolCalls"]);
  const text = textIn(output, "text", "content", "completion", "output_text", "answer");
  const isLoose = Object.keys(output).every((name) => LOOSE.has(name));
  if (calls.length === 0 && (text === undefined || !isLoose))
    return said({ role: "assistant", content: JSON.stringify(output) });
  const message: Message = {
    role: "assistant",
    content: text ?? null,
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
  return said(message, output["finishReason"] ?? output["finish_reason"]);
}

const LOOSE = new Set([
  "text",
  "content",
  "completion",
  "output_text",
  "tool_calls",
  "toolCalls",
  "finishReason",
  "finish_reason",
  "reasoning",
  "usage",
  "refusal",
]);
