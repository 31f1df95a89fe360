import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Call } from "../core/index.ts";

/** A small call for the tests of the store. */
export function sampleCall(id: string, changes: Partial<Call> = {}): Call {
  return {
    id,
    session: `session of ${id}`,
    at: "2026-03-02T00:00:00.000Z",
    origin: "u_aaaaaaaaaaaa",
    source: "import",
    request: { model: "gpt-4o", messages: [{ role: "user", content: `ask ${id}` }], temperature: 0 },
    response: { model: "gpt-4o", message: { role: "assistant", content: "yes" }, finish_reason: "stop" },
    status: 200,
    error: null,
    latencyMs: 12.5,
    usage: { inputTokens: 7, outputTokens: null },
    servedBy: "provider",
    taskId: null,
    foreign: { line: 3 },
    ...changes,
  };
}

/** A folder that is gone after the work, also after work that is a promise. */
export function withFolder<T>(work: (dir: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), "understudy-store-"));
  const clean = () => rmSync(dir, { recursive: true, force: true });
  let result: T;
  try {
    result = work(dir);
  } catch (error) {
    clean();
    throw error;
  }
  // The promise comes back as another of the same type.
  if (result instanceof Promise) return result.finally(clean) as T;
  clean();
  return result;
}
