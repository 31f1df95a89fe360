import { mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HouseError } from "../../core/index.ts";
import { parameterShapes, sizeOf, type ModelConfig, type Tensor, type Weights } from "../model-config.ts";
import { metadataOfConfig } from "./gguf-config.ts";
import { withGguf, writeGguf } from "./gguf-file.ts";
import type { GgufMetadata, GgufValue } from "./gguf-metadata.ts";
import { loadGguf, saveGguf } from "./gguf-model.ts";

const folder = mkdtempSync(join(tmpdir(), "formats-gguf-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "x.gguf");

const config: ModelConfig = {
  architecture: "llama",
  vocabularySize: 6,
  hiddenSize: 32,
  intermediateSize: 5,
  layers: 1,
  heads: 2,
  kvHeads: 1,
  headSize: 4,
  ropeTheta: 10_000,
  ropeScaling: null,
  normEpsilon: 1e-5,
  tiedHead: true,
  attentionBias: false,
  qkNorm: false,
  contextSize: 16,
  bosTokenId: 0,
  eosTokenIds: [1],
};
const tokenizer = {
  tokens: ["<s>", "</s>", "a", "b", "ab"],
  tokenTypes: [3, 3, 1, 1, 1],
  merges: ["a b"],
  pre: "gpt-2",
  bosTokenId: 0,
  eosTokenId: 1,
};
const qwen2: ModelConfig = { ...config, architecture: "qwen2", attentionBias: true, headSize: 16 };

function weightsOf(of: ModelConfig): Weights {
  const entry = (name: string, shape: readonly number[]): [string, Tensor] => [
    name,
    { shape, data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(name.length + i)) },
  ];
  return new Map([...parameterShapes(of)].map(([name, shape]) => entry(name, shape)));
}
const model = { config, weights: weightsOf(config), tokenizer };

describe("a GGUF model", () => {
  test("comes back with its tokenizer and chat template; spare rows of the embedding have unused tokens", async () => {
    await saveGguf(path, { ...model, chatTemplate: "{{ messages }}" }, { name: "tiny" });
    const padded = {
      ...tokenizer,
      tokens: [...tokenizer.tokens, "[PAD5]"],
      tokenTypes: [...tokenizer.tokenTypes, 5],
    };
    expect(await loadGguf(path)).toEqual({ ...model, tokenizer: padded, chatTemplate: "{{ messages }}" });
  });
  test.each([
    ["five end tokens", { eosTokenIds: [1, 2, 3, 4, 5], bosTokenId: null }],
    ["linear scaling", { ropeScaling: { kind: "linear", factor: 2.5 } }],
    ["a free head", { tiedHead: false }],
  ] as const)("comes back with %s", async (_, fields) => {
    const other = { ...config, ...fields };
    const saved = { config: other, weights: weightsOf(other), tokenizer: null, chatTemplate: null };
    await saveGguf(path, saved);
    expect(await loadGguf(path)).toEqual(saved);
  });
  test("in q8_0 has vectors in float32 and narrow matrices in float16", async () => {
    await saveGguf(path, model, { dtype: "q8_0" });
    const encodings = await withGguf(path, async ({ tensors }) =>
      ["token_embd.weight", "blk.0.attn_norm.weight", "blk.0.ffn_down.weight"].map(
        (name) => tensors.get(name)?.encoding,
      ),
    );
    expect(encodings).toEqual(["q8_0", "f32", "f16"]);
  });
  test("a llama with biases is read as the qwen2 it computes, its rows in our order", async () => {
    const weights = weightsOf(qwen2);
    await saveGguf(path, { config: qwen2, weights, tokenizer: null });
    const asLlama = await renamed("llama");
    const neighbours = (bias: Float32Array): number[] =>
      Array.from(
        { length: 32 },
        (_, row) => bias[Math.floor(row / 16) * 16 + (row % 2) * 8 + Math.floor((row % 16) / 2)],
      );
    const read = await loadGguf(asLlama);
    const bias = weights.get("model.layers.0.self_attn.q_proj.bias")!.data;
    expect(read.config).toEqual(qwen2);
    expect(neighbours(read.weights.get("model.layers.0.self_attn.q_proj.bias")!.data)).toEqual([...bias]);
  });
});

/** The same file under another architecture, its tensors untouched. */
async function renamed(architecture: string): Promise<string> {
  const other = join(folder, `${architecture}.gguf`);
  await withGguf(path, async (file) => {
    const tensors = new Map<string, Tensor>();
    for (const name of file.tensors.keys()) tensors.set(name, await file.read(name));
    const metadata = [...file.metadata].map(
      ([key, value]) => [key.replace("qwen2.", `${architecture}.`), value] as const,
    );
    const name: GgufValue = { type: "string", value: architecture };
    await writeGguf(other, new Map(metadata).set("general.architecture", name), tensors, () => "f32");
  });
  return other;
}

describe("the metadata of a GGUF file", () => {
  const item = {
    u8: fc.nat(255),
    i8: fc.integer({ min: -128, max: 127 }),
    u16: fc.nat(65_535),
    i16: fc.integer({ min: -32_768, max: 32_767 }),
    u32: fc.nat(2 ** 32 - 1),
    i32: fc.integer(),
    f32: fc.float(),
    f64: fc.double(),
    u64: fc.oneof(fc.maxSafeNat(), fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n })),
    i64: fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) })),
    bool: fc.boolean(),
    string: fc.string({ unit: "grapheme" }),
  };
  const types = Object.keys(item) as (keyof typeof item)[];
  const single = fc
    .constantFrom(...types)
    .chain((type) => item[type].map((value) => ({ type, value }) as GgufValue));
  const list = fc
    .constantFrom(...types)
    .chain((of) =>
      fc.array(item[of] as fc.Arbitrary<number>).map((value): GgufValue => ({ type: "array", of, value })),
    );
  test("comes back as it was written", async () => {
    const law = fc.asyncProperty(fc.dictionary(fc.string(), fc.oneof(single, list)), async (record) => {
      const metadata = new Map(Object.entries(record).filter(([key]) => key !== "general.alignment"));
      await writeGguf(path, metadata, new Map(), () => "f32");
      expect(await withGguf(path, async (file) => file.metadata)).toEqual(metadata);
    });
    await fc.assert(law, { numRuns: 60 });
  });
  test("is read on beyond the first 64 KiB", async () => {
    const long: GgufMetadata = new Map([
      ["a", { type: "array", of: "string", value: Array.from({ length: 30_000 }, String) }],
    ]);
    await writeGguf(path, long, new Map(), () => "f32");
    expect(await withGguf(path, async (file) => file.metadata)).toEqual(long);
  });
});

