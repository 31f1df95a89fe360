import type { ChatRequest, ContentPart, Message, Tool } from "../../../core/index.ts";
import type { WrittenRequest } from "../../protocol.ts";
import { fieldsOf, given, isFields, nonEmpty, objects, stringOf, type Fields } from "../fields.ts";
import { callIdIn, plainCallId } from "../ids.ts";
import { argumentsObject, partsOf, splitDataUrl, toolsIn } from "../parts.ts";
import { jsonBytes } from "../writing.ts";
import { CONVERSE_PROOFS, DOCUMENT_TYPES } from "./request.ts";

export function writeConverseRequest(request: ChatRequest): WrittenRequest {
  const lost = new Set<string>();
  const { system, messages } = turnsOf(request.messages, lost);
  const body = given({
    messages,
    ...(system.length > 0 ? { system } : {}),
    inferenceConfig: inferenceOf(request),
    toolConfig: toolConfigOf(request, lost),
    outputConfig: outputOf(request, lost),
    ...ownFields(request, lost),
  });
  return { body: jsonBytes(body), lost: [...lost] };
}

const OWN = new Set(
  "guardrailConfig additionalModelRequestFields additionalModelResponseFieldPaths promptVariables requestMetadata performanceConfig serviceTier".split(
    " ",
  ),
);
const WRITTEN = new Set(
  "model messages max_tokens max_completion_tokens temperature top_p stop tools tool_choice response_format stream stream_options".split(
    " ",
  ),
);

function ownFields(request: ChatRequest, lost: Set<string>): Fields {
  const own: { [field: string]: unknown } = {};
  for (const [name, value] of Object.entries(request)) {
    if (value === undefined || value === null || WRITTEN.has(name)) continue;
    if (OWN.has(name)) own[name] = value;
    else lost.add(name);
  }
  return own;
}

function inferenceOf(request: ChatRequest): Fields | undefined {
  const { stop } = request;
  const config = given({
    maxTokens: request["max_completion_tokens"] ?? request["max_tokens"] ?? undefined,
    temperature: request["temperature"] ?? undefined,
    topP: request["top_p"] ?? undefined,
    stopSequences: typeof stop === "string" ? [stop] : (stop ?? undefined),
  });
  return Object.keys(config).length > 0 ? config : undefined;
}

type Turn = { readonly role: "user" | "assistant"; content: Fields[] };

/** Bedrock wants turns of user and assistant in turn: neighbours of one role become one. */
function turnsOf(
  messages: readonly Message[],
  lost: Set<string>,
): { readonly system: readonly Fields[]; readonly messages: readonly Turn[] } {
  const system: Fields[] = [];
  const turns: Turn[] = [];
  for (const message of messages) {
    if (message.role === "system" || message.role === "developer") {
      if (turns.length > 0) lost.add("messages.system in the middle");
      system.push(...blocksOf(message.content, lost));
      continue;
    }
    if (message.name !== undefined) lost.add("messages.name");
    const role = message.role === "assistant" ? "assistant" : "user";
    const content = role === "assistant" ? assistantBlocks(message, lost) : userBlocks(message, lost);
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...content);
    else if (content.length > 0) turns.push({ role, content });
  }
  return { system, messages: turns };
}

function userBlocks(message: Message, lost: Set<string>): Fields[] {
  if (message.role !== "tool") return blocksOf(message.content, lost);
  const { content } = message;
  const said = typeof content === "string" ? [{ text: content }] : blocksOf(content, lost);
  const toolResult = given({
    toolUseId: callIdIn("tooluse", plainCallId(message.tool_call_id ?? "")),
    content: said,
    status: message["is_error"] === true ? "error" : undefined,
  });
  return [{ toolResult }, ...cachePoint(message["cache_control"])];
}

const cachePoint = (cacheControl: unknown): Fields[] =>
  isFields(cacheControl) ? [{ cachePoint: { type: "default" } }] : [];

function blocksOf(content: unknown, lost: Set<string>): Fields[] {
  return partsOf(content).flatMap((part) => {
    const block = blockOf(part);
    if (block === null) lost.add(part.type === "image_url" ? "image_url.url" : `content.${part.type}`);
    return block === null ? [] : [block, ...cachePoint(part["cache_control"])];
  });
}

