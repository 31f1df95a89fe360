// Writes src/learn/encoder/kernel-code.ts from kernel.wat beside this file and what is repeated in it, below: once with the vector instruction for products of whole numbers that
// WebAssembly calls relaxed, and once with older ones that give the same sums, for engines without it.
// Usage: node scripts/text-encoder/make-kernel.ts FOLDER   (the folder of the npm package wabt, 1.0.39)
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

type Wabt = () => Promise<{
  parseWat: (name: string, text: string, features: { simd: boolean; relaxed_simd: boolean }) => Parsed;
}>;
type Parsed = { toBinary: (options: object) => { buffer: Uint8Array } };

const EVEN = "0 1 4 5 8 9 12 13 16 17 20 21 24 25 28 29";
const ODD = "2 3 6 7 10 11 14 15 18 19 22 23 26 27 30 31";
const RELAXED =
  /\(i32x4\.relaxed_dot_i8x16_i7x16_add_s (\(local\.get \$\w+\)) (\(local\.get \$\w+\)) (\(local\.get \$\w+\))\)/gu;

/** Products of neighbours are added in 16 bits, which they fit: 2 · 127 · 127. */
function older(_: string, x: string, w: string, sum: string): string {
  const low = `(i16x8.extmul_low_i8x16_s ${x} ${w})`;
  const high = `(i16x8.extmul_high_i8x16_s ${x} ${w})`;
  const pairs = `(i16x8.add (i8x16.shuffle ${EVEN} ${low} ${high}) (i8x16.shuffle ${ODD} ${low} ${high}))`;
  return `(i32x4.add ${sum} (i32x4.extadd_pairwise_i16x8_s ${pairs}))`;
}

const lines = (count: number, text: (r: number) => string): string =>
  Array.from({ length: count }, (_, r) => text(r)).join("\n");

/** Groups of rows that the product of levels takes at a time: the largest has as many sums as there are registers for. */
const GROUPS = [6, 5, 4];
/** Steps of the innermost loop that are written out: the fewer other instructions between the products, the less another thread of the core is in the way. */
const STEPS = 4;

/** The product of levels: by eight columns, whose part of the matrix stays near, group after group of rows. */
function levelProduct(): string {
  return `(func (export "multiplyLevels") (param $x i32) (param $scales i32) (param $w i32) (param $columnScales i32) (param $y i32)
    ${lines(GROUPS.length, (g) => `(param $groups${GROUPS[g]} i32)`)} (param $inner i32) (param $columns i32) (param $keep i32)
    (local $left i32) (local $c i32) (local $width i32) (local $block i32) (local $wp i32) (local $end i32)
    (local $xg i32) (local $yg i32) (local $yp i32) (local $s i32)
    (local $mask v128) (local $v v128) (local $w0 v128) (local $w1 v128)
    ${lines(GROUPS[0], (r) => `(local $x${r} i32) (local $a${r} v128) (local $b${r} v128)`)}
    (local.set $width (i32.shl (local.get $columns) (i32.const 2)))
    (local.set $block (i32.shl (local.get $inner) (i32.const 3)))
    (local.set $mask (i32x4.splat (local.get $keep)))
    (loop $columnLoop
      (local.set $end (i32.add (local.get $w) (local.get $block)))
      (local.set $xg (local.get $x))
      (local.set $yg (i32.add (local.get $y) (local.get $c)))
      (local.set $s (local.get $scales))
      ${lines(
        GROUPS.length,
        (g) => `(local.set $left (local.get $groups${GROUPS[g]}))
      (block $done${g} (loop $groupLoop${g}
        (br_if $done${g} (i32.eqz (local.get $left)))
        ${groupProduct(GROUPS[g])}
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $groupLoop${g})))`,
      )}
      (local.set $w (local.get $end))
      (br_if $columnLoop (i32.lt_u (local.tee $c (i32.add (local.get $c) (i32.const 32))) (local.get $width)))))`;
}

/** Eight columns of a group of rows, and on to the next group. */
function groupProduct(rows: number): string {
  const stored = (r: number, sums: string, scale: string, offset: number): string => `
          (v128.store offset=${offset} (local.get $yp) (f32x4.add
            (f32x4.add
              (v128.and (local.get $mask) (v128.load offset=${offset} (local.get $yp)))
              (v128.load offset=${offset} (i32.add (i32.add (local.get $columnScales) (local.get $width)) (local.get $c))))
            (f32x4.mul
              (f32x4.convert_i32x4_s (i32x4.sub (local.get $${sums}${r}) (i32x4.splat (i32.load offset=${8 * r + 4} (local.get $s)))))
              (f32x4.mul (f32x4.splat (f32.load offset=${8 * r} (local.get $s))) (local.get $${scale})))))`;
  const step = (at: number): string => `
          (local.set $w0 (v128.load offset=${32 * at} (local.get $wp)))
          (local.set $w1 (v128.load offset=${32 * at + 16} (local.get $wp)))
          ${lines(
            rows,
            (r) => `(local.set $v (v128.load32_splat offset=${4 * at} (local.get $x${r})))
          (local.set $a${r} (i32x4.relaxed_dot_i8x16_i7x16_add_s (local.get $v) (local.get $w0) (local.get $a${r})))
          (local.set $b${r} (i32x4.relaxed_dot_i8x16_i7x16_add_s (local.get $v) (local.get $w1) (local.get $b${r})))`,
          )}`;
  return `${lines(rows, (r) => `(local.set $x${r} (i32.add (local.get $xg) (i32.mul (local.get $inner) (i32.const ${r}))))`)}
        ${lines(rows, (r) => `(local.set $a${r} (v128.const i32x4 0 0 0 0)) (local.set $b${r} (v128.const i32x4 0 0 0 0))`)}
        (local.set $wp (local.get $w))
        (loop $innerLoop${rows}
          ${lines(STEPS, step)}
          ${lines(rows, (r) => `(local.set $x${r} (i32.add (local.get $x${r}) (i32.const ${4 * STEPS})))`)}
          (br_if $innerLoop${rows} (i32.lt_u (local.tee $wp (i32.add (local.get $wp) (i32.const ${32 * STEPS}))) (local.get $end))))
        (local.set $yp (local.get $yg))
        (local.set $w0 (v128.load (i32.add (local.get $columnScales) (local.get $c))))
        (local.set $w1 (v128.load offset=16 (i32.add (local.get $columnScales) (local.get $c))))
        ${lines(rows, (r) => `${stored(r, "a", "w0", 0)}${stored(r, "b", "w1", 16)} (local.set $yp (i32.add (local.get $yp) (local.get $width)))`)}
        (local.set $xg (i32.add (local.get $xg) (i32.mul (local.get $inner) (i32.const ${rows}))))
        (local.set $yg (local.get $yp))
        (local.set $s (i32.add (local.get $s) (i32.const ${8 * rows})))`;
}

