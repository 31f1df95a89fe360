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
import { withSignature } from "../fold-steps.ts";
import { contentOf, dataUrl, imagePart } from "../parts.ts";

export const GEMINI_FORMAT = "google-gemini-v1";

/** Google's word for a call that no thought signature of theirs exists for: made by another model. */
export const NO_SIGNATURE = "skip_thought_signature_validator";

/** Reads the body of Gemini's generateContent; the model stands in the path. Fields come in camel case or, as Google takes them too, in snake case. */
export function parseGeminiRequest(body: Uint8Array, path: SaidInPath = {}): ParsedRequest {
  const read = readObject(body);
  if (!read.ok) return read;
  const value = camelFields(read.value);
  const model = (nonEmpty(value["model"]) ?? path.model)?.replace(/^models\//, "");
  if (model === undefined) return wrong("model", value["model"], "a model name in the path");
  const found = fault(value);
  if (found !== null) return found;
  const config = camelFields(fieldsOf(value["generationConfig"]));
  const request: ChatRequest = {
    ...without(value, RENAMED),
    ...given({ ...settingsOf(config), ...choiceOf(fieldsOf(value["toolConfig"])), stream: path.isStream }),
    model,
    messages: [...systemOf(value["systemInstruction"]), ...turnsOf(objects(value["contents"]))],
    ...(Array.isArray(value["tools"]) ? { tools: objects(value["tools"]).flatMap(toolsOf) } : {}),
  };
  return { ok: true, request };
}

const RENAMED = new Set(
  (
    "model contents systemInstruction tools toolConfig generationConfig " +
    // What these would say over Chat Completions, they do not say here.
    "messages tool_choice response_format stream"
  ).split(" "),
);

export function camelFields(fields: Fields): Fields {
  const entries = Object.entries(fields).map(([name, value]) => [
    name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    value,
  ]);
  return Object.fromEntries(entries) as Fields;
}

function fault(value: Fields): Fault | null {
  const { contents, tools } = value;
  if (!Array.isArray(contents) || contents.length === 0)
    return wrong("contents", contents, "a list of at least one content");
  for (const [index, content] of contents.entries()) {
    const at = `contents[${index}]`;
    if (!isFields(content)) return wrong(at, content, "an object");
    const { parts } = content;
    if (parts !== undefined && !Array.isArray(parts)) return wrong(`${at}.parts`, parts, "a list");
  }
  return tools === undefined || tools === null || Array.isArray(tools)
    ? null
    : wrong("tools", tools, "a list");
}

function systemOf(instruction: unknown): readonly Message[] {
  const parts =
    typeof instruction === "string" ? [{ text: instruction }] : objects(fieldsOf(instruction)["parts"]);
  const content = contentOf(parts.map(partOf));
  return content === null || content === "" ? [] : [{ role: "system", content }];
}

function turnsOf(contents: readonly Fields[]): readonly Message[] {
  const messages: Message[] = [];
  const pending: { id: string; name: string }[] = [];
  let count = 0;
  for (const content of contents) {
    const parts = objects(content["parts"]).map(camelFields);
    if (content["role"] === "model") {
      const message = modelOf(parts, () => `call_${count++}`);
      for (const call of message.tool_calls ?? [])
        pending.push({ id: call.id ?? "", name: call.function.name });
      messages.push(message);
    } else messages.push(...userOf(parts, pending));
  }
  return messages;
}

/** Results of functions are messages of their own; one without an id answers the first open call of its name. */
function userOf(parts: readonly Fields[], pending: { id: string; name: string }[]): readonly Message[] {
  const messages: Message[] = [];
  let said: ContentPart[] = [];
  const flush = (): void => {
    if (said.length > 0) messages.push({ role: "user", content: contentOf(said) });
    said = [];
  };
  for (const part of parts) {
    if (!isFields(part["functionResponse"])) {
      said.push(partOf(part));
      continue;
    }
    flush();
    const { id, name, response } = part["functionResponse"];
    const at = pending.findIndex((call) => (id === undefined ? call.name === name : call.id === id));
    const open = at < 0 ? undefined : pending.splice(at, 1)[0];
    messages.push({
      role: "tool",
      tool_call_id: callIdFrom(nonEmpty(id) ?? open?.id ?? "call_unknown"),
      ...given({ name: nonEmpty(name) }),
      ...resultOf(response),
    });
  }
  flush();
  return messages.length > 0 ? messages : [{ role: "user", content: "" }];
}

// Google's guide: `output` for what a function gives, `error` for what went wrong.
function resultOf(response: unknown): { readonly content: string; readonly is_error?: boolean } {
  const fields = fieldsOf(response);
  const [only] = Object.keys(fields);
  const isSingle = Object.keys(fields).length === 1 && typeof fields[only] === "string";
  if (isSingle && (only === "output" || only === "result")) return { content: stringOf(fields[only]) };
  if (isSingle && only === "error") return { content: stringOf(fields[only]), is_error: true };
  return { content: JSON.stringify(response ?? {}) };
}

function partOf(raw: Fields): ContentPart {
  const part = camelFields(raw);
  const inline = camelFields(fieldsOf(part["inlineData"]));
  const file = camelFields(fieldsOf(part["fileData"]));
  const mime = nonEmpty(inline["mimeType"]) ?? nonEmpty(file["mimeType"]) ?? "";
  if (typeof part["text"] === "string") return { type: "text", text: part["text"] };
  if (isFields(part["inlineData"]) && mime.startsWith("image/"))
    return imagePart(dataUrl(mime, inline["data"]));
  if (isFields(part["inlineData"]))
    return { type: "file", file: { file_data: dataUrl(mime, inline["data"]) } };
  if (mime.startsWith("image/") && typeof file["fileUri"] === "string") return imagePart(file["fileUri"]);
  return { type: Object.keys(part)[0] ?? "unknown", ...part };
}

function modelOf(parts: readonly Fields[], newId: () => string): Message {
  const said: ContentPart[] = [];
  const calls: ToolCall[] = [];
  const details: Fields[] = [];
  const others: Fields[] = [];
  for (const part of parts) {
    const signature = nonEmpty(part["thoughtSignature"]);
    const proof = signature === undefined ? {} : { format: GEMINI_FORMAT, signature };
    if (isFields(part["functionCall"])) calls.push(callOf(part["functionCall"], signature, newId));
    else if (part["thought"] === true)
      details.push({ type: "reasoning.text", text: stringOf(part["text"]), ...proof });
    else {
      if (typeof part["text"] !== "string") others.push(part);
      else if (part["text"] !== "") said.push({ type: "text", text: part["text"] });
      if (signature !== undefined) details.push({ type: "reasoning.text", text: "", ...proof });
    }
  }
  const reasoning = details.map((detail) => stringOf(detail["text"])).join("");
  const hasProof = details.some((detail) => detail["signature"] !== undefined);
  return {
    role: "assistant",
    content: contentOf(said),
    ...given({
      reasoning_content: nonEmpty(reasoning),
      reasoning_details: hasProof ? details : undefined,
      tool_calls: calls.length > 0 ? calls : undefined,
      other_content: others.length > 0 ? others : undefined,
    }),
  };
}

function callOf(call: Fields, signature: string | undefined, newId: () => string): ToolCall {
  return {
    id: callIdFrom(nonEmpty(call["id"]) ?? newId()),
    type: "function",
    function: { name: stringOf(call["name"]), arguments: JSON.stringify(call["args"] ?? {}) },
    ...(signature === undefined || signature === NO_SIGNATURE ? {} : withSignature(signature)),
  };
}

/** Declared functions are tools one by one; what runs at Google has a name of its own. */
function toolsOf(raw: Fields): readonly Tool[] {
  const tool = camelFields(raw);
  const declared = objects(tool["functionDeclarations"]).map((declaration): Tool => {
    const { name, description, parameters, parametersJsonSchema } = camelFields(declaration);
    const schema = parametersJsonSchema ?? (parameters === undefined ? undefined : lowerTypes(parameters));
    const named = { name: stringOf(name), description: nonEmpty(description), parameters: schema };
    return { type: "function", function: given(named) };
  });
  const hosted = Object.keys(tool)
    .filter((name) => name !== "functionDeclarations")
    .map((name) => ({ type: name, [name]: tool[name], function: { name } }));
  return [...declared, ...hosted];
}

// Gemini's own schemas write types in capitals: STRING. The depth was bounded when the body was read.
function lowerTypes(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(lowerTypes);
  if (!isFields(schema)) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [
      name,
      name === "type" && typeof value === "string" ? value.toLowerCase() : lowerTypes(value),
    ]),
  );
}

