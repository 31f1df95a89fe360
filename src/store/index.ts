export { openBudgetBank, type BudgetBank } from "./budget-bank.ts";
export { once } from "./once.ts";
export { openStore } from "./open.ts";
export type { Erased, EraseFilter } from "./erase.ts";
export type { AsideCall, FoldBatch, RecordingTable } from "./recording.ts";
export {
  lockNameOf,
  removeFile,
  segmentNameOf,
  segmentsFolderOf,
  stateOf,
  writersIn,
  type WriterFiles,
} from "./segments/folder.ts";
export { tryLock, type FileLock } from "./segments/lock.ts";
export {
  hasGroups,
  readSegment,
  SEGMENT_START,
  UnreadableSegment,
  type SegmentItem,
  type SegmentPlace,
} from "./segments/reader.ts";
export { retireSegment, scrubSegment } from "./segments/scrub.ts";
export { openSegmentLog, type SegmentKeys, type SegmentLogOptions } from "./segments/log.ts";
export type {
  AppendWhen,
  RecordingMode,
  SegmentBegin,
  SegmentEnd,
  SegmentFacts,
  SegmentFailure,
  SegmentLog,
  SegmentRecord,
  SegmentStats,
} from "./segments/types.ts";
export type {
  AccessKey,
  AccessKeyTable,
  AddResult,
  AssignmentRow,
  AuditEntry,
  AuditHead,
  AuditTrail,
  AuditVerdict,
  CallMeta,
  CallTable,
  CertificateTable,
  DropRow,
  ExampleTable,
  Ledger,
  LedgerEntry,
  Lineage,
  OpenOptions,
  RunTable,
  SpecialistRow,
  SpecialistTable,
  Store,
  TaskTable,
} from "./types.ts";
