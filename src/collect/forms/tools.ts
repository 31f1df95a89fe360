import { fieldsOf, given, isFields, listOf, textIn, unpacked, type Fields } from "./fields.ts";

/**
 * Tools of any of the known forms as chat completions declare them: OpenAI's two forms, Anthropic (`input_schema`), Gemini
 * (`functionDeclarations`), Bedrock (`toolSpec`), AI SDK (`inputSchema`). Undefined when there is none.
 */
export function toolsFrom(value: unknown): Fields[] | undefined {
  const list = unpacked(value);
  const entries = Array.isArray(list) ? list.map(unpacked).filter(isFields) : [];
  const tools = entries.flatMap((entry) => {
    const declared = entry["functionDeclarations"] ?? entry["function_declarations"];
    return Array.isArray(declared) ? listOf(declared).flatMap(toolOf) : toolOf(entry);
  });
  return tools.length === 0 ? undefined : tools;
}

function toolOf(entry: Fields): Fields[] {
  if (isFields(entry["function"])) return [entry];
  const spec = isFields(entry["toolSpec"]) ? entry["toolSpec"] : entry;
  const schema =
    spec["input_schema"] ??
    spec["inputSchema"] ??
    spec["parameters"] ??
    spec["json_schema"] ??
    spec["schema"];
  const name = textIn(spec, "name") ?? textIn(spec, "type");
  if (name === undefined) return [];
  const json = unpacked(schema);
  return [
    {
      type: "function",
      function: given({
        name,
        description: textIn(spec, "description"),
        parameters: isFields(json) && isFields(json["json"]) ? json["json"] : json,
        strict: typeof spec["strict"] === "boolean" ? spec["strict"] : undefined,
      }),
    },
  ];
}

/** A tool choice of any of the known forms; undefined when there is none. */
export function toolChoiceFrom(value: unknown): unknown {
  const choice = unpacked(value);
  if (typeof choice === "string") return choice === "any" ? "required" : choice;
  if (!isFields(choice)) return undefined;
  if (isFields(choice["function"])) return choice;
  const { type } = choice;
  const name = textIn(choice, "name", "toolName", "specific");
  if (name !== undefined) return { type: "function", function: { name } };
  if (type === "auto" || type === "none" || type === "required") return type;
  return type === "any" ? "required" : undefined;
}

/** What decides how an answer is made, of a request or of the parameters beside it. Who asks and how it travels is left out. */
export function parametersFrom(value: unknown): Fields {
  const all = fieldsOf(unpacked(value));
  return given(Object.fromEntries(PARAMETERS.map((name) => [name, unpacked(all[name])])));
}

const PARAMETERS = [
  "temperature",
  "top_p",
  "top_k",
  "max_tokens",
  "max_completion_tokens",
  "seed",
  "stop",
  "n",
  "frequency_penalty",
  "presence_penalty",
  "logit_bias",
  "response_format",
  "parallel_tool_calls",
  "reasoning_effort",
];