/** A block; null where there is none: Bedrock fetches nothing from the network. */
function blockOf(part: ContentPart): Fields | null {
  if (part.type === "text") return part.text === "" ? null : { text: part.text };
  const { url, filename, file_data } = fieldsOf(part[part.type === "file" ? "file" : "image_url"]);
  const data = splitDataUrl(stringOf(part.type === "file" ? file_data : url));
  if (data === null) return null;
  const source = { bytes: data.data };
  if (part.type === "image_url") return { image: { format: data.mediaType.replace(/^image\//, ""), source } };
  const known = [...DOCUMENT_TYPES].find(([, type]) => type === data.mediaType)?.[0];
  const format = known ?? data.mediaType.replace(/^.*\//, "");
  // Bedrock takes only these characters in a name.
  const name = (nonEmpty(filename) ?? "document").replaceAll(/[^\w\s()[\]-]/g, " ");
  return { document: { format, name, source } };
}

function assistantBlocks(message: Message, lost: Set<string>): Fields[] {
  if (nonEmpty(message["refusal"]) !== undefined) lost.add("messages.refusal");
  if (message["function_call"] !== undefined) lost.add("messages.function_call");
  const calls = (message.tool_calls ?? []).flatMap((call) => {
    if (call.type === "custom") lost.add("tool_calls.custom");
    const toolUse = {
      toolUseId: callIdIn("tooluse", plainCallId(call.id ?? "")),
      name: call.function.name,
      input: argumentsObject(call.function.arguments),
    };
    return [{ toolUse }, ...cachePoint((call as Fields)["cache_control"])];
  });
  return [...reasoningBlocks(message, lost), ...blocksOf(message.content, lost), ...calls];
}

function reasoningBlocks(message: Message, lost: Set<string>): Fields[] {
  const details = objects(message["reasoning_details"]);
  const isAny = details.length > 0 || nonEmpty(message["reasoning_content"]) !== undefined;
  const own = details.filter(
    ({ format, signature, data }) =>
      format === CONVERSE_PROOFS && (signature !== undefined || data !== undefined),
  );
  if (isAny && own.length === 0) lost.add("messages.reasoning_content");
  return own.map(({ text, signature, data }) => ({
    reasoningContent:
      data === undefined ? { reasoningText: { text: stringOf(text), signature } } : { redactedContent: data },
  }));
}

function toolConfigOf(request: ChatRequest, lost: Set<string>): Fields | undefined {
  const written = toolsIn(request).flatMap((tool) => toolOf(tool, lost));
  // There is no word for "none": without tools none is called.
  if (request.tool_choice === "none") lost.add("tools");
  if (written.length === 0 || request.tool_choice === "none") return undefined;
  return given({ tools: written, toolChoice: choiceOf(request.tool_choice, lost) });
}

function toolOf(tool: Tool, lost: Set<string>): Fields[] {
  const type = tool.type ?? "function";
  const own = (tool as Fields)[type];
  if (type !== "function") {
    if (type === "systemTool" && isFields(own)) return [{ [type]: own }];
    lost.add(`tools.${type}`);
    return [];
  }
  const { name, description, parameters, strict } = tool.function as Fields;
  const json = isFields(parameters) ? parameters : { type: "object", properties: {} };
  const toolSpec = given({ name, description, inputSchema: { json }, strict });
  return [{ toolSpec }, ...cachePoint((tool as Fields)["cache_control"])];
}

function choiceOf(choice: unknown, lost: Set<string>): Fields | undefined {
  if (choice === undefined || choice === null) return undefined;
  if (choice === "auto") return { auto: {} };
  if (choice === "required") return { any: {} };
  const { name } = fieldsOf(fieldsOf(choice)["function"]);
  if (typeof name === "string") return { tool: { name } };
  lost.add("tool_choice");
  return undefined;
}

function outputOf(request: ChatRequest, lost: Set<string>): Fields | undefined {
  const format = fieldsOf(request.response_format);
  const { name, description, schema } = fieldsOf(format["json_schema"]);
  if (isFields(schema)) {
    const jsonSchema = given({ schema: JSON.stringify(schema), name, description });
    return { textFormat: { type: "json_schema", structure: { jsonSchema } } };
  }
  if (format["type"] !== undefined && format["type"] !== "text") lost.add("response_format");
  return undefined;
}
