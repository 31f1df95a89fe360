import { answerFrom, usageFrom, withDetails } from "./answer.ts";
import { requestFrom } from "./bodies.ts";
import {
  betweenMs,
  fieldsOf,
  given,
  isFields,
  isoTime,
  listOf,
  textIn,
  unpacked,
  type Fields,
} from "./fields.ts";
import { failedOr, OTHER, type Draft, type Form, type Found } from "./form.ts";

/** LangSmith runs: of chat models of LangChain (serialised messages) and of wrapped OpenAI clients. */
export const langsmith: Form = {
  is: (record) => typeof record["run_type"] === "string" && "inputs" in record,
  read(record) {
    const children = listOf(record["child_runs"]).flatMap((child) => langsmith.read(child));
    return record["run_type"] === "llm" ? [...children, callIn(record)] : [...children, ...OTHER];
  },
};

function callIn(run: Fields): Found {
  const id = textIn(run, "id");
  const extra = fieldsOf(unpacked(run["extra"]));
  const metadata = fieldsOf(extra["metadata"]);
  const invocation = fieldsOf(extra["invocation_params"]);
  const inputs = fieldsOf(unpacked(run["inputs"]));
  const outputs = unpacked(run["outputs"]);
  const model = textIn(invocation, "model", "model_name") ?? textIn(metadata, "ls_model_name");
  const asked = inputs["messages"] ?? inputs["input"] ?? inputs["prompts"] ?? inputs["prompt"];
  const request = requestFrom({ ...invocation, ...inputs, messages: asked }, given({ model }));
  if (request === null)
    return { kind: "no-content", detail: `run "${id ?? ""}" has no messages in its inputs` };
  const usage =
    usageFrom(run) ??
    usageFrom(isFields(outputs) ? outputs["usage_metadata"] : undefined) ??
    usageFrom(metadata["usage_metadata"]);
  const answer = withDetails(answerFrom(isFields(outputs) ? answerIn(outputs) : outputs), usage, undefined);
  const error = textIn(run, "error");
  const draft: Draft = {
    ...given({
      id,
      // A run's session_id is its project; a conversation is named in the metadata.
      session: textIn(metadata, "session_id", "thread_id", "conversation_id") ?? textIn(run, "trace_id"),
      user: textIn(metadata, "user_id", "user"),
      timestamp: isoTime(run["start_time"]),
      latency_ms: betweenMs(run["start_time"], run["end_time"]),
      name: textIn(run, "name"),
    }),
    request: withoutInternals(request),
    ...failedOr(answer, error === undefined ? undefined : { message: error }),
  };
  return { kind: "call", draft };
}

// {output: …} is what a traced function returned.
function answerIn(outputs: Fields): unknown {
  const { usage_metadata: _, ...rest } = outputs;
  const names = Object.keys(rest);
  return names.length === 1 && names[0] === "output" ? rest["output"] : rest;
}

// LangChain's own fields among the parameters of a call.
function withoutInternals(request: Fields): Fields {
  return Object.fromEntries(
    Object.entries(request).filter(([name]) => !name.startsWith("_") && !INTERNAL.has(name)),
  );
}

const INTERNAL = new Set(["model_name", "prompts", "stream_options"]);
