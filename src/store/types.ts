import type {
  Call,
  Certificate,
  DropReason,
  Example,
  Json,
  Part,
  SpecialistDescription,
  Task,
} from "../core/index.ts";
import type { Erased, EraseFilter } from "./erase.ts";
import type { RecordingTable } from "./recording.ts";
import type { SegmentKeys } from "./segments/log.ts";

/** What became of a batch: every call is in exactly one count. */
export type AddResult = {
  readonly taken: number;
  /** The same id with the same content was there before. */
  readonly repeated: number;
  /** Ids that were there with other content; the stored call stays as it was. */
  readonly conflicting: readonly string[];
};

/** The metadata of a call: readable without opening its content. */
export type CallMeta = {
  readonly id: string;
  readonly session: string;
  readonly at: string | null;
  readonly origin: string | null;
  readonly source: Call["source"];
  readonly model: string;
  readonly status: number;
  readonly finishReason: string | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly latencyMs: number | null;
  readonly servedBy: Call["servedBy"];
  readonly taskId: string | null;
};

export type CallTable = {
  /** One transaction, durable when it returns. Throws HouseError store-full | store-busy; then nothing of the batch is in. */
  add(batch: readonly Call[]): AddResult;
  get(id: string): Call | null;
  /** Calls in order of time, then id; those without a time first. Content is opened one call at a time: memory stays flat. */
  iterate(filter?: {
    readonly ids?: readonly string[];
    readonly source?: Call["source"];
  }): IterableIterator<Call>;
  /** The same order without opening content. */
  iterateMeta(filter?: { readonly source?: Call["source"] }): IterableIterator<CallMeta>;
  count(): { readonly calls: number; readonly sessions: number };
  /** A hash of the set of calls (ids and content hashes), the same for any order of import. */
  digest(filter?: { readonly source?: Call["source"] }): string;
};

export type AssignmentRow = { readonly callId: string; readonly taskId: string; readonly variantId: string };

export type TaskTable = {
  /** Replaces all tasks and assignments in one transaction. */
  replaceAll(tasks: readonly Task[], assignments: Iterable<AssignmentRow>): void;
  all(): readonly Task[];
  /** Call ids of a task, in time order. */
  callIds(taskId: string): readonly string[];
  iterateAssignments(): IterableIterator<AssignmentRow>;
};

export type DropRow = {
  readonly callId: string;
  readonly taskId: string | null;
  readonly reason: DropReason;
};

export type ExampleTable = {
  /** Replaces all examples and drops of a task in one transaction; content sealed like a call's. */
  replaceForTask(taskId: string, examples: readonly Example[], drops: readonly DropRow[]): void;
  forTask(taskId: string, parts?: readonly Part[]): readonly Example[];
  countByPart(taskId: string): Readonly<Record<Part, number>>;
  dropCounts(taskId?: string): readonly { readonly reason: DropReason; readonly calls: number }[];
};

/** A trained specialist. The artifact is sealed at rest: what it learnt may be in it. */
export type SpecialistRow = {
  /** SHA-256 of the task's id, the artifact, its calibration and style, hex: what it would answer, and how sure. */
  readonly id: string;
  readonly taskId: string;
  readonly family: string;
  readonly attempt: number;
  readonly bytes: number;
  readonly description: SpecialistDescription;
  /** Calibration, style and figures of the training run. */
  readonly info: { readonly [field: string]: Json };
  /** Hash of examples, options, seed and code version. */
  readonly madeFrom: string;
};

export type SpecialistTable = {
  put(row: SpecialistRow, artifact: Uint8Array): void;
  forTask(taskId: string): readonly SpecialistRow[];
  get(id: string): SpecialistRow | null;
  artifact(id: string): Uint8Array;
  /** With its certificates and what training remembers of it. Nothing when there is none. */
  remove(taskId: string, id: string): void;
};

export type CertificateTable = {
  put(certificate: Certificate & { readonly specialistId: string }): void;
  /** The newest certificate of each task, by task id. */
  latest(): ReadonlyMap<string, Certificate & { readonly specialistId: string }>;
  /** All certificates of a task, oldest first. */
  forTask(taskId: string): readonly (Certificate & { readonly specialistId: string })[];
};

export type RunTable = {
  /** The result of a stage made from the same input, or undefined. */
  find(stage: string, madeFrom: string): Json | undefined;
  put(stage: string, madeFrom: string, result: Json): void;
};

