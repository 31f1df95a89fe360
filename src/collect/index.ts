export { foldSegments, type FoldOptions } from "./fold-segments.ts";
export { startFolding, type Folding, type FoldingOptions, type FoldingStats } from "./folding.ts";
export type { FoldCounts } from "./fold-run.ts";
export { importLogs, type ImportCounts, type ImportOptions, type RefusedLineReport } from "./import.ts";
export { LOG_FORMATS, type LogFormat } from "./formats.ts";
export type { RefusalReason } from "./parse.ts";
export { recordedCall } from "./recorded-call.ts";