/** Norms of four rows side by side: the sum of one would wait for itself. */
function normalize(): string {
  const each = (text: (r: number) => string): string => lines(4, text);
  const over = (loop: string, text: (r: number) => string): string => `(local.set $at (i32.const 0))
      (loop $${loop}
        ${each(text)}
        (br_if $${loop} (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $width))))`;
  const number = (r: number): string => `(v128.load (i32.add (local.get $from${r}) (local.get $at)))`;
  return `(func (export "normalize") (param $from i32) (param $to i32) (param $norm i32) (param $rows i32) (param $numbers i32) (param $epsilon f32)
    (local $r i32) (local $at i32) (local $width i32) (local $count f32)
    ${each((r) => `(local $from${r} i32) (local $to${r} i32) (local $sum${r} v128) (local $mean${r} v128) (local $scale${r} v128)`)}
    (local.set $width (i32.shl (local.get $numbers) (i32.const 2)))
    (local.set $count (f32.convert_i32_u (local.get $numbers)))
    (loop $rowLoop
      ${each(
        (
          r,
        ) => `(local.set $from${r} (i32.add (local.get $from) (i32.mul (local.get $width) (i32.const ${r}))))
      (local.set $to${r} (i32.add (local.get $to) (i32.mul (local.get $width) (i32.const ${r}))))
      (local.set $sum${r} (v128.const f32x4 0 0 0 0))`,
      )}
      ${over("sumLoop", (r) => `(local.set $sum${r} (f32x4.add (local.get $sum${r}) ${number(r)}))`)}
      ${each(
        (
          r,
        ) => `(local.set $mean${r} (f32x4.splat (f32.div (call $total (local.get $sum${r})) (local.get $count))))
      (local.set $sum${r} (v128.const f32x4 0 0 0 0))`,
      )}
      ${over(
        "squareLoop",
        (r) => `(local.set $scale${r} (f32x4.sub ${number(r)} (local.get $mean${r})))
        (local.set $sum${r} (f32x4.add (local.get $sum${r}) (f32x4.mul (local.get $scale${r}) (local.get $scale${r}))))`,
      )}
      ${each(
        (r) => `(local.set $scale${r} (f32x4.splat (f32.div (f32.const 1)
        (f32.sqrt (f32.add (f32.div (call $total (local.get $sum${r})) (local.get $count)) (local.get $epsilon))))))`,
      )}
      ${over(
        "writeLoop",
        (r) => `(v128.store (i32.add (local.get $to${r}) (local.get $at))
          (f32x4.add
            (f32x4.mul
              (f32x4.mul (f32x4.sub ${number(r)} (local.get $mean${r})) (local.get $scale${r}))
              (v128.load (i32.add (local.get $norm) (local.get $at))))
            (v128.load (i32.add (i32.add (local.get $norm) (local.get $width)) (local.get $at)))))`,
      )}
      (local.set $from (i32.add (local.get $from) (i32.shl (local.get $width) (i32.const 2))))
      (local.set $to (i32.add (local.get $to) (i32.shl (local.get $width) (i32.const 2))))
      (br_if $rowLoop (i32.lt_u (local.tee $r (i32.add (local.get $r) (i32.const 4))) (local.get $rows)))))`;
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("Cannot make the kernel: name the folder of the npm package wabt");
const { default: wabt } = (await import(pathToFileURL(join(resolve(folder), "index.js")).href)) as {
  default: Wabt;
};
const { parseWat } = await wabt();
const compiled = (text: string): string => {
  const { buffer } = parseWat("kernel.wat", text, { simd: true, relaxed_simd: true }).toBinary({});
  return Buffer.from(buffer).toString("base64");
};
const text = readFileSync(join(import.meta.dirname, "kernel.wat"), "utf8")
  .replace(";; LEVEL PRODUCT", levelProduct)
  .replace(";; NORMALIZE", normalize);
writeFileSync(
  resolve(import.meta.dirname, "../../src/learn/encoder/kernel-code.ts"),
  `// Made by scripts/text-encoder/make-kernel.ts from kernel.wat; do not edit.
export const KERNEL =
  "${compiled(text)}";
/** The same for engines without relaxed vector instructions. */
export const OLDER_KERNEL =
  "${compiled(text.replaceAll(RELAXED, older))}";
`,
);
