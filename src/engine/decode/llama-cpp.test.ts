import { join } from "node:path";
import { expect, test } from "vitest";
import { loadGguf } from "../formats/gguf-model.ts";
import { openRuntime } from "../onnx/runtime.ts";
import { openLlamaModel } from "./llama-cpp.ts";
import { openModel } from "./open-model.ts";

const GGUF = join(import.meta.dirname, "../../../test/golden/engine/gguf/llama-f32.gguf");
const PROMPT = [1, 17, 40, 99, 5, 63];
// By a variable: the package is optional, and types need not resolve it. A path may be named where it stands elsewhere.
const LIBRARY = process.env["NODE_LLAMA_CPP"] ?? "node-llama-cpp";
const isInstalled = await import(LIBRARY).then(
  () => true,
  () => false,
);

test("a library that is not there is named with the command that installs it", async () => {
  await expect(openLlamaModel({ path: GGUF, library: "no-such-library" })).rejects.toThrow(
    'Cannot load node-llama-cpp for a GGUF model: install it with "npm install node-llama-cpp"',
  );
});

test.skipIf(!isInstalled)(
  "both engines write and score alike (skipped: node-llama-cpp is not installed)",
  async () => {
    const { config, weights } = await loadGguf(GGUF);
    const onnx = await openModel({ config, weights, precision: "f32", runtime: await openRuntime("native") });
    const llama = await openLlamaModel({ path: GGUF, library: LIBRARY, contextSize: 256 });
    const allowed = new Int32Array(4).fill(0x0f0f0f0f);
    const mask = () => ({ mask: () => allowed, accept: () => true, isDone: () => false });
    const results = [];
    for (const model of [onnx, llama]) {
      const options = { maxTokens: 12, eos: [] };
      const [free] = await model.generate([{ prompt: PROMPT }], options);
      const [masked] = await model.generate([{ prompt: PROMPT, mask: mask() }], options);
      const scores = await model.score({
        prefix: PROMPT.slice(0, 2),
        prompt: PROMPT.slice(2),
        answer: [3, 9, 77],
      });
      results.push({
        tokens: [...free.tokens, ...masked.tokens],
        numbers: [...free.logProbs, ...masked.maskedLogProbs, ...scores],
      });
      await model.close();
    }
    const [ours, theirs] = results;
    expect(theirs.tokens).toEqual(ours.tokens);
    const differences = ours.numbers.map((value, index) =>
      Math.abs(Number(value) - Number(theirs.numbers[index])),
    );
    // llama.cpp keeps keys and values in 16 bits.
    expect(Math.max(...differences)).toBeLessThan(2e-2);
  },
);