describe("loadGguf() refuses", () => {
  const text = (value: string): GgufValue => ({ type: "string", value });
  const number = (value: number): GgufValue => ({ type: "u32", value });
  const cases: readonly (readonly [string, Record<string, GgufValue>, RegExp])[] = [
    ["an adapter", { "general.type": text("adapter") }, /general.type is "adapter"/],
    [
      "a foreign architecture",
      { "general.architecture": text("gemma3") },
      /architecture is "gemma3", expected llama, qwen2 or qwen3/,
    ],
    ["a mixture of experts", { "llama.expert_count": number(8) }, /mixture of experts/],
    ["a part of a split model", { "split.count": number(2) }, /one part of a split model/],
    ["yarn", { "llama.rope.scaling.type": text("yarn") }, /rotary scaling is "yarn"/],
    [
      "a rotary width that is not the head's",
      { "llama.rope.dimension_count": number(2) },
      /rope.dimension_count is 2, expected the head size 4/,
    ],
    [
      "another size than its tensors have",
      { "llama.feed_forward_length": number(7) },
      /"blk.0.ffn_gate.weight" has the shape \[5, 32\], expected \[7, 32\]/,
    ],
    ["more layers than there are", { "llama.block_count": number(2) }, /"blk.1.attn_norm.weight" is missing/],
    ["a size that is text", { "llama.embedding_length": text("32") }, /no number llama.embedding_length/],
    ["an alignment of 7", { "general.alignment": number(7) }, /general.alignment is 7/],
  ];
  test.each(cases)("%s", async (_, changes, message) => {
    const metadata = metadataOfConfig(config) as Map<string, GgufValue>;
    for (const [key, value] of Object.entries(changes)) metadata.set(key, value);
    await saveGguf(path, model);
    const tensors = await withGguf(path, async (file) => {
      const read = new Map<string, Tensor>();
      for (const name of file.tensors.keys()) read.set(name, await file.read(name));
      return read;
    });
    await writeGguf(path, metadata, tensors, () => "f32");
    await expect(loadGguf(path)).rejects.toThrow(message);
  });
  test("rotary divisors that are not Llama 3's", async () => {
    const metadata = metadataOfConfig(config) as Map<string, GgufValue>;
    const divisors = { shape: [2], data: Float32Array.of(1, 5) };
    const other = new Map([
      ["rope_freqs.weight", divisors],
      ["token_embd.weight", { shape: [6, 32], data: new Float32Array(192) }],
    ] as const);
    await writeGguf(path, metadata, other, () => "f32");
    await expect(loadGguf(path)).rejects.toThrow(/rope_freqs.weight is not Llama 3's rotary scaling/);
  });
});

describe("saveGguf() refuses", () => {
  test("Llama 3's scaling for qwen2, which llama.cpp does not know", async () => {
    const scaled: ModelConfig = {
      ...qwen2,
      ropeScaling: {
        kind: "llama3",
        factor: 8,
        lowFrequencyFactor: 1,
        highFrequencyFactor: 4,
        originalContextSize: 8192,
      },
    };
    await expect(saveGguf(path, { config: scaled, weights: weightsOf(scaled), tokenizer })).rejects.toThrow(
      /llama3 is known to llama.cpp for the architecture llama only/,
    );
  });
  test("more tokens than the embedding has rows", async () => {
    const tokens = Array.from({ length: 7 }, String);
    await expect(saveGguf(path, { ...model, tokenizer: { ...tokenizer, tokens } })).rejects.toThrow(
      /7 tokens, the embedding 6 rows/,
    );
  });
  test("a qwen2 with wide heads, which llama.cpp does not load", async () => {
    const wide = { ...qwen2, headSize: 32 };
    await expect(saveGguf(path, { config: wide, weights: weightsOf(wide), tokenizer })).rejects.toThrow(
      /2 × 32 and 32/,
    );
  });
});

describe("a spoilt GGUF file", () => {
  const spoilt = join(folder, "spoilt.gguf");
  let whole = Buffer.alloc(0);
  beforeAll(async () => {
    await saveGguf(path, model, { dtype: "q8_0" });
    whole = await readFile(path);
  });
  test("is refused at every truncation, on one line that names it", async () => {
    // The last tensor may end in padding that holds no value.
    const law = fc.asyncProperty(fc.nat(whole.byteLength - 33), async (length) => {
      await writeFile(spoilt, whole.subarray(0, length));
      const error = await loadGguf(spoilt).catch((caught: unknown) => caught);
      expect(error).toMatchObject({
        code: "bad-input",
        message: expect.stringMatching(/^Cannot read ".*spoilt.gguf": .*$/),
      });
    });
    await fc.assert(law, { numRuns: 80 });
  });
  test("with one other byte in its header is refused as bad-input, or read: nothing else happens", async () => {
    const law = fc.asyncProperty(fc.nat(2500), fc.nat(255), async (at, byte) => {
      const other = Buffer.from(whole);
      other[at] = byte;
      await writeFile(spoilt, other);
      const result: unknown = await loadGguf(spoilt).catch((caught: unknown) => caught);
      const isRefusal =
        result instanceof HouseError && result.code === "bad-input" && result.message.length < 1000;
      expect(isRefusal || !(result instanceof Error)).toBe(true);
    });
    await fc.assert(law, { numRuns: 150 });
  });
  test.each([
    ["no GGUF at all", (bytes: Buffer) => bytes.write("PK"), /does not begin with GGUF/],
    ["version 1", (bytes: Buffer) => bytes.writeUInt32LE(1, 4), /GGUF version 1, expected 3/],
    [
      "tensors without number",
      (bytes: Buffer) => bytes.writeBigUInt64LE(2n ** 40n, 8),
      /the list of tensors is said to be 1099511627776 long/,
    ],
    [
      "keys beyond any number",
      (bytes: Buffer) => bytes.writeBigUInt64LE(2n ** 64n - 1n, 16),
      /the list of keys is said to be 18446744073709551615/,
    ],
    [
      "a name longer than the file",
      (bytes: Buffer) => bytes.writeBigUInt64LE(2n ** 50n, 24),
      /a key is said to be 1125899906842624 long/,
    ],
  ])("that has %s is refused", async (_, spoil, message) => {
    const other = Buffer.from(whole);
    spoil(other);
    await writeFile(spoilt, other);
    await expect(loadGguf(spoilt)).rejects.toThrow(message);
  });
  test("in Q4_K is refused by the tensor's and the type's name", async () => {
    const other = Buffer.from(whole);
    const name = Buffer.from("token_embd.weight");
    other.writeUInt32LE(12, other.indexOf(name) + name.byteLength + 4 + 16);
    await writeFile(spoilt, other);
    await expect(loadGguf(spoilt)).rejects.toThrow(
      /tensor "token_embd.weight" is Q4_K, expected F32, F16, BF16 or Q8_0/,
    );
  });
});
