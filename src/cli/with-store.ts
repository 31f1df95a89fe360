import { userInfo } from "node:os";
import type { Json } from "../core/index.ts";
import { openStore, type Store } from "../store/index.ts";
import type { Config } from "./config.ts";

/** Opens the store alone, for a short command: no threads, no progress. */
export function withStore<T>(
  { store: dir, key }: Pick<Config, "store" | "key">,
  work: (store: Store) => T,
): T {
  const store = openStore({ dir, key, nowMs: () => Date.now() });
  try {
    return work(store);
  } finally {
    store.close();
  }
}

/** Notes in the audit trail what the user of this machine reads or changes: before it is done, so that nothing is done unnoted. */
export function noteAudit(
  store: Pick<Store, "audit">,
  action: string,
  detail: { readonly [field: string]: Json },
): void {
  store.audit.append({ actor: `cli:${userName()}`, action, detail });
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that has no name.
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
