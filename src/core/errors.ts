/** Every code an operation of the house can end with: the HTTP status and exit code it maps to, and whether trying again can help. */
export const ERROR_CODES = {
  "bad-usage": { status: 400, exitCode: 2, retryable: false },
  "bad-input": { status: 400, exitCode: 2, retryable: false },
  "bad-config": { status: 500, exitCode: 2, retryable: false },
  "body-too-large": { status: 413, exitCode: 2, retryable: false },
  unauthenticated: { status: 401, exitCode: 2, retryable: false },
  forbidden: { status: 403, exitCode: 2, retryable: false },
  "not-found": { status: 404, exitCode: 2, retryable: false },
  "previous-response-not-found": { status: 400, exitCode: 2, retryable: false },
  "key-unreadable": { status: 500, exitCode: 2, retryable: false },
  "store-broken": { status: 500, exitCode: 2, retryable: false },
  "store-busy": { status: 503, exitCode: 1, retryable: true },
  "store-full": { status: 503, exitCode: 2, retryable: false },
  "no-upstream": { status: 503, exitCode: 2, retryable: false },
  "upstream-unreachable": { status: 502, exitCode: 1, retryable: true },
  "upstream-timeout": { status: 504, exitCode: 1, retryable: true },
  "upstream-broken": { status: 502, exitCode: 1, retryable: true },
  "over-limit": { status: 429, exitCode: 1, retryable: true },
  overloaded: { status: 503, exitCode: 1, retryable: true },
  "nothing-to-do": { status: 409, exitCode: 1, retryable: false },
  "no-engine": { status: 500, exitCode: 2, retryable: false },
  cancelled: { status: 499, exitCode: 1, retryable: true },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** An operating failure: one clear line that says what was tried, on what, and what to do. */
export class HouseError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "HouseError";
    this.code = code;
  }
}
