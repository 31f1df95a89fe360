import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { HouseError, parseJson } from "../../core/index.ts";
import {
  ggufTokenizerOf,
  mergeAdapter,
  saveGguf,
  saveGgufAdapter,
  saveModelFolder,
  savePeftAdapter,
  type Adapter,
  type Weights,
} from "../../engine/index.ts";
import { unpackGenerative, type GenerativeParts } from "../generative/artifact.ts";
import type { Base } from "../generative/base.ts";
import { describeBase, describeSpecialist, type About } from "./readme.ts";

/** In what a specialist can be written: an adapter for its base, or the base with the adapter worked in. */
export const ADAPTER_FORMS = ["peft", "gguf", "merged-hf", "merged-gguf"] as const;
export type AdapterForm = (typeof ADAPTER_FORMS)[number];

export const BASE_FORMS = ["hf", "gguf"] as const;
export type BaseForm = (typeof BASE_FORMS)[number];

/** What a folder was filled with. */
export type Exported = {
  readonly dir: string;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  /** The name that an adapter gives its base. */
  readonly base: { readonly name: string; readonly hash: string };
};

export type ExportedSpecialist = About & {
  readonly artifact: Uint8Array;
  readonly form: AdapterForm;
  /** Of the matrices of a merged GGUF file. All else is float16, as artifacts are. */
  readonly dtype: "f16" | "q8_0";
  /** New or empty. */
  readonly dir: string;
};

/**
 * Writes a generative specialist for other engines, with a README.md that says what it reads and writes. Throws HouseError `bad-usage`
 * where the folder is not empty, or for the adapter of a specialist whose weights were all trained.
 */
export async function exportSpecialist(order: ExportedSpecialist, base: Base): Promise<Exported> {
  const parts = unpackGenerative(order.artifact);
  const { form, dir, dtype } = order;
  const baseName = nameOf(base);
  const adapter = adapterOf(parts);
  if (adapter === null && !isMerged(form)) {
    throw new HouseError(
      "bad-usage",
      `Cannot export "${order.task}" as ${form}: all weights of this specialist were trained, it has no adapter; use --form merged-hf or merged-gguf`,
    );
  }
  makeFolder(dir);
  if (adapter !== null && form === "peft") {
    await savePeftAdapter(dir, base.config, adapter, { baseModel: baseName, dtype: "f16" });
  }
  if (adapter !== null && form === "gguf") {
    await saveGgufAdapter(join(dir, "adapter.gguf"), base.config, adapter, {
      dtype: "f16",
      name: order.task,
    });
  }
  if (isMerged(form)) {
    const weights = adapter === null ? parts.tensors : mergeAdapter(base.weights, adapter, base.config);
    if (form === "merged-hf") await writeFolder(dir, base, weights);
    else await writeGguf(dir, base, { weights, dtype, name: order.task });
  }
  writeFileSync(join(dir, "README.md"), describeSpecialist({ ...order, parts, base, baseName }));
  return exported(dir, base);
}

/** Writes a base for other engines: what adapters of its specialists are loaded onto. */
export async function exportBase(
  base: Base,
  { dir, form, dtype }: { dir: string; form: BaseForm; dtype: "f16" | "q8_0" },
): Promise<Exported> {
  makeFolder(dir);
  const { weights } = base;
  if (form === "hf") await writeFolder(dir, base, weights);
  else await writeGguf(dir, base, { weights, dtype, name: nameOf(base) });
  const card = join(base.folder, "README.md");
  if (existsSync(card)) copyFileSync(card, join(dir, "MODEL_CARD.md"));
  writeFileSync(join(dir, "README.md"), describeBase(base, nameOf(base)));
  return exported(dir, base);
}

const isMerged = (form: AdapterForm): boolean => form === "merged-hf" || form === "merged-gguf";

function adapterOf({ adapter, tensors }: GenerativeParts): Adapter | null {
  return adapter === null ? null : { kind: "lora", ...adapter, tensors };
}

/** The repository a pulled base came from; else a name that says which base it is. */
function nameOf({ folder, hash }: Base): string {
  const path = join(folder, "pulled.json");
  const pulled = existsSync(path) ? parseJson(readFileSync(path, "utf8")) : undefined;
  const isPulled = typeof pulled === "object" && pulled !== null && "repository" in pulled;
  return isPulled && typeof pulled.repository === "string"
    ? pulled.repository
    : `understudy-base-${hash.slice(0, 8)}`;
}

function makeFolder(dir: string): void {
  try {
    // Schemas are made of a task's answers: for the owner alone, like other exports.
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    if (readdirSync(dir).length === 0) return;
  } catch (error) {
    throw new HouseError("bad-usage", `Cannot export into "${dir}": ${(error as Error).message}`, {
      cause: error,
    });
  }
  throw new HouseError(
    "bad-usage",
    `Cannot export into "${dir}": it is not empty; name a new folder with --out`,
  );
}

/** What belongs to a model beside its weights and configuration: its tokenizer and the terms it comes under. */
const COPIED = [
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "LICENSE",
  "LICENSE.txt",
  "LICENSE.md",
  "NOTICE",
];

async function writeFolder(dir: string, base: Base, weights: Weights): Promise<void> {
  await saveModelFolder(dir, base.config, weights, { dtype: "f16" });
  for (const name of COPIED) {
    if (existsSync(join(base.folder, name))) copyFileSync(join(base.folder, name), join(dir, name));
  }
}

type GgufOrder = { readonly weights: Weights; readonly dtype: "f16" | "q8_0"; readonly name: string };

async function writeGguf(dir: string, base: Base, { weights, dtype, name }: GgufOrder): Promise<void> {
  const model = { config: base.config, weights, tokenizer: ggufTokenizerOf(base.tokenizer) };
  await saveGguf(join(dir, `model-${dtype}.gguf`), model, { dtype, name });
}

function exported(dir: string, base: Base): Exported {
  const files = readdirSync(dir).sort();
  return {
    dir,
    files: files.map((name) => ({ name, bytes: statSync(join(dir, name)).size })),
    base: { name: nameOf(base), hash: base.hash },
  };
}
