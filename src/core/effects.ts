/** One line for the operator; ids as fields, never content. */
export type LogLine = { readonly event: string; readonly [field: string]: unknown };

export type Log = {
  info(line: LogLine, text?: string): void;
  warn(line: LogLine, text?: string): void;
  error(line: LogLine, text?: string): void;
};

/** What is not a function of the arguments, handed in at the top. Only `cli` makes the real ones. */
export type Effects = {
  /** Milliseconds since 1970, wall clock. */
  readonly nowMs: () => number;
  /** A new unique id with a prefix: `call_…`. */
  readonly newId: (prefix: string) => string;
  readonly log: Log;
};

/** A report on long work: how much is done, of how much, in what unit. */
export type Progress = (step: {
  readonly stage: string;
  readonly done: number;
  readonly total: number | null;
  readonly unit: string;
}) => void;

export const silentLog: Log = { info: () => {}, warn: () => {}, error: () => {} };
