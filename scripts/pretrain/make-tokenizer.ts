// Trains the base's tokenizer on the material and writes base/tokenizer.json and base/tokenizer_config.json.
// Usage: node scripts/pretrain/make-tokenizer.ts [CACHE]
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { tokenizerFiles, trainBpe } from "../../src/engine/index.ts";
import { readLexicon } from "./lexicon.ts";
import { items, makeMaterial, type Material } from "./mixture.ts";
import { CACHE, BASE } from "./paths.ts";
import { fetchSources } from "./sources.ts";

const SEED = 4096;
const VOCABULARY = 4096;
const CHARACTERS = 24_000_000;
const SPECIALS = [
  "<pad>",
  "<bos>",
  "<eos>",
  "<sep>",
  "<task>",
  ...Array.from({ length: 11 }, (_, at) => `<x${at}>`),
];

const lexicon = await readLexicon(fetchSources(resolve(process.argv[2] ?? CACHE)));
const pairs = trainBpe(texts(makeMaterial(lexicon)), { vocabularySize: VOCABULARY, specials: SPECIALS });
const files = tokenizerFiles(pairs, { bos: "<bos>", eos: "<eos>", pad: "<pad>" });
mkdirSync(BASE, { recursive: true });
writeFileSync(join(BASE, "tokenizer.json"), `${JSON.stringify(files.tokenizer)}\n`);
writeFileSync(join(BASE, "tokenizer_config.json"), `${JSON.stringify(files.config, null, 2)}\n`);
process.stdout.write(`${pairs.vocabulary.length} tokens, ${pairs.merges.length} merges, in ${BASE}\n`);

function* texts(material: Material): Generator<string> {
  let rest = CHARACTERS;
  for (const item of items(material, SEED)) {
    const parts = "text" in item ? [item.text] : item.turns.flatMap(({ prompt, answer }) => [prompt, answer]);
    for (const part of parts) {
      rest -= part.length;
      yield part;
    }
    if (rest <= 0) return;
  }
}
