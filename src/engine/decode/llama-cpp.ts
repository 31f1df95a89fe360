import { HouseError } from "../../core/index.ts";
import type { Distribution } from "./choose.ts";
import type {
  GeneratedToken,
  Generation,
  GenerationOptions,
  GenerationRequest,
  LanguageModel,
} from "./language-model.ts";
import { loadLlama, type LlamaNext, type LlamaSequence, type LlamaWanted } from "./llama-library.ts";
import { createPool } from "./pool.ts";
import { generationOf, openSequence } from "./sequence.ts";

export type LlamaModelOptions = {
  /** A GGUF file. */
  readonly path: string;
  /** A GGUF adapter, for all requests: llama.cpp fixes it when it opens. */
  readonly adapterPath?: string;
  /** Default 4096, at most the model's. */
  readonly contextSize?: number;
  /** Sequences written together; default 4. */
  readonly sequences?: number;
  /**
   * Default 1: with as many threads as cores, llama.cpp's spinning barrier makes a small model a hundred times slower.
   * Above about a billion parameters more threads gain.
   */
  readonly threads?: number;
  /** The package to import, or a path to it; default `node-llama-cpp`. */
  readonly library?: string;
};

const DEFAULT_CONTEXT = 4096;
const DEFAULT_SEQUENCES = 4;
// Above this many, handing over all logits costs less than naming those wanted.
const MAX_NAMED = 1024;

/** A GGUF model on llama.cpp, by node-llama-cpp. Throws HouseError `no-engine` where that is not installed. */
export async function openLlamaModel(options: LlamaModelOptions): Promise<LanguageModel> {
  const { path, adapterPath, threads = 1, sequences = DEFAULT_SEQUENCES } = options;
  const llama = await loadLlama(options.library ?? "node-llama-cpp", threads);
  const model = await llama.loadModel({ modelPath: path });
  const contextSize = Math.min(options.contextSize ?? DEFAULT_CONTEXT, model.trainContextSize);
  const lora = adapterPath === undefined ? {} : { lora: { adapters: [{ filePath: adapterPath, scale: 1 }] } };
  const context = await model.createContext({ contextSize, sequences, threads, ...lora });
  const pool = createPool(Array.from({ length: sequences }, () => context.getSequence()));
  const vocabularySize = [...model.iterateAllTokens()].length;
  const eos = [model.tokens.eos, model.tokens.eot].filter((token) => token !== null);
  const job = { vocabularySize, contextSize, eos };
  return {
    engine: "llama.cpp",
    vocabularySize,
    contextSize,
    generate: (requests, wish, signal) =>
      Promise.all(
        requests.map((request, index) =>
          pool.use(async (sequence) => {
            const tokens = write(sequence, request, { ...job, ...wish, index }, signal);
            let next = await tokens.next();
            while (next.done !== true) next = await tokens.next();
            return next.value;
          }),
        ),
      ),
    async *stream(request, wish, signal) {
      const sequence = await pool.take();
      try {
        return yield* write(sequence, request, { ...job, ...wish, index: 0 }, signal);
      } finally {
        pool.giveBack(sequence);
      }
    },
    score: ({ prefix = [], prompt, answer }) =>
      pool.use((sequence) => score(sequence, [...prefix, ...prompt], answer)),
    async embed(tokens) {
      const embedding = await model.createEmbeddingContext({ contextSize, threads });
      const { vector } = await embedding.getEmbeddingFor(tokens);
      await embedding.dispose();
      const norm = Math.hypot(...vector);
      return Float32Array.from(vector, (value) => (norm === 0 ? 0 : value / norm));
    },
    loadAdapter() {
      throw new HouseError(
        "bad-usage",
        "Cannot load an adapter into llama.cpp while it runs: name its GGUF file when opening the model",
      );
    },
    close: () => llama.dispose(),
  };
}

type Job = GenerationOptions & {
  readonly index: number;
  readonly vocabularySize: number;
  readonly contextSize: number;
  readonly eos: readonly number[];
};

