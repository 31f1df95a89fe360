import { seededRandom, type Random } from "../../core/index.ts";
import { rowCount, type SparseRows } from "../text/sparse.ts";
import type { LinearModel } from "./weights.ts";

/** Labelled rows. labels[r] in [0, classes); weights[r] ≥ 0 scales what row r may cost (1 when not given). */
export type LabelledRows = {
  readonly rows: SparseRows;
  /** What stands in the columns after those of `rows`, for every row; each row has as many. */
  readonly dense?: Float32Array;
  readonly labels: Uint32Array;
  readonly classes: number;
  /** Number of columns, dense ones included. */
  readonly width: number;
  readonly weights?: Float32Array;
};

export type SvmOptions = {
  /** Cost of a margin violation. */
  readonly cost: number;
  /** Most passes over the rows per class; more gave nothing on held-out texts. */
  readonly maxPasses: number;
  /** Stops when the largest and smallest projected gradient of a pass differ by less. */
  readonly tolerance: number;
};

export const svmDefaults: SvmOptions = { cost: 1, maxPasses: 30, tolerance: 0.1 };

/** What solving takes and gives. Threads share its arrays and take a class at a time from `next`; each class is solved on its own. */
export type SvmJob = {
  readonly data: LabelledRows;
  readonly options: SvmOptions;
  readonly seed: number;
  readonly model: LinearModel & { readonly weights: Float32Array };
  /** Row per class of the dual variables: where to start, then where it ended; none are kept without it. */
  readonly dual?: Float32Array;
  readonly next: Int32Array;
};

/**
 * One-against-rest L2-regularised SVMs with squared hinge loss and a regularised bias, by dual coordinate descent with
 * shrinking (Hsieh et al. 2008, Algorithm 3; LIBLINEAR -s 1). O(passes · classes · non-zeros).
 */
export function fitSvm(data: LabelledRows, options: SvmOptions, random: Random): LinearModel {
  const job = {
    data,
    options,
    seed: random.below(2 ** 32),
    model: {
      classes: data.classes,
      weights: new Float32Array(data.width * data.classes),
      bias: new Float32Array(data.classes),
    },
    next: new Int32Array(1),
  };
  solveClasses(job);
  return job.model;
}

/** Solves classes until none is left. */
export function solveClasses({ data, options, seed, model, dual, next }: SvmJob): void {
  const { classes, width } = data;
  const work = makeWork(data, options.cost);
  const n = work.order.length;
  for (let c = Atomics.add(next, 0, 1); c < classes; c = Atomics.add(next, 0, 1)) {
    const own = dual?.subarray(c * n, (c + 1) * n);
    begin(data, work, c, own);
    const w = solveClass(data, work, { ...options, positive: c, random: seededRandom(`${seed} ${c}`) });
    for (let column = 0; column < width; column += 1) model.weights[column * classes + c] = w[column];
    model.bias[c] = w[width];
    own?.set(work.alpha);
  }
}

type Work = {
  /** Dense columns of a row. */
  readonly dense: number;
  /** Per row: ‖x‖² + 1 (bias) + its diagonal 1 / (2 · cost · weight). */
  readonly curvature: Float64Array;
  readonly diagonal: Float64Array;
  readonly alpha: Float64Array;
  /** Width + 1: the last is the bias. */
  readonly w: Float64Array;
  readonly order: Int32Array;
};

function makeWork({ rows, dense, width, weights }: LabelledRows, cost: number): Work {
  const n = rowCount(rows);
  const size = dense === undefined || n === 0 ? 0 : dense.length / n;
  const diagonal = Float64Array.from(
    { length: n },
    (_, r) => 0.5 / (cost * Math.max(weights?.[r] ?? 1, 1e-6)),
  );
  const curvature = diagonal.map((own, r) => {
    let sum = own + 1;
    for (let at = rows.starts[r]; at < rows.starts[r + 1]; at += 1) sum += rows.values[at] ** 2;
    for (let at = r * size; at < (r + 1) * size; at += 1) sum += (dense?.[at] ?? 0) ** 2;
    return sum;
  });
  return {
    dense: size,
    curvature,
    diagonal,
    alpha: new Float64Array(n),
    w: new Float64Array(width + 1),
    order: new Int32Array(n),
  };
}

