// node-llama-cpp in a process of its own: an assertion that fails in llama.cpp ends the process that it is in.
import { pathToFileURL } from "node:url";
import type { LlamaReply, LlamaRequest } from "./llama-messages.ts";
import { stopwatch } from "./measure.ts";

// The few parts of node-llama-cpp 3.22 that are used: it is no dependency of the project.
type Evaluation = { temperature: 0; grammarEvaluationState: unknown };
type Sequence = {
  clearHistory(): Promise<void>;
  adaptStateToTokens(tokens: readonly number[], allowShift: false): Promise<void>;
  evaluateWithoutGeneratingNewTokens(tokens: readonly number[]): Promise<void>;
  evaluate(tokens: readonly number[], options: Evaluation): AsyncGenerator<number>;
};
type Context = { getSequence(): Sequence };
type Model = { createContext(options: object): Promise<Context> };
type Llama = {
  loadModel(options: object): Promise<Model>;
  createGrammar(options: { grammar: string }): Promise<unknown>;
};
type Library = {
  readonly LlamaLogLevel: { readonly error: unknown };
  readonly LlamaGrammarEvaluationState: new (options: { model: Model; grammar: unknown }) => unknown;
  getLlama(options: object): Promise<Llama>;
};
type Open = {
  readonly library: Library;
  readonly llama: Llama;
  readonly grammar: unknown;
  readonly maxTokens: number;
  readonly models: Map<string, { readonly model: Model; readonly sequence: Sequence }>;
};

// One thread: with more, llama.cpp's barrier spins, and a small model is written a hundred times slower.
const THREADS = 1;
const CONTEXT = 1024;

let open: Open | null = null;
process.on("message", (request: LlamaRequest) => {
  answer(request).then(
    (reply) => process.send?.(reply),
    (error: unknown) => process.send?.({ kind: "failed", reason: String(error) } satisfies LlamaReply),
  );
});

async function answer(request: LlamaRequest): Promise<LlamaReply> {
  if (request.kind === "open") {
    open = await opened(request);
    return { kind: "done" };
  }
  if (open === null) throw new TypeError("llama.cpp is not open yet");
  switch (request.kind) {
    case "model":
      await load(open, request.path);
      return { kind: "done" };
    case "decode":
      return decode(open, request.path, request.prompts);
    case "prefill":
      return prefill(sequenceOf(open, request.path).sequence, request.tokens);
  }
}

async function opened({ library: path, grammar, maxTokens }: LlamaRequest & { kind: "open" }): Promise<Open> {
  const library = (await import(pathToFileURL(path).href)) as Library;
  const logLevel = library.LlamaLogLevel.error;
  const llama = await library.getLlama({ gpu: false, build: "never", maxThreads: THREADS, logLevel });
  return { library, llama, maxTokens, grammar: await llama.createGrammar({ grammar }), models: new Map() };
}

async function load({ llama, models }: Open, modelPath: string): Promise<void> {
  const model = await llama.loadModel({ modelPath });
  const context = await model.createContext({ contextSize: CONTEXT, sequences: 1, threads: THREADS });
  models.set(modelPath, { model, sequence: context.getSequence() });
}

async function decode(
  state: Open,
  path: string,
  prompts: readonly (readonly number[])[],
): Promise<LlamaReply> {
  const { model, sequence } = sequenceOf(state, path);
  const { LlamaGrammarEvaluationState } = state.library;
  const answers: number[][] = [];
  const total = { units: 0, cpuSeconds: 0, wallSeconds: 0 };
  for (const prompt of prompts) {
    await sequence.clearHistory();
    await sequence.evaluateWithoutGeneratingNewTokens(prompt.slice(0, -1));
    const taken = stopwatch();
    const grammarEvaluationState = new LlamaGrammarEvaluationState({ model, grammar: state.grammar });
    const tokens: number[] = [];
    for await (const token of sequence.evaluate(prompt.slice(-1), {
      temperature: 0,
      grammarEvaluationState,
    })) {
      tokens.push(token);
      if (tokens.length >= state.maxTokens) break;
    }
    const { cpuSeconds, wallSeconds } = taken();
    total.units += tokens.length;
    total.cpuSeconds += cpuSeconds;
    total.wallSeconds += wallSeconds;
    answers.push(tokens);
  }
  return { kind: "decoded", measured: total, answers };
}

async function prefill(sequence: Sequence, tokens: readonly number[]): Promise<LlamaReply> {
  await sequence.clearHistory();
  const taken = stopwatch();
  await sequence.evaluateWithoutGeneratingNewTokens(tokens);
  return { kind: "prefilled", measured: { units: tokens.length, ...taken() } };
}

function sequenceOf({ models }: Open, path: string): { readonly model: Model; readonly sequence: Sequence } {
  const found = models.get(path);
  if (found === undefined) throw new TypeError(`Model ${path} is not loaded`);
  return found;
}
