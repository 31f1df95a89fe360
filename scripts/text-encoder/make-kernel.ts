// Writes src/learn/encoder/kernel-code.ts from multiply.wat beside this file.
// Usage: node scripts/text-encoder/make-kernel.ts FOLDER   (the folder of the npm package wabt, 1.0.39)
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

type Wabt = () => Promise<{
  parseWat: (name: string, text: string, features: { simd: boolean }) => Parsed;
}>;
type Parsed = { toBinary: (options: object) => { buffer: Uint8Array } };

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("Cannot make the kernel: name the folder of the npm package wabt");
const { default: wabt } = (await import(pathToFileURL(join(resolve(folder), "index.js")).href)) as {
  default: Wabt;
};
const text = readFileSync(join(import.meta.dirname, "multiply.wat"), "utf8");
const { buffer } = (await wabt()).parseWat("multiply.wat", text, { simd: true }).toBinary({});
const code = Buffer.from(buffer).toString("base64");
writeFileSync(
  resolve(import.meta.dirname, "../../src/learn/encoder/kernel-code.ts"),
  `// Made by scripts/text-encoder/make-kernel.ts from multiply.wat; do not edit.\nexport const KERNEL =\n  "${code}";\n`,
);
