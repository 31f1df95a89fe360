import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, test } from "vitest";
import { foldSegments } from "../../src/collect/index.ts";
import { seededRandom } from "../../src/core/index.ts";
import { protocols } from "../../src/models/index.ts";
import { openStore, segmentsFolderOf } from "../../src/store/index.ts";
import { makeFileSystem, type FileSystem } from "../loss/file-system.ts";
import { missingIn, startLoadedGateway, type LoadedGateway } from "../loss/gateways.ts";
import {
  killedWriter,
  lossesOf,
  NO_LOSS,
  placeIn,
  startWriter,
  type Mode,
  type Place,
} from "../loss/rounds.ts";

const folder = mkdtempSync(join(tmpdir(), "understudy-loss-"));
const mounted: FileSystem[] = [];
afterAll(() => {
  for (const one of mounted) one.unmount();
  rmSync(folder, { recursive: true, force: true });
});

const CLI = resolve(import.meta.dirname, "../../bin/understudy.js");
const nowMs = (): number => Date.now();
const modeOf = (number: number): Mode => (number % 2 === 0 ? "durable" : "intent");

function fileSystem(name: string, mib: number): FileSystem | null {
  const made = makeFileSystem(folder, name, mib);
  if (made !== null) mounted.push(made);
  return made;
}

/** `understudy fold`, killed after a while. */
async function killedFold(store: string, afterMs: number): Promise<void> {
  const args = ["--disable-warning=ExperimentalWarning", CLI, "fold", "--store", store];
  const child = spawn(process.execPath, args, { stdio: "ignore" });
  const gone = new Promise((done) => child.once("exit", done));
  setTimeout(() => child.kill("SIGKILL"), afterMs);
  await gone;
}

describe("kill -9", () => {
  test("200 writers, five at a time over one store, and folds killed in between, lose nothing", async () => {
    const random = seededRandom(5);
    const place = placeIn(join(folder, "kill"));
    const acknowledged = { whole: 0, begun: 0 };
    for (let round = 0; round < 40; round += 1) {
      const killed = Array.from({ length: 5 }, (_, number) =>
        killedWriter(place, { name: `k${round}-${number}`, mode: modeOf(number), random }),
      );
      const writers = await Promise.all(killed);
      // Long enough to be in the middle of its work, most of the time.
      if (round % 4 === 0) await killedFold(place.store, 300 + random.below(1500));
      expect(lossesOf(place, writers), `round ${round}`).toEqual(NO_LOSS);
      for (const { whole, begun } of writers) {
        acknowledged.whole += whole.size;
        acknowledged.begun += begun.size;
      }
    }
    process.stdout.write(
      `200 kills: ${JSON.stringify(acknowledged)} acknowledged, none lost, torn or twice\n`,
    );
    expect(acknowledged.whole).toBeGreaterThan(20_000);
  });

  test("40 gateways under load lose no call that a client has", async () => {
    const random = seededRandom(6);
    let acknowledged = 0;
    for (let round = 0; round < 40; round += 1) {
      const mode = modeOf(round);
      const store = join(folder, "gateways");
      const gateway = await startLoadedGateway({ folder: join(folder, "gateway-log"), store, mode });
      await gateway.until(1 + random.below(600));
      await gateway.kill();
      const open = openStore({ dir: store, nowMs });
      const counts = foldSegments(open, { dir: segmentsFolderOf(store), protocols, nowMs, waitMs: 5000 });
      expect(
        [missingIn((id) => open.calls.get(id), gateway, mode), counts?.damage],
        `round ${round}`,
      ).toEqual([[], []]);
      open.close();
      acknowledged += gateway.whole.size;
    }
    process.stdout.write(`40 gateways killed: ${acknowledged} answers acknowledged, none lost\n`);
  });
});

describe("a full disk", () => {
  test("refuses with store-full, loses nothing that it took, and takes calls again when there is room", async (context) => {
    const disk = fileSystem("full", 24);
    context.skip(disk === null, "no file system of a size of its own can be made here");
    const place: Place = { store: join(folder, "full-store"), segments: join(disk!.path, "segments") };
    for (let round = 0; round < 6; round += 1) {
      const writer = startWriter(place, {
        name: `f${round}`,
        mode: modeOf(round),
        segmentBytes: 1024 * 1024,
      });
      await writer.until("refused", 50);
      const before = writer.whole.size;
      // Folding makes room, as it does beside a gateway.
      const store = openStore({ dir: place.store, nowMs });
      foldSegments(store, { dir: place.segments, protocols, nowMs, waitMs: 5000 });
      store.close();
      await writer.until("whole", before + 100);
      await writer.kill();
      expect([...writer.refused.keys()]).toEqual(["store-full"]);
      expect(lossesOf(place, [writer]), `round ${round}`).toEqual(NO_LOSS);
    }
  });
});

describe("a frozen disk", () => {
  test("lets its callers go, loses nothing that it took, also when killed while frozen", async (context) => {
    const disk = fileSystem("frozen", 48);
    context.skip(disk === null, "no file system can be frozen here");
    const random = seededRandom(7);
    const place: Place = { store: join(folder, "frozen-store"), segments: join(disk!.path, "segments") };
    for (let round = 0; round < 8; round += 1) {
      const writer = startWriter(place, { name: `z${round}`, mode: modeOf(round), stallMs: 200 });
      await writer.until("whole", 1 + random.below(300));
      disk!.freeze();
      await writer.until("refused", 30);
      const killed = round % 4 < 2 ? writer.kill() : null;
      const before = writer.whole.size;
      disk!.thaw();
      if (killed === null) {
        await writer.until("whole", before + 50);
        await writer.kill();
      }
      await killed;
      expect([...writer.refused.keys()]).toEqual(["overloaded"]);
      expect(lossesOf(place, [writer]), `round ${round}`).toEqual(NO_LOSS);
    }
  });
});