/** Our names for settings, and Gemini's. */
export const SETTINGS: readonly (readonly [ours: string, theirs: string])[] = [
  ["temperature", "temperature"],
  ["top_p", "topP"],
  ["top_k", "topK"],
  ["max_tokens", "maxOutputTokens"],
  ["stop", "stopSequences"],
  ["n", "candidateCount"],
  ["seed", "seed"],
  ["presence_penalty", "presencePenalty"],
  ["frequency_penalty", "frequencyPenalty"],
  ["logprobs", "responseLogprobs"],
  ["top_logprobs", "logprobs"],
];

const FORMAT_FIELDS = new Set([
  "responseMimeType",
  "responseSchema",
  "responseJsonSchema",
  ...SETTINGS.map(([, theirs]) => theirs),
]);

function settingsOf(config: Fields): Fields {
  const rest = without(config, FORMAT_FIELDS);
  return {
    ...Object.fromEntries(SETTINGS.map(([ours, theirs]) => [ours, config[theirs]])),
    response_format: formatOf(config),
    generationConfig: Object.keys(rest).length > 0 ? rest : undefined,
  };
}

function formatOf(config: Fields): unknown {
  if (config["responseMimeType"] !== "application/json") return undefined;
  const { responseJsonSchema, responseSchema } = config;
  const schema =
    responseJsonSchema ?? (responseSchema === undefined ? undefined : lowerTypes(responseSchema));
  if (schema === undefined) return { type: "json_object" };
  return { type: "json_schema", json_schema: { name: "answer", schema, strict: true } };
}

function choiceOf(toolConfig: Fields): Fields {
  const config = camelFields(fieldsOf(camelFields(toolConfig)["functionCallingConfig"]));
  const names = Array.isArray(config["allowedFunctionNames"]) ? config["allowedFunctionNames"] : [];
  switch (config["mode"]) {
    case "ANY":
      return {
        tool_choice: names.length === 1 ? { type: "function", function: { name: names[0] } } : "required",
      };
    case "NONE":
      return { tool_choice: "none" };
    case "AUTO":
    case "VALIDATED":
      return { tool_choice: "auto" };
    default:
      return {};
  }
}
