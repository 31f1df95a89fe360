export { openStore } from "./open.ts";
export type {
  AddResult,
  AssignmentRow,
  CallMeta,
  CallTable,
  CertificateTable,
  DropRow,
  ExampleTable,
  Ledger,
  LedgerEntry,
  OpenOptions,
  RunTable,
  SpecialistRow,
  SpecialistTable,
  Store,
  TaskTable,
} from "./types.ts";
