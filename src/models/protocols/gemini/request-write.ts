import type { ChatRequest, ContentPart, Message, Tool } from "../../../core/index.ts";
import type { WrittenRequest } from "../../protocol.ts";
import { fieldsOf, given, isFields, nonEmpty, objects, stringOf, type Fields } from "../fields.ts";
import { argumentsObject, partsOf, splitDataUrl, toolsIn } from "../parts.ts";
import { signatureOf } from "../response-steps.ts";
import { jsonBytes } from "../writing.ts";
import { GEMINI_FORMAT, NO_SIGNATURE, SETTINGS } from "./request.ts";

export function writeGeminiRequest(request: ChatRequest): WrittenRequest {
  const lost = new Set<string>();
  const system = request.messages.filter(isSystem);
  const contents = contentsOf(request.messages, lost);
  if (
    system.length > 0 &&
    request.messages.findIndex((message) => !isSystem(message)) < request.messages.findLastIndex(isSystem)
  )
    lost.add("messages.system in the middle");
  const parts = system.flatMap(({ content }) => partsIn(content, lost));
  const body = given({
    contents,
    systemInstruction: parts.length > 0 ? { parts } : undefined,
    tools: toolsOf(toolsIn(request), lost),
    toolConfig: choiceOf(request, lost),
    generationConfig: configOf(request, lost),
    ...ownFields(request, lost),
  });
  return { body: jsonBytes(body), lost: [...lost] };
}

const isSystem = ({ role }: Message): boolean => role === "system" || role === "developer";

const OWN = new Set(["safetySettings", "cachedContent", "labels", "serviceTier"]);
const WRITTEN = new Set([
  "model",
  "messages",
  "tools",
  "tool_choice",
  "response_format",
  "generationConfig",
  "max_completion_tokens",
  "stream",
  "stream_options",
  ...SETTINGS.map(([ours]) => ours),
]);

function ownFields(request: ChatRequest, lost: Set<string>): Fields {
  const own: { [field: string]: unknown } = {};
  for (const [name, value] of Object.entries(request)) {
    if (value === undefined || value === null || WRITTEN.has(name)) continue;
    if (OWN.has(name)) own[name] = value;
    else lost.add(name);
  }
  return own;
}

function configOf(request: ChatRequest, lost: Set<string>): Fields | undefined {
  const settings = SETTINGS.map(([ours, theirs]) => [theirs, request[ours] ?? undefined] as const);
  const { stop } = request;
  const config = given({
    ...fieldsOf(request["generationConfig"]),
    ...Object.fromEntries(settings),
    maxOutputTokens: request["max_completion_tokens"] ?? request["max_tokens"] ?? undefined,
    stopSequences: typeof stop === "string" ? [stop] : (stop ?? undefined),
    ...formatOf(fieldsOf(request.response_format), lost),
  });
  return Object.keys(config).length > 0 ? config : undefined;
}

function formatOf(format: Fields, lost: Set<string>): Fields {
  if (format["type"] === "json_object") return { responseMimeType: "application/json" };
  const { schema } = fieldsOf(format["json_schema"]);
  if (isFields(schema)) return { responseMimeType: "application/json", responseJsonSchema: schema };
  if (format["type"] !== undefined && format["type"] !== "text") lost.add("response_format");
  return {};
}

type Content = { readonly role: "user" | "model"; readonly parts: Fields[] };

function contentsOf(messages: readonly Message[], lost: Set<string>): readonly Content[] {
  const contents: Content[] = [];
  let results: Fields[] | null = null;
  for (const [index, message] of messages.entries()) {
    if (isSystem(message)) continue;
    if (message.role === "tool" || message.role === "function") {
      // All results of one turn stand in one content.
      if (results === null) contents.push({ role: "user", parts: (results = []) });
      results.push(resultOf(message, messages.slice(0, index), lost));
      continue;
    }
    results = null;
    const isModel = message.role === "assistant";
    const parts = isModel ? modelParts(message, lost) : partsIn(message.content, lost);
    if (message.name !== undefined) lost.add("messages.name");
    if (parts.length > 0) contents.push({ role: isModel ? "model" : "user", parts });
  }
  return contents;
}

function partsIn(content: unknown, lost: Set<string>): Fields[] {
  return partsOf(content).flatMap((part) => partOf(part, lost));
}

