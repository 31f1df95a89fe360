import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { seededRandom } from "../src/core/index.ts";
import { killedWriter, lossesOf, NO_LOSS, placeIn } from "./loss/rounds.ts";

const folder = mkdtempSync(join(tmpdir(), "understudy-loss-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ROUNDS = 2;
const WRITERS = 5;

// The long form, with full and frozen disks and whole gateways, is test/full/loss.test.ts.
test("what the log acknowledged is in the store after a kill -9 at any moment: once, whole", async () => {
  const random = seededRandom(11);
  const place = placeIn(folder);
  for (let round = 0; round < ROUNDS; round += 1) {
    const killed = Array.from({ length: WRITERS }, (_, number) =>
      killedWriter(place, {
        name: `r${round}-${number}`,
        mode: number % 2 === 0 ? "durable" : "intent",
        random,
      }),
    );
    expect(lossesOf(place, await Promise.all(killed))).toEqual(NO_LOSS);
  }
});
