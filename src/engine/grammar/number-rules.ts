import { trimmed, type Automaton, type Edge } from "./automaton.ts";

/** Bounds of an integer, both inclusive. */
export type IntegerBounds = {
  readonly minimum: number;
  readonly maximum: number;
  readonly multipleOf: number;
};

export type DecimalBounds = {
  readonly minimum: number;
  readonly maximum: number;
  readonly minimumIsExclusive: boolean;
  readonly maximumIsExclusive: boolean;
  /** Digits after the point at most. */
  readonly places: number;
};

/** A JavaScript number holds 15 decimal digits exactly: two texts of 15 digits never read as one number. */
export const EXACT_DIGITS = 15;
/** Remainders are states: more of them would compile for seconds. */
export const MAX_DIVISOR = 200;

/** The integers of a range as JSON.stringify writes them. Null when there is none. */
export function integers(bounds: IntegerBounds): Automaton | null {
  return build({
    low: limit(bounds.minimum, false),
    high: limit(bounds.maximum, false),
    divisor: bounds.multipleOf,
    places: 0,
  });
}

/** The decimals of a range without exponents; zeros at the end are allowed, as in 12.50. Null when there is none. */
export function decimals(bounds: DecimalBounds): Automaton | null {
  return build({
    low: limit(bounds.minimum, bounds.minimumIsExclusive),
    high: limit(bounds.maximum, bounds.maximumIsExclusive),
    divisor: 1,
    places: bounds.places,
  });
}

/** A bound by its digits. */
type Limit = {
  readonly isNegative: boolean;
  readonly whole: string;
  readonly fraction: string;
  readonly isExclusive: boolean;
};

type Range = { readonly low: Limit; readonly high: Limit; readonly divisor: number; readonly places: number };

/** How the digits so far compare with a bound's digits at the same place. */
type Side = "less" | "equal" | "more";

/** Where the reading of a magnitude stands: digits of the whole part in all, digits read, the comparisons, the remainder. */
type Place = {
  readonly length: number;
  readonly read: number;
  readonly fraction: number | null;
  readonly low: Side;
  readonly high: Side;
  readonly remainder: number;
};

function limit(value: number, isExclusive: boolean): Limit {
  const [whole, fraction = ""] = plainDecimal(Math.abs(value)).split(".");
  return { isNegative: value < 0, whole, fraction, isExclusive };
}

