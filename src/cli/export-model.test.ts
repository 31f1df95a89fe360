import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Task } from "../core/index.ts";
import { packGenerative } from "../models/generative/artifact.ts";
import { randomSpecialist, writeTinyBase } from "../models/generative/testing.ts";
import { openBase } from "../models/index.ts";
import { openStore, type Store } from "../store/index.ts";
import { exportAdapter, exportBaseModel } from "./export-model.ts";

const folder = mkdtempSync(join(tmpdir(), "understudy-export-"));
const base = join(folder, "base");
let store: Store;
afterAll(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const taskOf = (name: string): Task => ({
  id: `t_${name}`,
  name,
  kind: "json",
  variants: [],
  calls: 0,
  sessions: 0,
});

function learn(task: string, family: string, artifact: Uint8Array): void {
  const row = { id: `s_${task}`, taskId: task, family, attempt: 1, bytes: artifact.length, madeFrom: "m" };
  store.specialists.put({ ...row, description: { kind: family, parameters: 1 }, info: {} }, artifact);
  // As trainStep() remembers it.
  store.runs.put(`trained:${task}`, "latest", { specialistId: row.id, why: null });
}

beforeAll(async () => {
  mkdirSync(base);
  await writeTinyBase(base, 1);
  store = openStore({ dir: ":memory:", nowMs: () => 0 });
  store.tasks.replaceAll(["weather", "topic", "new"].map(taskOf), []);
  learn("t_weather", "generative", packGenerative(randomSpecialist(await openBase(base), 2)));
  learn("t_topic", "closed-set", new Uint8Array([1]));
});

test("exportAdapter() writes the task's specialist, by name or id, and says of what", async () => {
  const out = join(folder, "out");
  const { files, ...facts } = await exportAdapter(store, ["weather"], { out, base });
  expect(files.map(({ name }) => name)).toEqual([
    "README.md",
    "adapter_config.json",
    "adapter_model.safetensors",
  ]);
  const { hash } = await openBase(base);
  expect(facts).toEqual({
    form: "peft",
    task: "t_weather",
    specialist: "s_t_weather",
    certificate: null,
    dir: out,
    base: { name: `understudy-base-${hash.slice(0, 8)}`, hash },
  });
});

describe("exportAdapter() ends in one line, and writes nothing,", () => {
  test.each([
    ["without a folder", ["weather"], {}, "name a new folder with --out DIR"],
    ["without a task", [], { out: "x" }, "name one task, 0 were given"],
    ["for an unknown task", ["nowhere"], { out: "x" }, 'Cannot find task "nowhere"'],
    ["for another family", ["topic"], { out: "x" }, 'its specialist is of the family "closed-set"'],
    ["for a task without a specialist", ["new"], { out: "x" }, "it has no specialist"],
    ["for an unknown form", ["weather"], { out: "x", form: "onnx" }, "expected one of peft, gguf"],
    ["for an unknown encoding", ["weather"], { out: "x", dtype: "q4" }, "expected one of f16, q8_0"],
    ["without its base", ["weather"], { out: "x", base: undefined }, "give its folder with --base"],
  ])("%s", async (_, tasks, flags, line) => {
    await expect(exportAdapter(store, tasks, { base, ...flags })).rejects.toThrow(line);
    expect(existsSync("x")).toBe(false);
  });
});

test("exportBaseModel() writes the chosen base", async () => {
  const out = join(folder, "exported");
  const { files } = await exportBaseModel({ out, base, form: "gguf", dtype: "q8_0" });
  expect(files.map(({ name }) => name)).toEqual(["README.md", "model-q8_0.gguf"]);
});