async function* write(
  slot: LlamaSequence,
  request: GenerationRequest,
  job: Job,
  signal?: AbortSignal,
): AsyncGenerator<GeneratedToken, Generation> {
  const { maxTokens, eos, sampling } = job;
  const prompt = [...(request.prefix ?? []), ...request.prompt];
  if (prompt.length === 0)
    throw new HouseError("bad-input", `Cannot generate from request ${job.index}: its prompt has no token`);
  if (request.adapter !== undefined)
    throw new HouseError("bad-usage", `Cannot use adapter ${request.adapter.id}: it is of another model`);
  const sequence = openSequence(job.index, request, { maxTokens, eos: new Set(eos), sampling });
  yield* await sequence.begin();
  // What the slot still holds of an earlier request with the same beginning is not read again.
  const known = await sharedLength(slot, prompt);
  let unread = [...prompt.slice(known), ...sequence.pending];
  const isCancelled = (): boolean => signal?.aborted === true;
  while (sequence.finish === null && !isCancelled()) {
    if (slot.nextTokenIndex + unread.length > job.contextSize) {
      sequence.finish = "length";
      break;
    }
    const wanted = wantedOf(sequence.allowed, sampling !== undefined);
    const [next] = await evaluate(slot, unread, new Map([[unread.length - 1, wanted]]));
    sequence.pending.length = 0;
    yield* await sequence.advance(distributionOf(next, job.vocabularySize));
    unread = [...sequence.pending];
  }
  return generationOf(sequence);
}

/** Keeps of the slot what agrees with the prompt, but for its last token, whose reading gives the next; returns how much. */
async function sharedLength(slot: LlamaSequence, prompt: readonly number[]): Promise<number> {
  await slot.adaptStateToTokens(prompt.slice(0, -1), false);
  return slot.nextTokenIndex;
}

async function evaluate(
  slot: LlamaSequence,
  tokens: readonly number[],
  wanted: ReadonlyMap<number, LlamaWanted>,
): Promise<LlamaNext[]> {
  const results = await slot.controlledEvaluate(
    tokens.map((token, index) => {
      const generateNext = wanted.get(index);
      return generateNext === undefined ? token : [token, { generateNext }];
    }),
  );
  return [...wanted.keys()].map((index) => results[index]?.next ?? {});
}

function wantedOf(allowed: Int32Array | null, isSampled: boolean): LlamaWanted {
  const tokens: number[] = [];
  for (let word = 0; word < (allowed?.length ?? 0); word += 1) {
    for (let bits = allowed?.[word] ?? 0; bits !== 0; bits &= bits - 1)
      tokens.push((word << 5) + 31 - Math.clz32(bits & -bits));
  }
  const isAll = tokens.length > MAX_NAMED || (allowed === null && isSampled);
  return { logits: isAll ? true : { filter: { tokens, includeTop: 1 } }, totalLogitWeight: true };
}

/** Log-probabilities of the tokens that were handed over; the others are out of the question. */
function distributionOf({ logits = new Map(), totalLogitWeight = 1 }: LlamaNext, size: number): Distribution {
  const logProbs = new Float32Array(size).fill(-Infinity);
  let greatest = -Infinity;
  for (const logit of logits.values()) greatest = Math.max(greatest, logit);
  const total = greatest + Math.log(totalLogitWeight);
  for (const [token, logit] of logits) logProbs[token] = logit - total;
  return { logProbs, offset: 0, size };
}

async function score(
  slot: LlamaSequence,
  prompt: readonly number[],
  answer: readonly number[],
): Promise<Float32Array> {
  if (answer.length === 0) return new Float32Array();
  if (prompt.length === 0)
    throw new HouseError("bad-input", "Cannot score an answer: its prompt has no token");
  const known = await sharedLength(slot, prompt);
  const unread = [...prompt.slice(known), ...answer.slice(0, -1)];
  const first = unread.length - answer.length;
  const wanted = answer.map((token, index) => {
    const filter = { tokens: [token], includeTop: 1 } as const;
    return [first + index, { logits: { filter }, totalLogitWeight: true } as const] as const;
  });
  const distributions = await evaluate(slot, unread, new Map(wanted));
  return Float32Array.from(distributions, ({ logits = new Map(), totalLogitWeight = 1 }, index) => {
    const greatest = Math.max(...logits.values());
    return (logits.get(answer[index]) ?? -Infinity) - greatest - Math.log(totalLogitWeight);
  });
}
