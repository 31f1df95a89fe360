// Memory and switching of a hundred adapters on one base, in a process of its own: `node --expose-gc adapters-process.ts NAME RANK`.
import { seededRandom } from "../../src/core/index.ts";
import {
  decodeFloats,
  encodeFloats,
  initialAdapter,
  initialWeights,
  loadModelConfig,
  openModel,
  type AdapterHandle,
  type LanguageModel,
  type ModelConfig,
} from "../../src/engine/index.ts";
import type { AdapterFigures } from "./adapters.ts";
import { BASE, CONFIG } from "./material.ts";
import { spreadOf, stopwatch } from "./measure.ts";
import { LORA } from "./training.ts";

const ADAPTERS = 100;
const PROMPT = 16;
const TOKENS = 17;
const ROUNDS = 24;

const [name = "6M", rank = "16"] = process.argv.slice(2);
const config = name === "base" ? await loadModelConfig(BASE) : CONFIG;
process.stdout.write(JSON.stringify(await measure(name, config, Number(rank))));

async function measure(name: string, config: ModelConfig, rank: number): Promise<AdapterFigures> {
  const weights = initialWeights(config, 1);
  const model = await openModel({ config, weights, precision: "f32", contextSize: 256 });
  const form = { ...LORA, rank, alpha: 2 * rank };
  const load = (seed: number): AdapterHandle => {
    const { tensors, ...rest } = initialAdapter(config, weights, form, seed);
    const random = seededRandom(seed);
    for (const [key, { data }] of tensors)
      if (key.endsWith("lora_B")) data.forEach((_, index) => (data[index] = 0.02 * (random.next() - 0.5)));
    // Rounded to float16, in which artifacts hold them.
    const rounded = [...tensors].map(([key, { shape, data }]) => {
      const halves = encodeFloats("f16", data);
      const back = new Float32Array(data.length);
      decodeFloats("f16", halves, back);
      return [key, { shape, data: back }] as const;
    });
    return model.loadAdapter({ ...rest, tensors: new Map(rounded) });
  };
  // The session for adapters is opened, and its buffers are made, before memory is counted.
  const first = load(0);
  await write(model, first, TOKENS);
  const before = resident();
  const adapters = Array.from({ length: ADAPTERS }, (_, index) => load(index + 1));
  for (const adapter of adapters) await write(model, adapter, 1);
  const megabytes = (resident() - before) / ADAPTERS / 1e6;
  const switching = await switchingOf(model, first, adapters);
  await model.close();
  return { name, rank, adapters: ADAPTERS, megabytes, heldMegabytes: first.bytes / 1e6, ...switching };
}

/** Requests on one adapter beside requests that each take another: what a change costs, in milliseconds of one core. */
async function switchingOf(
  model: LanguageModel,
  one: AdapterHandle,
  many: readonly AdapterHandle[],
): Promise<Pick<AdapterFigures, "switchMs" | "tokenMs">> {
  const switches: number[] = [];
  const tokens: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await write(model, one, 1);
    const same = await write(model, one, 1);
    const other = await write(model, many[round % many.length], 1);
    await write(model, one, 1);
    const long = await write(model, one, TOKENS);
    switches.push(other - same);
    tokens.push((long - same) / (TOKENS - 1));
  }
  return { switchMs: spreadOf(switches), tokenMs: spreadOf(tokens) };
}

/** Milliseconds of one core for a request. */
async function write(model: LanguageModel, adapter: AdapterHandle, maxTokens: number): Promise<number> {
  const prompt = Array.from({ length: PROMPT }, (_, index) => 5 + index);
  const taken = stopwatch();
  await model.generate([{ prompt, adapter }], { maxTokens, eos: [] });
  return taken().cpuSeconds * 1000;
}

function resident(): number {
  for (let pass = 0; pass < 3; pass += 1) globalThis.gc?.();
  return process.memoryUsage().rss;
}
