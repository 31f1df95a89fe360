import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { plainStyle } from "../core/index.ts";
import {
  readSavedSpecialist,
  saveSpecialist,
  specialistIdOf,
  type SavedSpecialist,
} from "./saved-specialist.ts";

const folder = mkdtempSync(join(tmpdir(), "understudy-saved-"));
afterAll(() => rmSync(folder, { recursive: true }));

const parts = {
  familyKind: "closed-set",
  artifact: Uint8Array.from({ length: 300 }, (_, at) => at % 251),
  calibration: { kind: "capped-platt", slope: 1.25, intercept: -0.1, noise: 0.02 } as const,
  style: plainStyle,
};
const SPECIALIST: SavedSpecialist = {
  ...parts,
  id: specialistIdOf("t", parts),
  task: { id: "t", name: "triage" },
  description: { kind: "closed-set", parameters: 12 },
  training: { seed: 1, trainExamples: 40 },
  madeFrom: "abc",
  certificate: null,
};

let made = 0;
function saved(): string {
  made += 1;
  const dir = join(folder, `deep/${made}`);
  saveSpecialist(dir, SPECIALIST);
  return dir;
}

describe("saveSpecialist()", () => {
  test("writes what readSavedSpecialist() reads, for the owner alone, and leaves nothing beside", () => {
    const dir = saved();
    const { artifact, ...rest } = readSavedSpecialist(dir);
    const { artifact: given, ...told } = SPECIALIST;
    expect(rest).toEqual(told);
    expect(Buffer.from(artifact).equals(Buffer.from(given))).toBe(true);
    expect(readdirSync(dir).sort()).toEqual(["artifact.bin", "meta.json"]);
    expect(readdirSync(join(folder, "deep")).filter((name) => name.includes("part"))).toEqual([]);
    expect([dir, join(dir, "artifact.bin")].map((path) => statSync(path).mode & 0o077)).toEqual([0, 0]);
  });

  test("writes over nothing", () => {
    expect(() => saveSpecialist(saved(), SPECIALIST)).toThrow(/is not empty/);
    const file = join(folder, "file");
    writeFileSync(file, "");
    expect(() => saveSpecialist(file, SPECIALIST)).toThrow(/is not empty/);
  });

  test("gives the same folder for the same specialist", () => {
    const contents = [saved(), saved()].map((dir) => readFileSync(join(dir, "meta.json"), "utf8"));
    expect(contents[0]).toBe(contents[1]);
  });
});

describe("readSavedSpecialist()", () => {
  const edit = (change: (meta: Record<string, unknown>) => void): string => {
    const dir = saved();
    const path = join(dir, "meta.json");
    const meta = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    change(meta);
    writeFileSync(path, JSON.stringify(meta));
    return dir;
  };

  test("refuses an artifact with one bit changed, and one cut short", () => {
    for (const damage of [(bytes: Buffer) => (bytes[7] ^= 1), (bytes: Buffer) => bytes.fill(0, 100)]) {
      const dir = saved();
      const path = join(dir, "artifact.bin");
      const bytes = readFileSync(path);
      damage(bytes);
      writeFileSync(path, bytes);
      expect(() => readSavedSpecialist(dir)).toThrow(/artifact\.bin has the hash/);
    }
  });

  test.each<[string, (meta: Record<string, unknown>) => void, RegExp]>([
    ["another calibration", (meta) => (meta.calibration = { kind: "none" }), /the id in meta\.json/],
    ["another task", (meta) => (meta.task = { id: "other", name: "x" }), /the id in meta\.json/],
    ["a newer form", (meta) => (meta.version = 2), /version/],
    ["another version of the code", (meta) => (meta.answerVersion = 999), /train it again/],
    [
      "a path for the artifact",
      (meta) => (meta.artifact = { file: "../x", bytes: 1, sha256: "" }),
      /artifact/,
    ],
  ])("refuses %s", (_, change, line) => {
    expect(() => readSavedSpecialist(edit(change))).toThrow(line);
  });

  test("refuses no folder and no JSON in a line", () => {
    expect(() => readSavedSpecialist(join(folder, "nowhere"))).toThrow(/Cannot load the specialist in/);
    const dir = saved();
    writeFileSync(join(dir, "meta.json"), "{");
    expect(() => readSavedSpecialist(dir)).toThrow(/not that of a specialist/);
  });
});
