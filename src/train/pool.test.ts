import { expect, test } from "vitest";
import type { SpecialistFamily, TrainingExample } from "../core/index.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { baseHashIn } from "../models/generative/artifact.ts";
import { writeTinyBase } from "../models/generative/testing.ts";
import { families, familyOf } from "../models/index.ts";
import { createFitPool, sameThread, shareOf } from "./pool.ts";

const [family] = families;
const examples: TrainingExample[] = Array.from({ length: 12 }, (_, at) => ({
  input: { parts: [{ role: "user", text: at % 2 === 0 ? `card ${at}` : `top-up ${at}` }], tools: [] },
  answer: { type: "text", text: at % 2 === 0 ? "card" : "top-up" },
}));

test("createFitPool() fits in a thread what this thread would, also what wants all cores", async () => {
  const pool = createFitPool(2);
  const greedy: SpecialistFamily = { ...family, threads: "all" };
  const artifacts = await Promise.all([
    pool.fit(family, examples, { seed: 1 }),
    pool.fit(greedy, examples, { seed: 1, form: { schema: { type: "string" }, tools: [] } }),
    sameThread.fit(family, examples, { seed: 1 }),
  ]);
  await pool.close();
  expect(new Set(artifacts.map((artifact) => Buffer.from(artifact).toString("hex"))).size).toBe(1);
});

test("shareOf() gives a fit that is alone all cores, and each of many at least one", () => {
  expect([shareOf(2, 1), shareOf(2, 2), shareOf(2, 5), shareOf(8, 3)]).toEqual([2, 1, 1, 2]);
});

test("createFitPool() fits on the base it is told", async () => {
  const folder = mkdtempSync(join(tmpdir(), "understudy-pool-"));
  await writeTinyBase(folder, 1);
  const generative = familyOf("generative", folder)!;
  const pool = createFitPool(1, 1, folder);
  const days = examples.map(({ input }, at): TrainingExample => ({
    input,
    answer: { type: "json", value: { days: at } },
  }));
  const artifact = await pool.fit(generative, days, { seed: 1 });
  expect(baseHashIn(artifact)).toBe(await generative.startsFrom?.());
  await pool.close();
  rmSync(folder, { recursive: true });
});

test("createFitPool() cancels what runs and what waits when it is closed, and takes no more", async () => {
  const pool = createFitPool(1);
  const fits = [1, 2].map((seed) => pool.fit(family, examples, { seed }));
  const ends = Promise.allSettled(fits);
  await pool.close();
  const late = pool.fit(family, examples, { seed: 3 });
  const codes = (await Promise.allSettled([...fits, late])).map((end) =>
    end.status === "rejected" ? (end.reason as { code?: string }).code : end.status,
  );
  await ends;
  expect(codes).toEqual(["cancelled", "cancelled", "cancelled"]);
});

test("createFitPool() starts no thread for a cancelled fit", async () => {
  const pool = createFitPool(1);
  const fit = pool.fit(family, examples, { seed: 1, signal: AbortSignal.abort() });
  await expect(fit).rejects.toMatchObject({ code: "cancelled" });
  await pool.close();
});
