// Past the door: it hands out log-probabilities of answers, the oracle wants the logits of every token at every position.
import { adapterInputs } from "../../src/engine/decode/adapters.ts";
import { openDecoder } from "../../src/engine/decode/decoder.ts";
import { createCache } from "../../src/engine/decode/key-value-cache.ts";
import { openRuntime, type Adapter, type ModelConfig, type Weights } from "../../src/engine/index.ts";

// Tokens are read in pieces of these sizes, then one by one: past and present together are what is checked.
const FIRST_PIECE = 7;
// The head is multiplied here in double precision, and must agree with the engine's own.
const OWN_TOLERANCE = 1e-3;

type Model = { readonly config: ModelConfig; readonly weights: Weights; readonly adapter?: Adapter };

/** Logits by the inference engine, [row][position][word], rows as one batch. */
export async function logitsOf(model: Model, rows: readonly (readonly number[])[]): Promise<number[][][]> {
  const { config, weights, adapter } = model;
  const runtime = await openRuntime();
  const inputs = adapter === undefined ? null : adapterInputs({ config, weights, runtime }, adapter);
  const [{ length }] = rows;
  const options = { config, weights, precision: "f32", positions: length, threads: 1, runtime } as const;
  const decoder = openDecoder(options);
  const read = async (wanted: "hidden" | "logProbs"): Promise<number[][][]> => {
    const found: number[][][] = rows.map(() => []);
    const cache = createCache(config, rows.length, 1);
    for (let from = 0; from < length; from = from === 0 ? FIRST_PIECE : from + 1) {
      const to = from === 0 ? FIRST_PIECE : from + 1;
      const tokens = rows.flatMap((row) => row.slice(from, to));
      const places = tokens.map((_, index) => index);
      const step = { first: 0, count: rows.length, tokens, places, adapter: inputs, wanted };
      const data = await decoder.run(cache, step);
      const size = data.length / tokens.length;
      for (const place of places)
        found[Math.floor(place / (to - from))].push([...data.subarray(place * size, (place + 1) * size)]);
    }
    return found;
  };
  const head = headOf(model);
  const logits = (await read("hidden")).map((row) => row.map((hidden) => product(head, hidden)));
  checkAgainst(await read("logProbs"), logits);
  await decoder.close();
  return logits;
}

function headOf({ config, weights }: Model): Float32Array {
  const head = weights.get(config.tiedHead ? "model.embed_tokens.weight" : "lm_head.weight");
  if (head === undefined) throw new RangeError("Cannot compute logits: the model has no head");
  return head.data;
}

function product(head: Float32Array, hidden: readonly number[]): number[] {
  return Array.from({ length: head.length / hidden.length }, (_, word) =>
    hidden.reduce((sum, value, index) => sum + value * head[word * hidden.length + index], 0),
  );
}

function checkAgainst(logProbs: readonly number[][][], logits: readonly number[][][]): void {
  for (const [row, positions] of logits.entries()) {
    for (const [position, values] of positions.entries()) {
      const total = Math.log(values.reduce((sum, value) => sum + Math.exp(value), 0));
      const worst = values.reduce((most, value, word) => {
        return Math.max(most, Math.abs(value - total - logProbs[row][position][word]));
      }, 0);
      if (!(worst <= OWN_TOLERANCE))
        throw new RangeError(`The engine's log-probabilities differ from its logits by ${worst}`);
    }
  }
}