/** Digits of a number without exponent: 1e-7 is 0.0000001. */
function plainDecimal(value: number): string {
  const text = String(value);
  const match = /^(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text;
  const digits = match[1] + (match[2] ?? "");
  const point = 1 + Number(match[3]);
  if (point <= 0) return `0.${"0".repeat(-point)}${digits}`;
  return digits.length <= point
    ? digits.padEnd(point, "0")
    : `${digits.slice(0, point)}.${digits.slice(point)}`;
}

/**
 * Two halves, the negative behind a minus sign, each a magnitude between two bounds. Per length of the whole part the digits
 * are compared with the bounds' as they come, so the states are (length, place, two comparisons, remainder).
 */
function build(range: Range): Automaton | null {
  const edges: Edge[][] = [[]];
  const isAccepting = [false];
  const zero: Limit = { isNegative: false, whole: "0", fraction: "", isExclusive: false };
  if (!range.high.isNegative) {
    const low = range.low.isNegative ? zero : range.low;
    addMagnitudes({ ...range, low }, { edges, isAccepting, from: 0 });
  }
  if (range.low.isNegative) {
    // Below zero the bounds trade places. JSON.stringify never writes -0, so the magnitude is above zero.
    const low = range.high.isNegative ? range.high : { ...zero, isExclusive: true };
    edges.push([]);
    isAccepting.push(false);
    const from = edges.length - 1;
    edges[0].push({ on: [[45, 45]], to: from });
    addMagnitudes({ ...range, low, high: range.low }, { edges, isAccepting, from });
  }
  return trimmed(determined({ isAccepting, edges }));
}

type Sink = { readonly edges: Edge[][]; readonly isAccepting: boolean[]; readonly from: number };

function addMagnitudes(range: Range, sink: Sink): void {
  const index = new Map<string, number>();
  const queue: [Place, number][] = [];
  for (let length = range.low.whole.length; length <= range.high.whole.length; length += 1) {
    const place: Place = {
      length,
      read: 0,
      fraction: null,
      low: length > range.low.whole.length ? "more" : "equal",
      high: length < range.high.whole.length ? "less" : "equal",
      remainder: 0,
    };
    queue.push([place, sink.from]);
  }
  for (let item = queue.pop(); item !== undefined; item = queue.pop()) {
    const [place, state] = item;
    if (place.fraction === null && place.read === place.length && range.places > 0) {
      link(state, [46, 46], { ...place, fraction: 0 });
    }
    for (let digit = 0; digit <= 9; digit += 1) {
      const next = advance(place, digit, range);
      if (next !== null) link(state, [48 + digit, 48 + digit], next);
    }
  }

  function link(state: number, on: readonly [number, number], place: Place): void {
    const key = JSON.stringify(place);
    const known = index.get(key);
    if (known !== undefined) return void sink.edges[state].push({ on: [on], to: known });
    const to = sink.edges.length;
    index.set(key, to);
    sink.edges.push([]);
    sink.isAccepting.push(isWhole(place, range));
    sink.edges[state].push({ on: [on], to });
    queue.push([place, to]);
  }
}

function advance(place: Place, digit: number, range: Range): Place | null {
  if (place.fraction === null) {
    if (place.read === place.length || (place.read === 0 && place.length > 1 && digit === 0)) return null;
    const low = compare(place.low, digit, range.low.whole[place.read]);
    const high = compare(place.high, digit, range.high.whole[place.read]);
    if (low === "less" || high === "more") return null;
    const remainder = (place.remainder * 10 + digit) % range.divisor;
    return { ...place, read: place.read + 1, low, high, remainder };
  }
  if (place.fraction === range.places) return null;
  const low = compare(place.low, digit, range.low.fraction[place.fraction]);
  const high = compare(place.high, digit, range.high.fraction[place.fraction]);
  if (low === "less" || high === "more") return null;
  return { ...place, fraction: place.fraction + 1, low, high };
}

function compare(side: Side, digit: number, bound: string = "0"): Side {
  if (side !== "equal") return side;
  return digit < Number(bound) ? "less" : digit > Number(bound) ? "more" : "equal";
}

/** Whether a number may end here: no point without digits, and the bounds hold when only zeros follow. */
function isWhole(place: Place, range: Range): boolean {
  if (place.read < place.length || place.fraction === 0 || place.remainder !== 0) return false;
  const rest = place.fraction ?? 0;
  const lowIsMet = place.low === "more" || /^0*$/.test(range.low.fraction.slice(rest));
  const isAtLow = place.low === "equal" && lowIsMet;
  const isAtHigh = place.high === "equal" && /^0*$/.test(range.high.fraction.slice(rest));
  return lowIsMet && !(isAtLow && range.low.isExclusive) && !(isAtHigh && range.high.isExclusive);
}

/** Lengths share their first digits: the subset construction of Rabin and Scott (1959) makes one path of them. */
function determined(automaton: {
  isAccepting: readonly boolean[];
  edges: readonly (readonly Edge[])[];
}): Automaton {
  const sets: number[][] = [[0]];
  const index = new Map<string, number>([["0", 0]]);
  const edges: Edge[][] = [];
  for (let state = 0; state < sets.length; state += 1) {
    const byLetter = new Map<number, Set<number>>();
    for (const edge of sets[state].flatMap((member) => automaton.edges[member])) {
      const letter = edge.on[0][0];
      byLetter.set(letter, (byLetter.get(letter) ?? new Set()).add(edge.to));
    }
    edges.push([...byLetter].map(([letter, to]) => ({ on: [[letter, letter]], to: stateOf([...to]) })));
  }
  return { isAccepting: sets.map((set) => set.some((member) => automaton.isAccepting[member])), edges };

  function stateOf(set: number[]): number {
    const sorted = set.toSorted((a, b) => a - b);
    const key = sorted.join(",");
    const known = index.get(key);
    if (known !== undefined) return known;
    index.set(key, sets.length);
    sets.push(sorted);
    return sets.length - 1;
  }
}
