import { expect, test, vi } from "vitest";
import { silentLog, type Certificate } from "../core/index.ts";
import type { PolicySource } from "../route/index.ts";
import { watchRouting } from "./routing.ts";

test("watchRouting() follows the certificates of the store without a restart", async () => {
  vi.useFakeTimers();
  try {
    const certificates = new Map<string, Certificate & { readonly specialistId: string }>();
    const store: PolicySource = {
      tasks: { all: () => [] },
      certificates: { latest: () => certificates },
      specialists: { get: () => null, artifact: () => new Uint8Array() },
    };
    let loads = 0;
    const createAssigner = () => {
      loads += 1;
      return () => null;
    };
    const watch = await watchRouting(store, createAssigner, silentLog, 100);
    await vi.advanceTimersByTimeAsync(250);
    const before = loads;
    // The watch reads what names a certificate only.
    certificates.set("t", { taskId: "t", policyHash: "p", specialistId: "s", verdict: "refused" } as never);
    await vi.advanceTimersByTimeAsync(250);
    await watch.close();
    certificates.clear();
    await vi.advanceTimersByTimeAsync(250);
    expect([before, loads]).toEqual([1, 2]);
  } finally {
    vi.useRealTimers();
  }
});
