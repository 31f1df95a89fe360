import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { fileCheckpoint } from "./file-checkpoint.ts";

const folder = mkdtempSync(join(tmpdir(), "understudy-checkpoint-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A process that trains a small model with a checkpoint file, tells of each step and at the end of its losses. */
const PROGRAM = `
const at = ${JSON.stringify(import.meta.dirname)};
const { train } = await import(at + "/train.ts");
const { fileCheckpoint } = await import(at + "/file-checkpoint.ts");
const { initialWeights } = await import(at + "/initialize.ts");
const { adamDefaults } = await import(at + "/adamw.ts");
const config = {
  architecture: "llama", vocabularySize: 32, hiddenSize: 16, intermediateSize: 32, layers: 1, heads: 2, kvHeads: 1,
  headSize: 8, ropeTheta: 10000, ropeScaling: null, normEpsilon: 1e-5, tiedHead: true, attentionBias: false,
  qkNorm: false, contextSize: 64, bosTokenId: 1, eosTokenIds: [2],
};
const sequences = Array.from({ length: 160 }, (_, index) => {
  const ids = Array.from({ length: 8 }, (_, at) => (index * 7 + at * (1 + (index % 5))) % 32);
  return { ids, weights: ids.map(() => 1) };
});
const options = {
  passes: 6, maxSteps: null, tokensPerShard: 128, shardsPerStep: 2,
  schedule: { learningRate: 1e-2, warmupSteps: 2, decay: "cosine", finalShare: 0.1 },
  adam: adamDefaults, clipNorm: 1, evaluateEvery: 4, patience: null, seed: 1, threads: 0, maxBytes: null,
};
const job = {
  config, trainable: { mode: "full" }, objective: { kind: "cross-entropy" }, isCausal: true,
  start: initialWeights(config, 1), sequences, development: sequences.slice(0, 16), options,
};
const checkpoint = fileCheckpoint(process.argv[1], 3);
const progress = ({ done }) => {
  console.log("step " + done);
  // Waits to be killed: by itself it would be done before the signal comes.
  if (done === Number(process.argv[2])) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};
const { history } = await train(job, { checkpoint, progress });
console.log(JSON.stringify(history));
`;

/** Runs the program; kills it hard when it says that it has done a step. Returns its lines. */
function run(path: string, killAt: number | null): Promise<string[]> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [
      "--input-type=module-typescript",
      "-e",
      PROGRAM,
      path,
      String(killAt),
    ]);
    let text = "";
    child.stdout.on("data", (part: Buffer) => {
      text += part.toString();
      if (killAt !== null && text.includes(`step ${killAt}\n`)) child.kill("SIGKILL");
    });
    child.stderr.on("data", (part: Buffer) => (text += part.toString()));
    child.on("close", () => resolve(text.trim().split("\n")));
  });
}

test("train() killed hard and started again ends with the losses of a run left alone", async () => {
  const path = join(folder, "killed");
  const [whole, killed] = await Promise.all([run(join(folder, "whole"), null), run(path, 10)]);
  expect(existsSync(path)).toBe(true);
  const resumed = await run(path, null);
  // The checkpoint of step 9 was the last.
  expect([killed.at(-1), resumed[0]]).toEqual(["step 10", "step 10"]);
  expect(resumed.at(-1)).toMatch(/"developmentLoss":\d/);
  expect(resumed.at(-1)).toBe(whole.at(-1));
});

test("fileCheckpoint() replaces the last checkpoint whole, and has none at first", () => {
  const path = join(folder, "file");
  const place = fileCheckpoint(path, 1);
  expect(place.load()).toBeNull();
  place.save(Uint8Array.of(1, 2, 3));
  place.save(Uint8Array.of(4));
  expect([...place.load()!]).toEqual([4]);
  expect(existsSync(`${path}.partial`)).toBe(false);
});