describe("a loss of power", () => {
  test("keeps what was acknowledged on the device, not only in the memory of the system", async (context) => {
    const random = seededRandom(8);
    for (let round = 0; round < 10; round += 1) {
      const disk = makeFileSystem(folder, `power-${round}`, 32);
      context.skip(disk === null, "no file system on a device of its own can be made here");
      const place: Place = { store: join(folder, "power-store"), segments: join(disk!.path, "segments") };
      const writer = startWriter(place, { name: `p${round}`, mode: modeOf(round) });
      await writer.until(modeOf(round) === "durable" ? "whole" : "begun", 1 + random.below(300));
      // What it says later may be younger than the copy.
      const said = { ...writer, whole: new Set(writer.whole), begun: new Set(writer.begun) };
      writer.child.kill("SIGSTOP");
      const after = disk!.afterPowerLoss();
      await writer.kill();
      disk!.unmount();
      const losses = lossesOf({ ...place, segments: join(after.path, "segments") }, [said]);
      after.unmount();
      expect(losses, `round ${round}`).toEqual(NO_LOSS);
    }
  });

  test("while calls are folded on the same device takes nothing that its segment has not", async (context) => {
    const random = seededRandom(9);
    for (let round = 0; round < 10; round += 1) {
      const disk = makeFileSystem(folder, `fold-power-${round}`, 48);
      context.skip(disk === null, "no file system on a device of its own can be made here");
      const place = placeIn(disk!.path);
      const mode = modeOf(round);
      const writer = startWriter(place, { name: `f${round}`, mode });
      const dir = place.segments;
      await writer.until(mode === "durable" ? "whole" : "begun", 1);
      // Open until after the loss: closing it would sync all.
      const store = openStore({ dir: place.store, nowMs });
      let folded = 0;
      for (let fold = 1; fold <= 3; fold += 1) {
        await writer.until(mode === "durable" ? "whole" : "begun", 600 * fold + random.below(300));
        folded += foldSegments(store, { dir, protocols, nowMs, waitMs: 5000 })?.calls ?? 0;
      }
      const said = { ...writer, whole: new Set(writer.whole), begun: new Set(writer.begun) };
      writer.child.kill("SIGSTOP");
      const after = disk!.afterPowerLoss();
      await writer.kill();
      store.close();
      disk!.unmount();
      const losses = lossesOf(placeIn(after.path), [said]);
      after.unmount();
      expect(losses, `round ${round}`).toEqual(NO_LOSS);
      expect(folded).toBeGreaterThan(0);
    }
  });
});

describe("a gateway", () => {
  const PAD = 200_000;

  /** Calls that clients have whole and the store has not, after a kill. */
  const missingAfterKill = async (gateway: LoadedGateway, store: string, pad = 0): Promise<string[]> => {
    await gateway.kill();
    const open = openStore({ dir: store, nowMs });
    foldSegments(open, { dir: segmentsFolderOf(store), protocols, nowMs, waitMs: 5000 });
    const missing = missingIn((id) => open.calls.get(id), gateway, "durable", pad);
    open.close();
    return missing;
  };

  test("on a full disk refuses, and answers again by itself when there is room", async (context) => {
    const disk = fileSystem("gateway-full", 160);
    context.skip(disk === null, "no file system of a size of its own can be made here");
    const store = join(disk!.path, "store");
    const gateway = await startLoadedGateway({
      folder: join(folder, "full-log"),
      store,
      mode: "durable",
      pad: PAD,
    });
    const filler = join(disk!.path, "filler");
    writeFileSync(filler, Buffer.alloc(70 * 1024 * 1024));
    await gateway.until(100, 503);
    rmSync(filler);
    await gateway.until(gateway.whole.size + 50);
    expect([...gateway.statuses.keys()].sort((a, b) => a - b)).toEqual([200, 503]);
    expect(await missingAfterKill(gateway, store, PAD)).toEqual([]);
  });

  test("on a full disk serves unrecorded where the operator wants that", async (context) => {
    const disk = fileSystem("gateway-serves", 160);
    context.skip(disk === null, "no file system of a size of its own can be made here");
    const store = join(disk!.path, "store");
    const options = {
      folder: join(folder, "serve-log"),
      store,
      mode: "durable",
      onFailure: "serve",
      pad: PAD,
    } as const;
    const gateway = await startLoadedGateway(options);
    writeFileSync(join(disk!.path, "filler"), Buffer.alloc(70 * 1024 * 1024));
    // Many times what the segments that are there can hold.
    await gateway.until(1500);
    expect([...gateway.statuses.keys()]).toEqual([200]);
    // The disk was full, so this can fail: some of what was served is not recorded.
    expect((await missingAfterKill(gateway, store, PAD)).length).toBeGreaterThan(0);
  });

  test("answers while another process holds the database, and loses nothing", async () => {
    const store = join(folder, "locked");
    const gateway = await startLoadedGateway({ folder: join(folder, "locked-log"), store, mode: "durable" });
    await gateway.until(50);
    const holder = new DatabaseSync(join(store, "store.db"));
    holder.exec("BEGIN IMMEDIATE");
    const before = gateway.whole.size;
    await gateway.until(before + 500);
    holder.exec("ROLLBACK");
    holder.close();
    expect([...gateway.statuses.keys()]).toEqual([200]);
    expect(await missingAfterKill(gateway, store)).toEqual([]);
  });
});
