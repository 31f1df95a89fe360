import { describe, expect, test } from "vitest";
import { HouseError, type Call } from "../core/index.ts";
import { createRecorder } from "./recorder.ts";

// The recorder looks at the id only.
const callOf = (id: string): Call => ({ id }) as Call;
const taken = { taken: 0, repeated: 0, conflicting: [] };

describe("createRecorder()", () => {
  test("writes calls that end together in one commit, in order, and resolves them after it", async () => {
    const batches: string[][] = [];
    const add = (batch: readonly Call[]) => {
      batches.push(batch.map((call) => call.id));
      return taken;
    };
    const recorder = createRecorder({ add }, () => 0);
    const done: string[] = [];
    await Promise.all(["a", "b", "c"].map((id) => recorder.record(callOf(id)).then(() => done.push(id))));
    expect(batches).toEqual([["a", "b", "c"]]);
    expect(done).toEqual(["a", "b", "c"]);
  });

  test("refuses every call of a commit that a full store refuses", async () => {
    const full = new HouseError("store-full", "Cannot write: the disk is full");
    const recorder = createRecorder(
      {
        add: () => {
          throw full;
        },
      },
      () => 0,
    );
    const ends = await Promise.allSettled([recorder.record(callOf("a")), recorder.record(callOf("b"))]);
    expect(ends).toEqual([
      { status: "rejected", reason: full },
      { status: "rejected", reason: full },
    ]);
  });

  test("writes the neighbours of a call that cannot be written", async () => {
    const written: string[] = [];
    const add = (batch: readonly Call[]) => {
      if (batch.some((call) => call.id === "bad")) throw new TypeError("not writable");
      written.push(...batch.map((call) => call.id));
      return taken;
    };
    const recorder = createRecorder({ add }, () => 0);
    const ends = await Promise.allSettled(["a", "bad", "b"].map((id) => recorder.record(callOf(id))));
    expect(ends.map((end) => end.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(written).toEqual(["a", "b"]);
  });

  test("writes what waits when it is closed, and takes no more", async () => {
    const written: string[] = [];
    const add = (batch: readonly Call[]) => {
      written.push(...batch.map((call) => call.id));
      return taken;
    };
    const recorder = createRecorder({ add }, () => 0);
    const waiting = recorder.record(callOf("a"));
    recorder.close();
    await waiting;
    expect(written).toEqual(["a"]);
    await expect(recorder.record(callOf("b"))).rejects.toThrow("closed");
  });
});
