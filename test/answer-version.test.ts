import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { ANSWER_VERSION } from "../src/models/index.ts";

// The code between a request and a specialist's answer. A stored specialist answers through it, under certificates that were made
// through it: they must not outlive it.
const SOURCES = [
  "core/answer.ts",
  "core/json.ts",
  "core/task.ts",
  "guard",
  "learn/calibrate",
  "learn/encoder",
  "learn/families",
  "learn/linear",
  "learn/tagger",
  "learn/text",
  "discover/assign.ts",
  "discover/fingerprint.ts",
  "discover/lines.ts",
  "discover/pattern.ts",
  "engine/decode",
  "engine/grammar",
  "engine/tokens",
  "models/families.ts",
  "models/generative",
  "models/specialist-model.ts",
];

// When this test fails: if any stored specialist could now answer otherwise, raise ANSWER_VERSION (all certificates become void);
// then record the new digest here.
const RECORDED = { version: 3, digest: "abc4a1a55953f0f5" };

const SRC = resolve(import.meta.dirname, "../src");

function filesUnder(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesUnder(join(path, name)));
}

test("the code that answers is the one that ANSWER_VERSION speaks of", () => {
  const hash = createHash("sha256");
  const files = SOURCES.flatMap((path) => filesUnder(join(SRC, path))).filter(
    (file) => !file.endsWith(".test.ts"),
  );
  for (const file of files) hash.update(readFileSync(file, "utf8").replace(/\s+/g, ""));
  expect({ version: ANSWER_VERSION, digest: hash.digest("hex").slice(0, 16) }).toEqual(RECORDED);
});
