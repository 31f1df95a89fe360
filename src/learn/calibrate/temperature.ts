// ln T is searched between these: from 1/150 to 150.
const MAX_LN_TEMPERATURE = 5;
// Golden sections of a width of 10: below 1e-9.
const SECTIONS = 50;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * The temperature T > 0 that minimises the cross-entropy of softmax(z / T) (Guo et al., arXiv 1706.04599), by golden section.
 * logits: n rows of d; labels: index of the right column; n ≥ 1. O(n·d) per section.
 */
export function fitTemperature(logits: readonly (readonly number[])[], labels: readonly number[]): number {
  if (logits.length === 0 || logits.length !== labels.length) {
    throw new RangeError(`Cannot fit a temperature to ${logits.length} rows with ${labels.length} labels`);
  }
  let low = -MAX_LN_TEMPERATURE;
  let high = MAX_LN_TEMPERATURE;
  for (let section = 0; section < SECTIONS; section += 1) {
    const left = high - GOLDEN * (high - low);
    const right = low + GOLDEN * (high - low);
    if (crossEntropy(logits, labels, Math.exp(left)) <= crossEntropy(logits, labels, Math.exp(right)))
      high = right;
    else low = left;
  }
  return Math.exp((low + high) / 2);
}

/** softmax(z / T): positive, sums to 1. */
export function softmaxAt(logits: readonly number[], temperature: number): number[] {
  const top = logits.reduce((best, value) => Math.max(best, value), -Infinity);
  const weights = logits.map((value) => Math.exp((value - top) / temperature));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

function crossEntropy(
  logits: readonly (readonly number[])[],
  labels: readonly number[],
  temperature: number,
): number {
  let sum = 0;
  for (const [index, row] of logits.entries()) {
    const top = row.reduce((best, value) => Math.max(best, value), -Infinity);
    const total = row.reduce((partial, value) => partial + Math.exp((value - top) / temperature), 0);
    sum += Math.log(total) - (row[labels[index]] - top) / temperature;
  }
  return sum;
}
