import { createAccessKeyTable } from "./access-keys.ts";
import { createAuditTrail } from "./audit.ts";
import { createCallTable, createCallWriter } from "./calls.ts";
import { createCertificateTable } from "./certificates.ts";
import { openDatabase, type Database } from "./database.ts";
import { createErase } from "./erase.ts";
import { createExampleTable } from "./examples.ts";
import { createLedger } from "./ledger.ts";
import { createLineage } from "./lineage.ts";
import { migrate, migrations } from "./migrations.ts";
import { createRecordingTable } from "./recording.ts";
import { createRunTable } from "./runs.ts";
import { createSpecialistTable } from "./specialists.ts";
import { createTaskTable } from "./tasks.ts";
import type { OpenOptions, Store } from "./types.ts";
import { openVault } from "./vault.ts";

/** Opens the store in a folder, makes it when there is none. Several processes may have it open. Throws HouseError key-unreadable | store-broken | store-busy | store-full | bad-config. */
export function openStore(options: OpenOptions): Store {
  const database = openDatabase(options.dir);
  try {
    return storeOver(database, options);
  } catch (error) {
    database.close();
    throw error;
  }
}

function createWriteCheck(database: Database, nowMs: () => number): () => void {
  const put = database.prepare("INSERT OR REPLACE INTO settings (name, value) VALUES ('written', ?)");
  return () => void database.transaction(() => put.run(Buffer.from(new Date(nowMs()).toISOString())));
}

/** The store in an open database, which it closes. */
export function storeOver(database: Database, options: OpenOptions): Store {
  const { nowMs } = options;
  migrate(database, migrations, nowMs);
  const vault = openVault(database, options);
  return {
    calls: createCallTable(database, vault),
    tasks: createTaskTable(database, vault),
    examples: createExampleTable(database, vault),
    specialists: createSpecialistTable(database, vault),
    certificates: createCertificateTable(database, nowMs),
    runs: createRunTable(database, vault, nowMs),
    ledger: createLedger(database),
    accessKeys: createAccessKeyTable(database, vault),
    audit: createAuditTrail(database, vault, nowMs),
    checkWritable: createWriteCheck(database, nowMs),
    lineage: createLineage(database),
    recording: createRecordingTable(database, vault, createCallWriter(database, vault)),
    erase: createErase(database, vault),
    pseudonym: vault.pseudonym,
    segmentKeys: vault.segmentKeys,
    close: () => database.close(),
  };
}
