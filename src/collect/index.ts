export { importLogs, type ImportCounts, type ImportOptions, type RefusedLineReport } from "./import.ts";
export { LOG_FORMATS, type LogFormat } from "./formats.ts";
export type { RefusalReason } from "./parse.ts";
