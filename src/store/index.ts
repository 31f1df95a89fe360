export { openBudgetBank, type BudgetBank } from "./budget-bank.ts";
export { once } from "./once.ts";
export { openStore } from "./open.ts";
export { openSegmentLog, type SegmentKeys, type SegmentLogOptions } from "./segments/log.ts";
export type {
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
