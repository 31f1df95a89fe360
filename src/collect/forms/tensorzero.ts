import type { Message } from "../../core/index.ts";
import { answerFrom, usageFrom } from "./answer.ts";
import { requestFrom } from "./bodies.ts";
import {
  countIn,
  fieldsOf,
  given,
  isFields,
  isoTime,
  listOf,
  textIn,
  unpacked,
  type Fields,
} from "./fields.ts";
import { messagesFrom, systemFrom, withPlainText } from "./messages.ts";
import type { Draft, Form, Found } from "./form.ts";

/** TensorZero: rows of ChatInference and JsonInference, as its database dumps them (JSON in text) or its API lists them. */
export const tensorzero: Form = {
  is: (record) => "variant_name" in record && "function_name" in record && "input" in record,
  read: (record) => [callIn(record)],
};

function callIn(row: Fields): Found {
  const id = textIn(row, "id", "inference_id");
  const input = fieldsOf(unpacked(row["input"]));
  const tools = fieldsOf(unpacked(row["tool_params"]));
  const parameters = fieldsOf(fieldsOf(unpacked(row["inference_params"]))["chat_completion"]);
  const schema = unpacked(row["output_schema"]);
  const tags = fieldsOf(unpacked(row["tags"]));
  const name = textIn(row, "function_name");
  const variant = textIn(row, "variant_name");
  const available = [
    ...listOf(unpacked(tools["tools_available"])),
    ...listOf(unpacked(row["additional_tools"])),
    ...listOf(unpacked(row["dynamic_tools"])).map((tool) => unpacked(tool)),
  ];
  const request = requestFrom(
    { messages: messagesOf(input) },
    given({
      ...parameters,
      // The model that answered is in another table.
      model: textIn(row, "model_name") ?? [name, variant].filter((one) => one !== undefined).join("/"),
      tools: available,
      tool_choice: tools["tool_choice"] ?? row["tool_choice"],
      parallel_tool_calls: tools["parallel_tool_calls"],
      response_format: isFields(schema)
        ? { type: "json_schema", json_schema: { name: "answer", schema } }
        : undefined,
    }),
  );
  if (request === null)
    return { kind: "no-content", detail: `inference "${id ?? ""}" has no messages in its input` };
  const output = unpacked(row["output"]);
  const answer =
    isFields(output) && "raw" in output
      ? { message: { role: "assistant", content: textIn(output, "raw") ?? "" }, finish_reason: null }
      : answerFrom(output);
  const finish = textIn(row, "finish_reason");
  const draft: Draft = {
    ...given({
      id,
      session: textIn(row, "episode_id"),
      user: textIn(tags, "user_id", "user"),
      timestamp: isoTime(row["timestamp"]) ?? timeOfUuid(id),
      latency_ms: countIn(row, "processing_time_ms"),
      name,
    }),
    request,
    response:
      answer === null
        ? null
        : { ...given({ usage: usageFrom(row) }), ...answer, ...given({ finish_reason: finish }) },
  };
  return { kind: "call", draft };
}

function messagesOf(input: Fields): readonly Message[] | undefined {
  const messages = messagesFrom(input["messages"])?.map(withPlainText);
  return messages === undefined ? undefined : [...systemFrom(templateText(input["system"])), ...messages];
}

// A system template's variables are what is told of it.
const templateText = (system: unknown): unknown =>
  isFields(system) && !("parts" in system) ? JSON.stringify(system["arguments"] ?? system) : system;

/** The first 48 bits of a UUID of version 7 are milliseconds. */
function timeOfUuid(id: string | undefined): string | undefined {
  const bits = /^([0-9a-f]{8})-([0-9a-f]{4})-7/i.exec(id ?? "");
  return bits === null ? undefined : isoTime(Number.parseInt(`${bits[1]}${bits[2]}`, 16));
}
