// The pretraining material: prints samples to read, writes shards, measures. See README.md beside this file.
// Usage: node scripts/pretrain/material.ts [--tokens 1000000] [--seed 1] [--out FOLDER] [--samples 50] [--kind NAME] [--held-out] [--cache FOLDER]
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { parseTokenizer } from "../../src/engine/index.ts";
import type { Item } from "./items.ts";
import { readLexicon } from "./lexicon.ts";
import { items, makeMaterial, type Material } from "./mixture.ts";
import { BASE, CACHE } from "./paths.ts";
import { shardMaker, type Shard, type ShardMaker } from "./shard.ts";
import { fetchSources } from "./sources.ts";

/** The material and a maker of its shards, with the tokenizer in base/. */
export async function openMaterial(
  cache = CACHE,
): Promise<{ readonly material: Material; readonly buildShard: ShardMaker }> {
  const material = makeMaterial(await readLexicon(fetchSources(resolve(cache))));
  const files = {
    tokenizer: readFileSync(join(BASE, "tokenizer.json"), "utf8"),
    config: readFileSync(join(BASE, "tokenizer_config.json"), "utf8"),
  };
  const { bytePairs } = parseTokenizer(files, BASE);
  if (bytePairs === null)
    throw new Error(`Cannot use the tokenizer in ${BASE}: expected the one of make-tokenizer.ts`);
  return { material, buildShard: shardMaker(material, bytePairs) };
}

if (import.meta.main) await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      tokens: { type: "string", default: "0" },
      seed: { type: "string", default: "1" },
      out: { type: "string" },
      samples: { type: "string", default: "0" },
      kind: { type: "string" },
      "held-out": { type: "boolean", default: false },
      cache: { type: "string", default: CACHE },
    },
  });
  const part = values["held-out"] ? "heldOut" : "training";
  const { material, buildShard } = await openMaterial(values.cache);
  let left = Number(values.samples);
  for (const item of items(material, Number(values.seed), part)) {
    if (left <= 0) break;
    if (values.kind !== undefined && item.kind !== values.kind) continue;
    process.stdout.write(`--- ${item.kind}\n${shown(item)}\n`);
    left -= 1;
  }
  if (Number(values.tokens) === 0) return;
  const startMs = performance.now();
  const shard = buildShard(Number(values.seed), Number(values.tokens), { part });
  report(shard, performance.now() - startMs);
  if (values.out !== undefined) write(shard, values.out);
}

function shown(item: Item): string {
  if ("text" in item) return item.text;
  return item.turns
    .map(
      ({ prompt, answer, isTaught }) => `${prompt}\n<sep>${isTaught ? "" : " (not taught)"} ${answer} <eos>`,
    )
    .join("\n");
}

function report(shard: Shard, elapsedMs: number): void {
  const { ids, weights, tokensByKind, starts } = shard;
  const taught = weights.reduce((sum, weight) => sum + (weight > 0 ? 1 : 0), 0);
  const share = (count: number): string => `${((100 * count) / ids.length).toFixed(1)} %`;
  process.stdout.write(
    `${ids.length} tokens in ${starts.length} documents, ${share(taught)} taught, ${Math.round((1000 * ids.length) / elapsedMs)} tokens per second\n`,
  );
  for (const [kind, count] of [...tokensByKind].sort((a, b) => b[1] - a[1]))
    process.stdout.write(`${kind.padEnd(10)} ${share(count)}\n`);
}

function write({ ids, weights, starts }: Shard, out: string): void {
  mkdirSync(out, { recursive: true });
  for (const [name, data] of [
    ["ids.u16", ids],
    ["weights.u8", weights],
    ["starts.u32", starts],
  ] as const) {
    writeFileSync(join(out, name), Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  }
}
