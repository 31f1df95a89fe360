import type { ChatRequest, ContentPart, Message, Tool, ToolCall } from "../../../core/index.ts";
import type { ParsedRequest, SaidInPath } from "../../protocol.ts";
import {
  fieldsOf,
  given,
  isFields,
  nonEmpty,
  objects,
  readObject,
  stringOf,
  without,
  wrong,
  type Fault,
  type Fields,
} from "../fields.ts";
import { callIdFrom } from "../ids.ts";
import { argumentsText, contentOf, dataUrl, imagePart } from "../parts.ts";

/** Of Claude's on Bedrock, which alone signs its reasoning there. */
export const CONVERSE_PROOFS = "anthropic-claude-v1";

/** Reads the body of Bedrock's Converse or ConverseStream; the model stands in the path. */
export function parseConverseRequest(body: Uint8Array, path: SaidInPath = {}): ParsedRequest {
  const read = readObject(body);
  if (!read.ok) return read;
  const { value } = read;
  const model = nonEmpty(value["modelId"]) ?? path.model;
  if (model === undefined) return wrong("modelId", value["modelId"], "a model id in the path");
  const found = fault(value);
  if (found !== null) return found;
  const tools = fieldsOf(value["toolConfig"])["tools"];
  const system = contentOf(withCachePoints(objects(value["system"])).map(partOf));
  const request: ChatRequest = {
    ...without(value, RENAMED),
    ...given({ ...settingsOf(value), stream: path.isStream }),
    model,
    messages: [
      ...(system === null ? [] : [{ role: "system", content: system }]),
      ...objects(value["messages"]).flatMap(messagesOf),
    ],
    ...(Array.isArray(tools) ? { tools: withCachePoints(objects(tools)).map(toolOf) } : {}),
  };
  return { ok: true, request };
}

const RENAMED = new Set(
  (
    "modelId messages system toolConfig inferenceConfig outputConfig " +
    // What these would say over Chat Completions, they do not say here.
    "model tools tool_choice response_format stream"
  ).split(" "),
);

function fault(value: Fields): Fault | null {
  const { messages, system } = value;
  // Left out with a stored prompt.
  if (messages !== undefined && !Array.isArray(messages)) return wrong("messages", messages, "a list");
  for (const [index, message] of objects(messages).entries()) {
    const { role, content } = message;
    if (typeof role !== "string") return wrong(`messages[${index}].role`, role, "a role");
    if (!Array.isArray(content)) return wrong(`messages[${index}].content`, content, "a list of blocks");
  }
  if ((messages ?? []).length !== objects(messages).length)
    return wrong("messages", messages, "a list of objects");
  if (objects(messages).length === 0 && value["promptVariables"] === undefined)
    return wrong("messages", messages, "a list of at least one message");
  return system === undefined || system === null || Array.isArray(system)
    ? null
    : wrong("system", system, "a list");
}

/** A cache point says of the block before it what `cache_control` says of a block itself. */
function withCachePoints(blocks: readonly Fields[]): readonly Fields[] {
  const marked: Fields[] = [];
  for (const block of blocks) {
    const last = marked.at(-1);
    if (!isFields(block["cachePoint"]) || last === undefined) marked.push(block);
    else marked[marked.length - 1] = { ...last, cache_control: { type: "ephemeral" } };
  }
  return marked;
}

function messagesOf(message: Fields): readonly Message[] {
  const blocks = withCachePoints(objects(message["content"]));
  return message["role"] === "assistant" ? [assistantOf(blocks)] : userOf(stringOf(message["role"]), blocks);
}

function userOf(role: string, blocks: readonly Fields[]): readonly Message[] {
  const messages: Message[] = [];
  let parts: ContentPart[] = [];
  const flush = (): void => {
    if (parts.length > 0) messages.push({ role, content: contentOf(parts) });
    parts = [];
  };
  for (const block of blocks) {
    if (!isFields(block["toolResult"])) {
      parts.push(partOf(block));
      continue;
    }
    flush();
    const { toolUseId, content, status } = block["toolResult"];
    messages.push({
      role: "tool",
      tool_call_id: callIdFrom(stringOf(toolUseId)),
      content: contentOf(objects(content).map(partOf)) ?? "",
      ...given({ is_error: status === "error" ? true : undefined, cache_control: block["cache_control"] }),
    });
  }
  flush();
  return messages.length > 0 ? messages : [{ role, content: "" }];
}