/** Sets the dual variables of a class, all zero unless told, and the weights that belong to them. */
function begin(data: LabelledRows, work: Work, positive: number, start?: Float32Array): void {
  const { alpha, w, order } = work;
  alpha.fill(0);
  w.fill(0);
  for (let r = 0; r < order.length; r += 1) {
    order[r] = r;
    if (start === undefined || start[r] === 0) continue;
    alpha[r] = start[r];
    addRow(data, work, r, data.labels[r] === positive ? alpha[r] : -alpha[r]);
  }
}

/** w += change · row r. */
function addRow({ rows, dense, width }: LabelledRows, work: Work, r: number, change: number): void {
  const { w } = work;
  const { starts, columns, values } = rows;
  w[width] += change;
  const end = starts[r + 1];
  for (let at = starts[r]; at < end; at += 1) w[columns[at]] += change * values[at];
  if (dense === undefined) return;
  const size = work.dense;
  const [from, base] = [width - size, r * size];
  for (let j = 0; j < size; j += 1) w[from + j] += change * dense[base + j];
}

/** w · row r, the bias included. */
function dotRow({ rows, dense, width }: LabelledRows, work: Work, r: number): number {
  const { w } = work;
  const { starts, columns, values } = rows;
  let dot = w[width];
  const end = starts[r + 1];
  for (let at = starts[r]; at < end; at += 1) dot += w[columns[at]] * values[at];
  if (dense === undefined) return dot;
  const size = work.dense;
  const [from, base] = [width - size, r * size];
  for (let j = 0; j < size; j += 1) dot += w[from + j] * dense[base + j];
  return dot;
}

type ClassOptions = SvmOptions & { readonly positive: number; readonly random: Random };

/** The weights of one class against the rest; the array is reused by the next class. */
function solveClass(data: LabelledRows, work: Work, options: ClassOptions): Float64Array {
  const { order, w } = work;
  let active = order.length;
  let shrinkAbove = Infinity;
  for (let pass = 0; pass < options.maxPasses; pass += 1) {
    shuffleHead(order, active, options.random);
    const step = onePass(data, work, { positive: options.positive, active, shrinkAbove });
    active = step.active;
    if (step.high - step.low <= options.tolerance) {
      if (active === order.length) break;
      // Converged on what was left: look once more at everything.
      active = order.length;
      shrinkAbove = Infinity;
      continue;
    }
    shrinkAbove = step.high > 0 ? step.high : Infinity;
  }
  return w;
}

type PassOptions = { readonly positive: number; readonly active: number; readonly shrinkAbove: number };

function onePass(
  data: LabelledRows,
  work: Work,
  options: PassOptions,
): { active: number; high: number; low: number } {
  const { labels } = data;
  const { alpha, order, diagonal, curvature } = work;
  let { active } = options;
  let [high, low] = [-Infinity, Infinity];
  for (let place = 0; place < active; place += 1) {
    const r = order[place];
    const y = labels[r] === options.positive ? 1 : -1;
    const gradient = y * dotRow(data, work, r) - 1 + diagonal[r] * alpha[r];
    if (alpha[r] === 0 && gradient > options.shrinkAbove) {
      active -= 1;
      order[place] = order[active];
      order[active] = r;
      place -= 1;
      continue;
    }
    const projected = alpha[r] === 0 ? Math.min(gradient, 0) : gradient;
    high = Math.max(high, projected);
    low = Math.min(low, projected);
    if (Math.abs(projected) < 1e-12) continue;
    const next = Math.max(alpha[r] - gradient / curvature[r], 0);
    const change = (next - alpha[r]) * y;
    alpha[r] = next;
    addRow(data, work, r, change);
  }
  return { active, high, low };
}

function shuffleHead(order: Int32Array, length: number, random: Random): void {
  for (let place = length - 1; place > 0; place -= 1) {
    const other = random.below(place + 1);
    const moved = order[place];
    order[place] = order[other];
    order[other] = moved;
  }
}