function partOf(part: ContentPart, lost: Set<string>): Fields[] {
  if (part["cache_control"] !== undefined) lost.add("cache_control");
  if (part.type === "text") return [{ text: part.text ?? "" }];
  const isFile = part.type === "file";
  const { url, detail, file_data } = fieldsOf(part[isFile ? "file" : "image_url"]);
  const address = stringOf(isFile ? file_data : url);
  if ((!isFile && part.type !== "image_url") || address === "") {
    lost.add(`content.${part.type}`);
    return [];
  }
  if (detail !== undefined && detail !== "auto") lost.add("image_url.detail");
  const data = splitDataUrl(address);
  if (data !== null) return [{ inlineData: { mimeType: data.mediaType, data: data.data } }];
  return [{ fileData: { mimeType: mimeOf(address), fileUri: address } }];
}

// Gemini wants the type of a file that it fetches.
function mimeOf(url: string): string {
  const ending = /\.(png|webp|gif|heic)(?:$|\?)/i.exec(url);
  return `image/${ending === null ? "jpeg" : ending[1].toLowerCase()}`;
}

function resultOf(message: Message, before: readonly Message[], lost: Set<string>): Fields {
  const id = message.tool_call_id;
  const calls = before.flatMap(({ tool_calls }) => tool_calls ?? []);
  const name = calls.findLast((call) => call.id === id)?.function.name ?? message.name ?? "unknown";
  const parts = partsOf(message.content);
  if (parts.some(({ type }) => type !== "text")) lost.add("tool content");
  const text = parts.map((part) => part.text ?? "").join("\n");
  const response = message["is_error"] === true ? { error: text } : { output: text };
  return { functionResponse: given({ id, name, response }) };
}

function modelParts(message: Message, lost: Set<string>): Fields[] {
  const details = objects(message["reasoning_details"]).filter(({ format }) => format === GEMINI_FORMAT);
  const isAny =
    nonEmpty(message["reasoning_content"]) !== undefined || objects(message["reasoning_details"]).length > 0;
  if (isAny && details.length === 0) lost.add("messages.reasoning_content");
  if (nonEmpty(message["refusal"]) !== undefined) lost.add("messages.refusal");
  if (message["function_call"] !== undefined) lost.add("messages.function_call");
  const thoughts = details
    .filter((detail) => stringOf(detail["text"]) !== "")
    .map(({ text, signature }) => given({ text, thought: true, thoughtSignature: signature }));
  // A signature without a text belongs to what was said.
  const ofText = details.find((detail) => stringOf(detail["text"]) === "")?.["signature"];
  const said = partsIn(message.content, lost);
  const last = said.at(-1);
  if (last !== undefined && ofText !== undefined)
    said[said.length - 1] = { ...last, thoughtSignature: ofText };
  const calls = (message.tool_calls ?? []).map((call, index) => {
    if (call.type === "custom") lost.add("tool_calls.custom");
    const args = argumentsObject(call.function.arguments);
    // Of several calls in one turn only the first has a signature.
    const signature = signatureOf(call) ?? (index === 0 ? NO_SIGNATURE : undefined);
    return given({
      functionCall: given({ id: call.id, name: call.function.name, args }),
      thoughtSignature: signature,
    });
  });
  return [...thoughts, ...said, ...calls];
}

function toolsOf(tools: readonly Tool[], lost: Set<string>): readonly Fields[] | undefined {
  if (tools.length === 0) return undefined;
  const functionDeclarations: Fields[] = [];
  const hosted: Fields[] = [];
  for (const tool of tools) {
    const type = tool.type ?? "function";
    const own = (tool as Fields)[type];
    if (type === "function") {
      const { name, description, parameters, strict } = tool.function as Fields;
      if (strict === true) lost.add("tools.strict");
      functionDeclarations.push(given({ name, description, parametersJsonSchema: parameters }));
    } else if (type !== "custom" && isFields(own)) hosted.push({ [type]: own });
    else lost.add(`tools.${type}`);
  }
  return [...(functionDeclarations.length > 0 ? [{ functionDeclarations }] : []), ...hosted];
}

function choiceOf(request: ChatRequest, lost: Set<string>): Fields | undefined {
  const choice = request.tool_choice;
  if (choice === undefined || choice === null) return undefined;
  const config = (mode: string, names?: readonly string[]): Fields => ({
    functionCallingConfig: { mode, ...(names === undefined ? {} : { allowedFunctionNames: names }) },
  });
  if (choice === "auto") return config("AUTO");
  if (choice === "none") return config("NONE");
  if (choice === "required") return config("ANY");
  const { name } = fieldsOf(fieldsOf(choice)["function"]);
  if (typeof name === "string") return config("ANY", [name]);
  lost.add("tool_choice");
  return undefined;
}