function partOf(block: Fields): ContentPart {
  const cache = given({ cache_control: block["cache_control"] });
  const image = fieldsOf(block["image"]);
  const document = fieldsOf(block["document"]);
  const data = fieldsOf((isFields(block["image"]) ? image : document)["source"])["bytes"];
  if (typeof block["text"] === "string") return { type: "text", text: block["text"], ...cache };
  const guarded = fieldsOf(fieldsOf(block["guardContent"])["text"])["text"];
  if (typeof guarded === "string") return { type: "text", text: guarded, ...cache };
  if (block["json"] !== undefined) return { type: "text", text: JSON.stringify(block["json"]), ...cache };
  if (isFields(block["image"]) && typeof data === "string")
    return { ...imagePart(dataUrl(`image/${stringOf(image["format"])}`, data)), ...cache };
  if (isFields(block["document"]) && typeof data === "string") {
    const file_data = dataUrl(documentType(stringOf(document["format"])), data);
    return { type: "file", file: given({ filename: nonEmpty(document["name"]), file_data }), ...cache };
  }
  return { type: Object.keys(block)[0] ?? "unknown", ...block };
}

export const DOCUMENT_TYPES: ReadonlyMap<string, string> = new Map([
  ["pdf", "application/pdf"],
  ["csv", "text/csv"],
  ["html", "text/html"],
  ["txt", "text/plain"],
  ["md", "text/markdown"],
]);

function documentType(format: string): string {
  return DOCUMENT_TYPES.get(format) ?? `application/${format}`;
}

function assistantOf(blocks: readonly Fields[]): Message {
  const parts: ContentPart[] = [];
  const calls: ToolCall[] = [];
  const details: Fields[] = [];
  const others: Fields[] = [];
  for (const block of blocks) {
    if (typeof block["text"] === "string") parts.push(partOf(block));
    else if (isFields(block["toolUse"])) calls.push(callOf(block["toolUse"], block["cache_control"]));
    else if (isFields(block["reasoningContent"])) details.push(detailOf(block["reasoningContent"]));
    else others.push(block);
  }
  const reasoning = details.map((detail) => stringOf(detail["text"])).join("");
  const hasProof = details.some((detail) => detail["format"] !== undefined);
  return {
    role: "assistant",
    content: contentOf(parts),
    ...given({
      reasoning_content: nonEmpty(reasoning),
      reasoning_details: hasProof ? details : undefined,
      tool_calls: calls.length > 0 ? calls : undefined,
      other_content: others.length > 0 ? others : undefined,
    }),
  };
}

function callOf(use: Fields, cache_control: unknown): ToolCall {
  return {
    id: callIdFrom(stringOf(use["toolUseId"])),
    type: "function",
    function: { name: stringOf(use["name"]), arguments: argumentsText(use["input"]) },
    ...given({ cache_control }),
  };
}

function detailOf(content: Fields): Fields {
  const data = nonEmpty(content["redactedContent"]);
  if (data !== undefined) return { type: "reasoning.encrypted", data, format: CONVERSE_PROOFS };
  const { text, signature } = fieldsOf(content["reasoningText"]);
  const said = { type: "reasoning.text", text: stringOf(text) };
  return nonEmpty(signature) === undefined ? said : { ...said, format: CONVERSE_PROOFS, signature };
}

function toolOf(tool: Fields): Tool {
  const spec = tool["toolSpec"];
  if (!isFields(spec)) {
    const [name] = Object.keys(tool);
    return { type: name ?? "unknown", ...tool, function: { name: name ?? "unknown" } };
  }
  const { name, description, inputSchema, strict } = spec;
  const { json } = fieldsOf(inputSchema);
  const named = { name: stringOf(name), description: nonEmpty(description), parameters: json, strict };
  return { type: "function", function: given(named), ...given({ cache_control: tool["cache_control"] }) };
}

function settingsOf(value: Fields): Fields {
  const config = fieldsOf(value["inferenceConfig"]);
  const choice = fieldsOf(fieldsOf(value["toolConfig"])["toolChoice"]);
  const { name } = fieldsOf(choice["tool"]);
  return {
    max_tokens: config["maxTokens"],
    temperature: config["temperature"],
    top_p: config["topP"],
    stop: config["stopSequences"],
    response_format: formatOf(value["outputConfig"]),
    tool_choice: isFields(choice["auto"])
      ? "auto"
      : isFields(choice["any"])
        ? "required"
        : typeof name === "string"
          ? { type: "function", function: { name } }
          : undefined,
  };
}

function formatOf(output: unknown): unknown {
  const { structure } = fieldsOf(fieldsOf(output)["textFormat"]);
  const { name, description, schema } = fieldsOf(fieldsOf(structure)["jsonSchema"]);
  if (typeof schema !== "string") return undefined;
  const read = readObject(Buffer.from(schema));
  if (!read.ok) return undefined;
  const json_schema = given({
    name: nonEmpty(name) ?? "answer",
    description,
    schema: read.value,
    strict: true,
  });
  return { type: "json_schema", json_schema };
}
