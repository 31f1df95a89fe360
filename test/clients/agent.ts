import {
  scriptedProvider,
  protocols,
  type MadeAnswer,
  type MadeQuestion,
  type ProtocolName,
  type UpstreamProvider,
} from "../../src/models/index.ts";
import { openGateway, type Opened, type Setup } from "../open-gateway.ts";
import { chatAnswer, messagesAnswer, responsesAnswer, type Said } from "./provider-bytes.ts";

/** The tool that the scripted model asks for, and what it gives. */
export const CITY = { type: "object", properties: { city: { type: "string" } }, required: ["city"] } as const;
export const RAINY = "rainy, 14 °C";
export const ANSWER = `In Paris it is ${RAINY} – take a coat.`;
export const GREETING = "Hello, héllo 👋";

/**
 * A model that behaves as one does in an agent: asked about the weather with a tool at hand it calls the tool, with the result it
 * answers; anything else it greets. It speaks the protocol that it is asked in, with the bytes of that protocol's provider.
 */
export function weatherModel(
  speaks: readonly ProtocolName[] = ["chat", "responses", "messages"],
): UpstreamProvider & { readonly asked: readonly MadeQuestion[] } {
  const model = scriptedProvider((question) => {
    if (question.operation === "count-tokens") return { pieces: ['{"input_tokens":14}'] };
    const parsed = protocols.get(question.protocol)?.parse(question.body);
    if (parsed?.ok !== true) return { status: 400, pieces: ['{"error":{"message":"unreadable"}}'] };
    const { messages, tools, stream } = parsed.request;
    const text = JSON.stringify(messages.at(-1));
    if (text.includes("429")) return refusal(question);
    const hasResult = messages.some(({ role }) => role === "tool");
    const isAboutWeather = (tools?.length ?? 0) > 0 && JSON.stringify(messages).includes("eather");
    const said: Said = hasResult
      ? { text: ANSWER }
      : isAboutWeather
        ? { tool: "get_weather", input: { city: "Paris" } }
        : { text: text.includes("JSON") ? '{"kind":"greeting","n":2}' : GREETING };
    return answerIn(question.protocol, said, stream === true);
  });
  return { ...model, file: { ...model.file, protocols: speaks } };
}

export function answerIn(protocol: MadeQuestion["protocol"], said: Said, isStream: boolean): MadeAnswer {
  if (protocol === "responses") return responsesAnswer(said, isStream);
  return protocol === "messages" ? messagesAnswer(said, isStream) : chatAnswer(said, isStream);
}

function refusal({ protocol }: MadeQuestion): MadeAnswer {
  const error = { type: "rate_limit_error", message: "Slow down", code: "rate_limit_exceeded", param: null };
  const body = protocol === "messages" ? { type: "error", error } : { error };
  return { status: 429, headers: { "retry-after": "1" }, pieces: [JSON.stringify(body)] };
}

/** A gateway before the model of the weather. */
export async function openAgentGateway(
  setup: Setup = {},
): Promise<Opened & { readonly asked: readonly MadeQuestion[] }> {
  const provider = weatherModel();
  return { ...(await openGateway({ provider, ...setup })), asked: provider.asked };
}
