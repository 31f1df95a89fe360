import { answerFrom, usageFrom, withDetails } from "./answer.ts";
import { requestFrom } from "./bodies.ts";
import {
  betweenMs,
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
import { failedOr, OTHER, type Draft, type Form, type Found } from "./form.ts";
import { toolsFrom } from "./tools.ts";

/**
 * Langfuse observations: as the API and the exports of the interface have them (`traceId`), as rows of the database export have
 * them (`trace_id`), in a trace with `observations`, and as ingestion events (`generation-create` with a `body`).
 */
export const langfuse: Form = {
  is: (record) =>
    isObservation(record) ||
    (Array.isArray(record["observations"]) && "id" in record && !("request" in record)) ||
    (textIn(record, "type")?.startsWith("generation-") === true && isFields(record["body"])),
  read(record) {
    if (Array.isArray(record["observations"])) {
      const trace = given({
        sessionId: record["sessionId"] ?? record["session_id"],
        userId: record["userId"] ?? record["user_id"],
        traceId: record["id"],
      });
      return listOf(record["observations"]).flatMap((one) => observation({ ...trace, ...given(one) }));
    }
    if (isFields(record["body"])) return observation({ type: "GENERATION", ...record["body"] });
    return observation(record);
  },
};

const KINDS = new Set([
  "GENERATION",
  "SPAN",
  "EVENT",
  "AGENT",
  "TOOL",
  "CHAIN",
  "RETRIEVER",
  "EVALUATOR",
  "EMBEDDING",
  "GUARDRAIL",
]);

function isObservation(record: Fields): boolean {
  const hasTrace = "traceId" in record || "trace_id" in record;
  return (
    hasTrace && KINDS.has(textIn(record, "type") ?? "") && ("startTime" in record || "start_time" in record)
  );
}

function observation(row: Fields): readonly Found[] {
  if (row["type"] !== "GENERATION") return OTHER;
  const id = textIn(row, "id");
  const parameters = fieldsOf(unpacked(row["modelParameters"] ?? row["model_parameters"]));
  const model = textIn(row, "model", "provided_model_name", "providedModelName");
  const declared = toolsOf(row["toolDefinitions"] ?? row["tool_definitions"]);
  const request = requestFrom(row["input"], { tools: declared, ...parameters, ...given({ model }) });
  if (request === null)
    return [{ kind: "no-content", detail: `generation "${id ?? ""}" has no messages in its input` }];
  const answer = withDetails(answerFrom(row["output"]), usageOf(row), undefined);
  const isError = row["level"] === "ERROR";
  const message = textIn(row, "statusMessage", "status_message");
  const error = isError ? { message: message ?? "The generation failed" } : undefined;
  const start = row["startTime"] ?? row["start_time"];
  const draft: Draft = {
    ...given({
      id,
      session: textIn(row, "sessionId", "session_id") ?? textIn(row, "traceId", "trace_id"),
      user: textIn(row, "userId", "user_id"),
      timestamp: isoTime(start),
      latency_ms: betweenMs(start, row["endTime"] ?? row["end_time"]) ?? seconds(row),
      name: textIn(row, "name"),
    }),
    request,
    ...failedOr(answer, error),
  };
  return [{ kind: "call", draft }];
}

// Latency is told in seconds.
function seconds(row: Fields): number | undefined {
  const latency = countIn(row, "latency");
  return latency === undefined ? undefined : Math.round(latency * 1000);
}

function usageOf(row: Fields): Fields | undefined {
  const details = unpacked(row["usageDetails"] ?? row["usage_details"] ?? row["usage"]);
  const named = usageFrom(details) ?? usageFrom(row);
  // Without a count the API says 0 of everything.
  return named?.["prompt_tokens"] === 0 && (named["completion_tokens"] ?? 0) === 0 ? undefined : named;
}

/** Name → the definition as JSON. */
function toolsOf(value: unknown): unknown {
  const named = unpacked(value);
  if (!isFields(named)) return toolsFrom(named);
  return Object.entries(named).map(([name, definition]) => ({ name, ...fieldsOf(unpacked(definition)) }));
}
