import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadModelFolder } from "../formats/model-folder.ts";
import { loadPeftAdapter } from "../formats/peft.ts";
import type { Weights } from "../model-config.ts";
import { openRuntime, type Runtime } from "../onnx/runtime.ts";
import { adapterInputs } from "./adapters.ts";
import { openDecoder, type AdapterInputs, type Decoder } from "./decoder.ts";
import { createCache } from "./key-value-cache.ts";

// transformers' and PEFT's own numbers; test/golden/engine/README.md says what they are.
const GOLDEN = join(import.meta.dirname, "../../../test/golden/engine");
const TOLERANCE = 5e-3;

async function goldenDecoder(
  folder: string,
  runtime: Runtime,
): Promise<{ decoder: Decoder; weights: Weights }> {
  const { config, weights } = await loadModelFolder(join(GOLDEN, folder));
  const options = { config, weights, precision: "f32", positions: 64, threads: 1, runtime } as const;
  return { decoder: openDecoder(options), weights };
}

/** A tensor of a recorded file, float32 or int32: an eight-byte length, a header in JSON, the data. */
function recorded(path: string, name: string): Float32Array | Int32Array {
  const bytes = readFileSync(path);
  const headerEnd = 8 + Number(bytes.readBigUInt64LE());
  const header: Record<string, { dtype: string; data_offsets: [number, number] }> = JSON.parse(
    bytes.toString("utf8", 8, headerEnd),
  );
  const { dtype, data_offsets } = header[name];
  const data = new Uint8Array(bytes.subarray(headerEnd + data_offsets[0], headerEnd + data_offsets[1]))
    .buffer;
  return dtype === "I32" ? new Int32Array(data) : new Float32Array(data);
}

/** The greatest difference over all positions and tokens, two rows read as a batch: three tokens at once, then one by one. */
async function worstDifference(
  decoder: Decoder,
  folder: string,
  adapter: AdapterInputs | null,
): Promise<number> {
  const path = join(GOLDEN, folder, "expected.safetensors");
  const ids = recorded(path, "input_ids");
  const logits = recorded(path, "logits");
  const size = decoder.config.vocabularySize;
  const length = ids.length / 2;
  const cache = createCache(decoder.config, 2, 1);
  let worst = 0;
  for (let from = 0; from < length; from = from === 0 ? 3 : from + 1) {
    const to = from === 0 ? 3 : from + 1;
    const tokens = [...ids.slice(from, to), ...ids.slice(length + from, length + to)];
    const places = tokens.map((_, index) => index);
    const found = await decoder.run(cache, { first: 0, count: 2, tokens, places, adapter });
    for (const place of places) {
      const position = place < to - from ? from + place : length + from + place - (to - from);
      const row = logits.subarray(position * size, (position + 1) * size);
      let total = 0;
      for (const value of row) total += Math.exp(value);
      const sum = Math.log(total);
      for (let token = 0; token < size; token += 1)
        worst = Math.max(worst, Math.abs(row[token] - sum - found[place * size + token]));
    }
  }
  return worst;
}

describe("the inference graph", () => {
  test.each(["llama", "llama3-rope-scaling", "llama-untied", "qwen2", "qwen3", "qwen3-untied"])(
    "gives transformers' distributions for %s",
    async (folder) => {
      const { decoder } = await goldenDecoder(folder, await openRuntime("native"));
      expect(await worstDifference(decoder, folder, null)).toBeLessThan(TOLERANCE);
      await decoder.close();
    },
  );
  test.each(["peft-lora", "peft-dora"])("gives PEFT's distributions for %s", async (folder) => {
    const runtime = await openRuntime("native");
    const { decoder, weights } = await goldenDecoder("llama", runtime);
    const { adapter } = await loadPeftAdapter(join(GOLDEN, folder), decoder.config);
    const inputs = adapterInputs({ config: decoder.config, weights, runtime }, adapter);
    expect(await worstDifference(decoder, folder, inputs)).toBeLessThan(TOLERANCE);
    await decoder.close();
  });
  test("runs on WebAssembly as it is", async () => {
    const { decoder } = await goldenDecoder("qwen3", await openRuntime("wasm"));
    expect(await worstDifference(decoder, "qwen3", null)).toBeLessThan(TOLERANCE);
    await decoder.close();
  });
});
