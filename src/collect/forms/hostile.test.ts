import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { told, WRITERS } from "../../../test/collect/writers.ts";
import { mutated } from "../../../test/fuzz/mutate.ts";
import { seededRandom } from "../../core/index.ts";
import { openStore } from "../../store/index.ts";
import { importLogs } from "../import.ts";

const folder = mkdtempSync(join(tmpdir(), "understudy-hostile-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("records of exports, changed in a few places", () => {
  test.each(Object.entries(WRITERS))(
    "%s: each is taken, passed or refused, and nothing breaks",
    async (name, { format, write }) => {
      const records = fc.sample(told, { numRuns: 40, seed: 20261128 }).map(write);
      const lines = records.flatMap((record, at) =>
        Array.from({ length: 5 }, (_, turn) => mutated(record, seededRandom(`${name} ${at} ${turn}`))),
      );
      const path = join(folder, `${format}.jsonl`);
      writeFileSync(
        path,
        lines.map((line) => line.toString("latin1").replaceAll("\n", " ")).join("\n"),
        "latin1",
      );
      // Told by its fields, and said to be what it perhaps no longer is.
      for (const options of [{}, { format }]) {
        const store = openStore({ dir: ":memory:", nowMs: () => 0 });
        const counts = await importLogs(store, [path], options);
        const { taken, repeated, refused, passed, records, reasons } = counts;
        expect(reasons["unreadable"]).toBeUndefined();
        expect(records).toBeGreaterThan(150);
        // Spans of one name are put together.
        if (format !== "otlp") expect(taken + repeated + refused + passed).toBeGreaterThanOrEqual(records);
        store.close();
      }
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    },
  );
});
