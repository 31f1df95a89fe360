import { mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { HouseError } from "../../core/index.ts";
import type { Weights } from "../model-config.ts";
import { readSafetensors, withSafetensors, writeSafetensors } from "./safetensors.ts";

const folder = mkdtempSync(join(tmpdir(), "formats-safetensors-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "x.safetensors");

const weights: Weights = new Map([
  ["a", { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, 1e-8, 65_504) }],
  ["b", { shape: [1], data: Float32Array.of(7) }],
]);

/** A file with this header, written as it is, and `dataBytes` bytes behind it. */
async function fileOf(header: unknown, dataBytes: number, claimed?: bigint): Promise<string> {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(claimed ?? BigInt(json.byteLength));
  await writeFile(path, Buffer.concat([length, json, Buffer.alloc(dataBytes)]));
  return path;
}

const tensor = (dtype: string, shape: unknown, data_offsets: unknown) => ({ dtype, shape, data_offsets });

describe("a safetensors file", () => {
  test("comes back as it was written in f32", async () => {
    await writeSafetensors(path, weights);
    expect(await readSafetensors(path)).toEqual(weights);
  });
  test("comes back rounded once in f16", async () => {
    await writeSafetensors(path, weights, { dtype: "f16" });
    expect([...(await readSafetensors(path)).get("a")!.data]).toEqual([1, -2, 3.5, 0, 0, 65_504]);
  });
  test("begins its data at a multiple of 8 and says format pt", async () => {
    await writeSafetensors(path, weights, { metadata: { madeBy: "a test" } });
    const headerBytes = Number((await readFile(path)).readBigUInt64LE(0));
    const metadata = await withSafetensors(path, async (file) => file.metadata);
    expect([headerBytes % 8, metadata]).toEqual([0, { format: "pt", madeBy: "a test" }]);
  });
  test("keeps any names and shapes", async () => {
    const name = fc.string({ minLength: 1 }).filter((text) => text !== "__metadata__");
    const value = fc.array(fc.float({ noNaN: true }), { maxLength: 6 });
    const law = fc.asyncProperty(fc.dictionary(name, value), async (record) => {
      const any = Object.entries(record).map(
        ([key, list]) => [key, { shape: [list.length], data: Float32Array.from(list) }] as const,
      );
      await writeSafetensors(path, new Map(any));
      expect(await readSafetensors(path)).toEqual(new Map(any));
    });
    await fc.assert(law, { numRuns: 40 });
  });
});

describe("withSafetensors() refuses", () => {
  test.each([
    ["a header that is no JSON", "{", 0, /header is not a JSON object/],
    ["a header that is a list", [], 0, /header is not a JSON object/],
    ["metadata that is no text", { __metadata__: { a: 1 } }, 0, /__metadata__/],
    ["an unknown dtype", { a: tensor("Q9", [1], [0, 4]) }, 4, /"a" has the unknown dtype "Q9"/],
    ["a negative side", { a: tensor("F32", [-1], [0, 4]) }, 4, /"a" has a shape/],
    [
      "a size that is not shape × dtype",
      { a: tensor("F32", [3], [0, 8]) },
      8,
      /"a" is F32 of shape \[3\], 12 bytes, but its offsets \[0, 8\] hold 8/,
    ],
    ["a shape that overflows", { a: tensor("F32", [2 ** 50, 2 ** 50], [0, 8]) }, 8, /"a" is F32/],
    [
      "an offset behind the end",
      { a: tensor("F32", [2], [0, 8]) },
      4,
      /"a" ends at byte 8 of the data, which has 4: truncated/,
    ],
    [
      "an overlap",
      { a: tensor("F32", [2], [0, 8]), b: tensor("F32", [1], [4, 8]) },
      8,
      /"b" begins at byte 4 of the data, expected 8: an overlap/,
    ],
    ["a gap", { a: tensor("F32", [1], [4, 8]) }, 8, /"a" begins at byte 4 of the data, expected 0: a gap/],
    [
      "bytes that belong to no tensor",
      { a: tensor("F32", [1], [0, 4]) },
      6,
      /its data has 6 bytes, its tensors 4/,
    ],
  ] as const)("%s", async (_, header, dataBytes, message) => {
    const refusal = withSafetensors(await fileOf(header, dataBytes), async () => null);
    await expect(refusal).rejects.toThrow(message);
  });
  test.each([100n, 2n ** 63n])("a header said to have %s bytes", async (claimed) => {
    const refusal = withSafetensors(await fileOf({}, 0, claimed), async () => null);
    await expect(refusal).rejects.toThrow(`header is said to have ${claimed} bytes, the file has 10`);
  });
  test("a tensor of whole numbers, when it is read", async () => {
    await fileOf({ a: tensor("I64", [1], [0, 8]) }, 8);
    await expect(readSafetensors(path)).rejects.toThrow(/tensor "a" is I64, expected F32, F16 or BF16/);
  });
  test("a file that is not there, as not-found", async () => {
    const missing = readSafetensors(join(folder, "none"));
    await expect(missing).rejects.toMatchObject({ code: "not-found" });
  });
  test("a folder", async () => {
    await expect(readSafetensors(folder)).rejects.toThrow(/it is not a file/);
  });
  test("every truncation, on one line that names the file", async () => {
    await writeSafetensors(path, weights);
    const whole = await readFile(path);
    const cut = join(folder, "cut.safetensors");
    const law = fc.asyncProperty(fc.nat(whole.byteLength - 1), async (length) => {
      await writeFile(cut, whole.subarray(0, length));
      const error = await readSafetensors(cut).catch((caught: unknown) => caught);
      expect(error).toMatchObject({
        code: "bad-input",
        message: expect.stringMatching(/^Cannot read ".*cut.safetensors": .*$/),
      });
    });
    await fc.assert(law, { numRuns: 60 });
  });
  test("a spoilt header as bad-input, or reads numbers: nothing else happens", async () => {
    await writeSafetensors(path, weights);
    const whole = await readFile(path);
    const law = fc.asyncProperty(fc.nat(whole.byteLength - 1), fc.nat(255), async (at, byte) => {
      const spoilt = Buffer.from(whole);
      spoilt[at] = byte;
      await writeFile(path, spoilt);
      const result = await readSafetensors(path).catch((caught: unknown) => caught);
      expect(result instanceof Map || (result instanceof HouseError && result.code === "bad-input")).toBe(
        true,
      );
    });
    await fc.assert(law, { numRuns: 100 });
  });
});

test("writeSafetensors() leaves the old file where writing fails", async () => {
  await writeSafetensors(path, weights);
  const broken = {
    shape: [1],
    get data(): Float32Array {
      throw new Error("out of luck");
    },
  };
  await expect(writeSafetensors(path, new Map([["a", broken]]))).rejects.toThrow(
    /Cannot write ".*": out of luck/,
  );
  expect(await readSafetensors(path)).toEqual(weights);
});
