import { seededRandom, type Random } from "../../core/index.ts";
import { chooseBest, chooseRandom, certainToken, type Distribution } from "./choose.ts";
import type { GeneratedToken, Generation, GenerationOptions, GenerationRequest } from "./language-model.ts";

/** What decides about the tokens of one sequence. */
export type Rules = {
  readonly maxTokens: number;
  readonly eos: ReadonlySet<number>;
  readonly sampling: GenerationOptions["sampling"];
};

/** One sequence being written: which tokens it has, and which of them the model has not read yet. */
export type Sequence = {
  /** Its place among the requests. */
  readonly index: number;
  /** Tokens chosen but not yet fed; empty once it is finished. */
  readonly pending: number[];
  readonly written: GeneratedToken[];
  finish: Generation["finish"] | null;
  /** What the grammar allows next, once `begin` or `advance` has returned; null without one. */
  allowed: Int32Array | null;
  /** Chooses after a step, then writes whatever is forced. Returns the new tokens. */
  advance(distribution: Distribution): Promise<readonly GeneratedToken[]>;
  /** Writes tokens that need no step at all: a grammar may begin with fixed text. */
  begin(): Promise<readonly GeneratedToken[]>;
};

export function openSequence(index: number, request: GenerationRequest, rules: Rules): Sequence {
  const { mask } = request;
  const random: Random | null =
    rules.sampling === undefined ? null : seededRandom(`${rules.sampling.seed}:${index}`);
  const pending: number[] = [];
  const written: GeneratedToken[] = [];

  const write = (chosen: GeneratedToken): void => {
    if (rules.eos.has(chosen.token)) {
      sequence.finish = "stop";
      return;
    }
    written.push(chosen);
    pending.push(chosen.token);
    if (mask !== undefined && !mask.accept(chosen.token))
      throw new RangeError(`Cannot write token ${chosen.token}: the grammar that allowed it refuses it`);
    if (mask?.isDone() === true) sequence.finish = "stop";
    else if (written.length >= rules.maxTokens) sequence.finish = "length";
  };
  const writeForced = async (): Promise<void> => {
    if (mask === undefined) return;
    while (sequence.finish === null) {
      for (const token of mask.forced?.() ?? []) if (sequence.finish === null) write(certain(token));
      if (sequence.finish !== null) return;
      const bits = await mask.mask();
      sequence.allowed = bits;
      const only = certainToken(bits, rules.eos);
      if (only === null) return;
      write(certain(only));
    }
  };
  const sequence: Sequence = {
    index,
    pending,
    written,
    finish: rules.maxTokens > 0 ? null : "length",
    allowed: null,
    async begin() {
      await writeForced();
      return written.slice();
    },
    async advance(distribution) {
      const before = written.length;
      const chosen =
        rules.sampling === undefined || random === null
          ? chooseBest(distribution, sequence.allowed)
          : chooseRandom(distribution, sequence.allowed, rules.sampling, random);
      // Nothing allowed: a grammar that this vocabulary cannot complete.
      if (chosen === null) sequence.finish = "length";
      else write(chosen);
      await writeForced();
      return written.slice(before);
    },
  };
  return sequence;
}

export function generationOf({ written, finish }: Sequence): Generation {
  return {
    tokens: written.map(({ token }) => token),
    logProbs: written.map(({ logProb }) => logProb),
    maskedLogProbs: written.map(({ maskedLogProb }) => maskedLogProb),
    finish: finish ?? "cancelled",
  };
}

const certain = (token: number): GeneratedToken => ({ token, logProb: null, maskedLogProb: 0 });
