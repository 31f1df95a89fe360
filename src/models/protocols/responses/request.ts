import type { ChatRequest, Message, Tool } from "../../../core/index.ts";
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
import { messagesOfItems } from "./items.ts";

/** Reads the body of an OpenAI Responses request. What it refers to at the provider (earlier responses, prompts) stays a field. */
export function parseResponsesRequest(body: Uint8Array, path: SaidInPath = {}): ParsedRequest {
  const read = readObject(body);
  if (!read.ok) return read;
  const { value } = read;
  // With a stored prompt the model may be left out: it is the provider's then.
  const model = nonEmpty(value["model"]) ?? path.model ?? (isFields(value["prompt"]) ? "prompt" : undefined);
  if (model === undefined) return wrong("model", value["model"], "a model name");
  const found = fault(value);
  if (found !== null) return found;
  const request: ChatRequest = {
    ...without(value, RENAMED),
    ...given(settingsOf(value)),
    model,
    messages: [...instructionsOf(value["instructions"]), ...inputOf(value["input"])],
    ...(Array.isArray(value["tools"]) ? { tools: objects(value["tools"]).map(toolOf) } : {}),
  };
  return { ok: true, request };
}

const RENAMED = new Set(
  "model input instructions tools tool_choice text reasoning max_output_tokens store messages".split(" "),
);

function fault(value: Fields): Fault | null {
  const { input, instructions, tools, stream } = value;
  if (stream !== undefined && stream !== null && typeof stream !== "boolean")
    return wrong("stream", stream, "a boolean");
  const isLeftOut = input === undefined || input === null;
  if (!isLeftOut && typeof input !== "string" && !Array.isArray(input))
    return wrong("input", input, "a string or a list of items");
  // Nothing new is asked in these: the provider has it.
  const isElsewhere = ["previous_response_id", "conversation", "prompt"].some(
    (name) => (value[name] ?? null) !== null,
  );
  if (isLeftOut && !isElsewhere && typeof instructions !== "string")
    return wrong("input", input, "a string or a list of items");
  if (Array.isArray(input)) {
    for (const [index, item] of input.entries()) {
      const found = itemFault(item, `input[${index}]`);
      if (found !== null) return found;
    }
  }
  if (tools === undefined || tools === null) return null;
  if (!Array.isArray(tools)) return wrong("tools", tools, "a list");
  const at = tools.findIndex((tool) => !isFields(tool) || typeof tool["type"] !== "string");
  return at < 0 ? null : wrong(`tools[${at}]`, tools[at], "an object with a type");
}

function itemFault(item: unknown, at: string): Fault | null {
  if (!isFields(item)) return wrong(at, item, "an object");
  const { content } = item;
  if (!Array.isArray(content)) return null;
  const index = content.findIndex((part) => !isFields(part) || typeof part["type"] !== "string");
  return index < 0 ? null : wrong(`${at}.content[${index}]`, content[index], "an object with a type");
}

function instructionsOf(instructions: unknown): readonly Message[] {
  if (typeof instructions === "string" && instructions !== "")
    return [{ role: "system", content: instructions }];
  return messagesOfItems(objects(instructions));
}

function inputOf(input: unknown): readonly Message[] {
  return typeof input === "string" ? [{ role: "user", content: input }] : messagesOfItems(objects(input));
}

function toolOf(tool: Fields): Tool {
  const { type, name, description, parameters, strict, ...rest } = tool;
  if (type === "function") {
    // Here `strict` is the default, over Chat Completions it is not: only `true` says the same in both.
    const named = {
      name: stringOf(name),
      description: nonEmpty(description),
      parameters: isFields(parameters) ? parameters : undefined,
      strict: strict === true ? true : undefined,
    };
    return { type, function: given(named), ...rest };
  }
  if (type === "custom") {
    const custom = given({ name: stringOf(name), description: nonEmpty(description), ...rest });
    return { type, custom, function: { name: stringOf(name) } } as Tool;
  }
  return { ...tool, function: { name: stringOf(name) || stringOf(type) || "unknown" } };
}

function settingsOf(value: Fields): Fields {
  const text = fieldsOf(value["text"]);
  const { effort, ...reasoning } = fieldsOf(value["reasoning"]);
  return {
    // Over Chat Completions this is what is meant by saying nothing.
    store: value["store"] === false ? undefined : value["store"],
    max_completion_tokens: value["max_output_tokens"] ?? undefined,
    reasoning_effort: effort ?? undefined,
    reasoning: Object.keys(reasoning).length > 0 ? reasoning : undefined,
    response_format: formatOf(text["format"]),
    verbosity: text["verbosity"] ?? undefined,
    tool_choice: choiceOf(value["tool_choice"]),
  };
}

function formatOf(format: unknown): unknown {
  if (!isFields(format)) return undefined;
  const { type, ...rest } = format;
  return type === "json_schema" ? { type, json_schema: rest } : format;
}

function choiceOf(choice: unknown): unknown {
  if (choice === null) return undefined;
  if (!isFields(choice)) return choice;
  const { type, name } = choice;
  return (type === "function" || type === "custom") && typeof name === "string"
    ? { type, [type]: { name } }
    : choice;
}
