import { FORMS, isSharegpt, type ExportFormat } from "./forms/index.ts";

/** Forms of records that we can tell apart. */
export type LogFormat =
  | "calls"
  | "openai-finetune"
  | "completions"
  | "openai-batch-input"
  | "openai-batch-output"
  | "sharegpt"
  | ExportFormat;

// The keys of FORMS are its formats.
const EXPORTS = Object.keys(FORMS) as ExportFormat[];

export const LOG_FORMATS: readonly LogFormat[] = [
  "calls",
  "openai-finetune",
  "completions",
  "openai-batch-input",
  "openai-batch-output",
  "sharegpt",
  ...EXPORTS,
];

type Fields = { readonly [field: string]: unknown };

/** The form of a record, by its fields; null when it is none we know. */
export function formatOf(record: Fields): LogFormat | null {
  if (typeof record["custom_id"] === "string" && isObject(record["body"])) return "openai-batch-input";
  if (typeof record["custom_id"] === "string" && "response" in record) return "openai-batch-output";
  // What others export has names of its own; what is left is told by its shape.
  const exported = EXPORTS.find((name) => FORMS[name].is(record));
  if (exported !== undefined) return exported;
  if (isObject(record["request"])) return "calls";
  if (Array.isArray(record["messages"]) && Array.isArray(record["choices"])) return "completions";
  if (isObject(record["input"]) && isObject(record["output"]) && Array.isArray(record["input"]["messages"]))
    return "completions";
  if (Array.isArray(record["messages"])) return "openai-finetune";
  return isSharegpt(record) ? "sharegpt" : null;
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
