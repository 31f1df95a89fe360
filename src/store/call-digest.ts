import { createHash } from "node:crypto";
import type { Call } from "../core/index.ts";
import type { Database } from "./database.ts";
import type { Vault } from "./vault.ts";

const MODULUS = 1n << 256n;
const HEX_DIGITS = 64;

type Sum = { calls: number; sum: bigint };

type Digests = {
  /** Inside a transaction: counts a call in; `save` writes it. */
  add(source: Call["source"], identity: string): void;
  /** Counts one out that was counted in. */
  remove(source: Call["source"], identity: string): void;
  save(): void;
  read(source?: Call["source"]): string;
  calls(): number;
};

/** SHA-256 of a call's content, hex: its summand in the digest, the same in every store. */
export function identityOf(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}

/**
 * The digest of a set of calls, kept up to date: the sum of their hashes modulo 2^256 (AdHash; Bellare and Micciancio 1997),
 * so no order and no walk over all rows. It finds change, not forgery. Sealed: the sum over one call is its plain hash.
 */
export function createDigests(database: Database, vault: Vault): Digests {
  const select = database.prepare<{ calls: number; sealed: Uint8Array }>(
    "SELECT calls, sealed FROM digests WHERE source = ?",
  );
  const total = database.prepare<{ calls: number }>("SELECT coalesce(sum(calls), 0) AS calls FROM digests");
  const put = database.prepare("INSERT OR REPLACE INTO digests (source, calls, sealed) VALUES (?, ?, ?)");
  const changed = new Map<Call["source"], Sum>();
  database.onRollback(() => changed.clear());

  const load = (source: Call["source"]): Sum => {
    const row = select.get(source);
    if (row === undefined) return { calls: 0, sum: 0n };
    const hex = Buffer.from(vault.open(["digests", source], row.sealed)).toString();
    return { calls: row.calls, sum: BigInt(`0x${hex}`) };
  };

  return {
    add(source, identity) {
      const sum = changed.get(source) ?? load(source);
      changed.set(source, { calls: sum.calls + 1, sum: (sum.sum + BigInt(`0x${identity}`)) % MODULUS });
    },
    remove(source, identity) {
      const sum = changed.get(source) ?? load(source);
      const less = (sum.sum - BigInt(`0x${identity}`) + MODULUS) % MODULUS;
      changed.set(source, { calls: sum.calls - 1, sum: less });
    },
    save() {
      for (const [source, { calls, sum }] of changed) {
        const hex = sum.toString(16).padStart(HEX_DIGITS, "0");
        put.run(source, calls, vault.seal(["digests", source], Buffer.from(hex)));
      }
      changed.clear();
    },
    read(source) {
      const sums = (source === undefined ? (["import", "gateway"] as const) : [source]).map(load);
      const calls = sums.reduce((all, { calls }) => all + calls, 0);
      const sum = sums.reduce((all, { sum }) => all + sum, 0n) % MODULUS;
      return identityOf(`${calls} ${sum}`);
    },
    calls: () => total.get()!.calls,
  };
}
