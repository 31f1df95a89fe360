// Logits and token ids by llama.cpp, for the Python side of the oracle:
// node llama-logits.ts FOLDER < requests.json > answers.json, where FOLDER has node-llama-cpp installed.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

type Request = { model: string; adapter: string | null; inputIds: number[][]; texts: string[] };
type Answer = { logits: number[][][]; ids: number[][] };

// The few parts of node-llama-cpp 3.22.1 that are used: it is no dependency of the project.
type Output = { next: { logits?: Map<number, number> } };
type Step = [token: number, options: { generateNext: { logits: true } }];
type Sequence = { controlledEvaluate(input: Step[]): Promise<(Output | undefined)[]> };
type Context = { getSequence(): Sequence; dispose(): Promise<void> };
type ContextOptions = {
  contextSize: number;
  threads: number;
  flashAttention: boolean;
  experimentalKvCacheKeyType: "F32";
  experimentalKvCacheValueType: "F32";
  lora?: { adapters: { filePath: string; scale: number }[] };
};
type Model = {
  createContext(options: ContextOptions): Promise<Context>;
  tokenize(text: string, specialTokens: boolean): number[];
  dispose(): Promise<void>;
};
type Llama = { loadModel(options: { modelPath: string }): Promise<Model>; dispose(): Promise<void> };
type Library = { getLlama(options: Record<string, unknown>): Promise<Llama> };

const CONTEXT_SIZE = 256;

const requests = JSON.parse(readFileSync(0, "utf8")) as Request[];
const llama = await load(process.argv[2]);
const answers: Answer[] = [];
for (const request of requests) answers.push(await answer(llama, request));
process.stdout.write(JSON.stringify(answers));
await llama.dispose();

async function load(folder: string): Promise<Llama> {
  const entry = join(resolve(folder), "node_modules/node-llama-cpp/dist/index.js");
  const library = (await import(pathToFileURL(entry).href)) as Library;
  // One thread: llama.cpp's barrier spins, and sums keep their order.
  return library.getLlama({ gpu: false, build: "never", maxThreads: 1, logLevel: "error" });
}

async function answer(
  llama: Llama,
  { model: modelPath, adapter, inputIds, texts }: Request,
): Promise<Answer> {
  const model = await llama.loadModel({ modelPath });
  const logits: number[][][] = [];
  for (const ids of inputIds) logits.push(await logitsOf(model, adapter, ids));
  const tokens = texts.map((text) => model.tokenize(text, true));
  await model.dispose();
  return { logits, ids: tokens };
}

/** [positions][vocabulary], in a context of its own so that nothing is left of the row before. */
async function logitsOf(model: Model, adapter: string | null, ids: number[]): Promise<number[][]> {
  const lora = adapter === null ? {} : { lora: { adapters: [{ filePath: adapter, scale: 1 }] } };
  const context = await model.createContext({
    contextSize: CONTEXT_SIZE,
    threads: 1,
    flashAttention: false,
    experimentalKvCacheKeyType: "F32",
    experimentalKvCacheValueType: "F32",
    ...lora,
  });
  const steps = ids.map((id): Step => [id, { generateNext: { logits: true } }]);
  const outputs = await context.getSequence().controlledEvaluate(steps);
  await context.dispose();
  return outputs.map((output) => inOrder(output?.next.logits ?? new Map()));
}

function inOrder(byToken: Map<number, number>): number[] {
  return [...byToken].sort(([one], [other]) => one - other).map(([, logit]) => logit);
}
