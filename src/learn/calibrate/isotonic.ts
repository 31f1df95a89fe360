/** A monotone map from score to probability: linear between knots, flat outside. JSON-safe. */
export type IsotonicModel = {
  /** Scores, strictly ascending. */
  readonly scores: readonly number[];
  /** Probabilities at the scores, ascending, inside (0, 1). */
  readonly probabilities: readonly number[];
};

/**
 * Isotonic regression by pooling adjacent violators. scores: finite; outcomes: 0 or 1, 1 = agrees; the same length, n ≥ 1.
 * Probabilities are kept inside [1/(n+2), 1 − 1/(n+2)]: n outcomes cannot prove certainty. Wants about 500 outcomes or more. O(n log n).
 */
export function fitIsotonic(scores: readonly number[], outcomes: readonly number[]): IsotonicModel {
  if (scores.length === 0 || scores.length !== outcomes.length) {
    throw new RangeError(
      `Cannot calibrate ${scores.length} scores with ${outcomes.length} outcomes: need one each`,
    );
  }
  const margin = 1 / (scores.length + 2);
  const model: { scores: number[]; probabilities: number[] } = { scores: [], probabilities: [] };
  for (const block of poolBlocks(scores, outcomes)) {
    const probability = Math.min(1 - margin, Math.max(margin, block.sum / block.weight));
    for (const score of block.low === block.high ? [block.low] : [block.low, block.high]) {
      model.scores.push(score);
      model.probabilities.push(probability);
    }
  }
  return model;
}

/** The probability at a score, in (0, 1). O(log knots). */
export function predictIsotonic(model: IsotonicModel, score: number): number {
  const { scores, probabilities } = model;
  const last = scores.length - 1;
  if (!(score > scores[0])) return probabilities[0];
  if (score >= scores[last]) return probabilities[last];
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (scores[middle] <= score) low = middle;
    else high = middle;
  }
  const share = (score - scores[low]) / (scores[high] - scores[low]);
  return probabilities[low] + share * (probabilities[high] - probabilities[low]);
}

type Block = { low: number; high: number; sum: number; weight: number };

function poolBlocks(scores: readonly number[], outcomes: readonly number[]): Block[] {
  const blocks: Block[] = [];
  for (const tie of ties(scores, outcomes)) {
    let block = tie;
    // A higher block below must be pooled.
    while (blocks.length > 0 && isAbove(blocks[blocks.length - 1], block)) {
      const before = blocks[blocks.length - 1];
      blocks.pop();
      block = joined(before, block);
    }
    blocks.push(block);
  }
  return blocks;
}

/** One block for each distinct score, ascending: equal scores belong together whatever their outcomes and their order. */
function ties(scores: readonly number[], outcomes: readonly number[]): Block[] {
  const order = scores.map((_, index) => index).sort((a, b) => scores[a] - scores[b]);
  const blocks: Block[] = [];
  for (const index of order) {
    const one: Block = { low: scores[index], high: scores[index], sum: outcomes[index], weight: 1 };
    const last = blocks[blocks.length - 1];
    if (last !== undefined && last.high === one.low) blocks[blocks.length - 1] = joined(last, one);
    else blocks.push(one);
  }
  return blocks;
}

const joined = (before: Block, after: Block): Block => ({
  low: before.low,
  high: after.high,
  sum: before.sum + after.sum,
  weight: before.weight + after.weight,
});

const isAbove = (before: Block, after: Block): boolean =>
  before.sum * after.weight >= after.sum * before.weight;
