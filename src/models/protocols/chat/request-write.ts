import type { ChatRequest, Message } from "../../../core/index.ts";
import type { WrittenRequest } from "../../protocol.ts";
import { isFields, objects, stringOf, without, type Fields } from "../fields.ts";
import { toolsIn } from "../parts.ts";
import { jsonBytes } from "../writing.ts";

/**
 * A request that came over another protocol, for Chat Completions. OpenAI refuses fields that it does not know, so only its own go out;
 * the rest is named as lost. A translated stream needs its counts: they are asked for.
 */
export function writeChatRequest(request: ChatRequest): WrittenRequest {
  const lost = new Set<string>();
  const known: { [field: string]: unknown } = {};
  for (const [name, value] of Object.entries(request)) {
    if (value === undefined || value === null) continue;
    if (FIELDS.has(name)) known[name] = value;
    else lost.add(name);
  }
  const body = {
    ...withLimit(known, request.model),
    messages: request.messages.map((message) => messageOf(message, lost)),
    ...(toolsIn(request).length > 0 ? { tools: toolsOf(toolsIn(request), lost) } : {}),
    ...(request.stream === true ? { stream_options: { include_usage: true } } : {}),
  };
  return { body: jsonBytes(body), lost: [...lost] };
}

/** OpenAI's newer models refuse the old name of the limit; many other servers do not know the new one. */
function withLimit(fields: Fields, model: string): Fields {
  const { max_tokens, max_completion_tokens, ...rest } = fields;
  const limit = max_completion_tokens ?? max_tokens;
  if (limit === undefined) return rest;
  return NEW_NAMES.test(model) ? { ...rest, max_completion_tokens: limit } : { ...rest, max_tokens: limit };
}

const NEW_NAMES = /(^|\/)(gpt-(?!oss)|chatgpt-|o\d)/;

function messageOf(message: Message, lost: Set<string>): Fields {
  for (const name of Object.keys(message)) if (FOREIGN.has(name)) lost.add(`messages.${name}`);
  const own = without(message, FOREIGN);
  if (!Array.isArray(own["content"])) return own;
  const content = objects(own["content"]).flatMap((part) => {
    const type = stringOf(part["type"]);
    if (!PARTS.has(type)) {
      lost.add(`content.${type}`);
      return [];
    }
    return [withoutCacheControl(part, lost)];
  });
  return { ...own, content };
}

function toolsOf(tools: readonly Fields[], lost: Set<string>): readonly Fields[] {
  return tools.flatMap((tool) => {
    const type = stringOf(tool["type"]) || "function";
    if (type !== "function" && type !== "custom") {
      lost.add(`tools.${type}`);
      return [];
    }
    const bare = withoutCacheControl(tool, lost);
    return [isFields(bare["custom"]) ? without(bare, new Set(["function"])) : bare];
  });
}

function withoutCacheControl(part: Fields, lost: Set<string>): Fields {
  if (part["cache_control"] === undefined) return part;
  lost.add("cache_control");
  return without(part, new Set(["cache_control"]));
}

/** Fields of messages that only some compatible servers know, and that others refuse. */
const FOREIGN = new Set([
  "reasoning_content",
  "reasoning",
  "reasoning_details",
  "other_content",
  "cache_control",
]);

const PARTS = new Set(["text", "image_url", "input_audio", "file", "refusal"]);

/** OpenAI API reference, Create chat completion. */
const FIELDS = new Set(
  (
    "audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens messages metadata " +
    "modalities model n parallel_tool_calls prediction presence_penalty prompt_cache_key prompt_cache_retention reasoning_effort " +
    "response_format safety_identifier seed service_tier stop store stream stream_options temperature tool_choice tools " +
    "top_logprobs top_p user verbosity web_search_options"
  ).split(" "),
);