export type LedgerEntry = {
  readonly at: string;
  readonly event: string;
  readonly detail: { readonly [field: string]: Json };
};

export type Ledger = {
  append(entry: LedgerEntry): void;
  all(): readonly LedgerEntry[];
  /** Number of the last erasure of calls that someone asked for, behind this number; the same number when there is none. */
  lastErasure(after: number): number;
};

/** What was made of a call. */
export type Lineage = {
  readonly examples: readonly { readonly taskId: string; readonly part: Part }[];
  /** Ids of the specialists made when the call was a train or calibration example of their task, oldest first. */
  readonly specialists: readonly string[];
  /** Policy hashes of the certificates made when the call was a certification example of their task, oldest first. */
  readonly certificates: readonly string[];
};

/** A key that callers show at the gateway. What it lets in is the hash's secret, which is nowhere. */
export type AccessKey = {
  /** Public: the part of the key that is printed and logged. */
  readonly id: string;
  /** SHA-256 of the secret. */
  readonly secretHash: Uint8Array;
  readonly name: string;
  readonly role: string;
  /** Null for all models. */
  readonly models: readonly string[] | null;
  readonly madeAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  /** Id of the key that this one was made to replace. */
  readonly replaces: string | null;
  /** Coarse: written once an hour at most. */
  readonly lastUsedAt: string | null;
};

export type AccessKeyTable = {
  add(key: Omit<AccessKey, "lastUsedAt" | "revokedAt">): void;
  /** Null when there is no such key, or its row was changed by another hand. */
  change(id: string, changes: Partial<Pick<AccessKey, "expiresAt" | "revokedAt">>): AccessKey | null;
  /** Oldest first. `foreign`: ids of rows that were not written under the store's key; they open nothing. */
  all(): { readonly keys: readonly AccessKey[]; readonly foreign: readonly string[] };
  /** Another number after every change that matters to who may come in. */
  version(): number;
  noteUse(ids: readonly string[], at: string): void;
};

export type AuditEntry = {
  /** From 1 without a gap. */
  readonly number: number;
  readonly at: string;
  /** `cli:` and the user of the machine, or `key:` and the id of a key. */
  readonly actor: string;
  /** Noun and verb: `call-read`, `key-created`. */
  readonly action: string;
  /** Ids and settings, never content. */
  readonly detail: { readonly [field: string]: Json };
};

/** Where the trail ends: keep it elsewhere, and a trail that was put back as a whole is found too. */
export type AuditHead = { readonly entries: number; readonly mac: string };

export type AuditVerdict = {
  readonly head: AuditHead;
  /** What does not hold, first place first; empty for an intact trail. */
  readonly problems: readonly string[];
};

/** Who read content and who changed what. Entries are chained under the store's key and never changed. */
export type AuditTrail = {
  /** On disk when it returns. */
  append(entry: Pick<AuditEntry, "actor" | "action" | "detail">): AuditHead;
  iterate(): IterableIterator<AuditEntry>;
  verify(noted?: AuditHead): AuditVerdict;
};

/** Everything on disk. One implementation today (embedded SQLite, WAL); the contract test is written for more. */
export type Store = {
  readonly calls: CallTable;
  readonly tasks: TaskTable;
  readonly examples: ExampleTable;
  readonly specialists: SpecialistTable;
  readonly certificates: CertificateTable;
  readonly runs: RunTable;
  readonly ledger: Ledger;
  readonly accessKeys: AccessKeyTable;
  readonly audit: AuditTrail;
  /** Writes and syncs a row. Throws HouseError store-full | store-busy | store-broken when nothing can be written. */
  checkWritable(): void;
  /** Null when there is no such call. */
  lineage(callId: string): Lineage | null;
  /** A keyed pseudonym (HMAC-SHA-256 under the store's key): the same value gives the same one in this store, and none in another. */
  pseudonym(kind: "user" | "client" | "session", value: string): string;
  readonly recording: RecordingTable;
  /** Erases calls and all that is kept about them; not what specialists learnt from them, which is told. */
  erase(filter: EraseFilter): Erased;
  /** Keys of segment logs beside the database. */
  readonly segmentKeys: SegmentKeys;
  close(): void;
};

export type OpenOptions = {
  /** The folder; made with mode 0700 when missing. `:memory:` for tests. */
  readonly dir: string;
  /** 32 bytes; when undefined the key file in the folder is used, and made for a new store. */
  readonly key?: Uint8Array;
  readonly nowMs: () => number;
};
