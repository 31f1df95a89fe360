export { once } from "./once.ts";
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
  Lineage,
  OpenOptions,
  RunTable,
  SpecialistRow,
  SpecialistTable,
  Store,
  TaskTable,
} from "./types.ts";
