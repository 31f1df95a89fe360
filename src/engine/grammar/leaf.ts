import { both, matching, noneOf, ofLength, trimmed, type Automaton } from "./automaton.ts";
import { FORMATS } from "./formats.ts";
import { decimals, EXACT_DIGITS, integers, MAX_DIVISOR } from "./number-rules.ts";
import { refusal, type NumberShape, type StringShape } from "./shape.ts";

/** Numbers without bounds: 15 digits before and after the point, exponents of two, so that nothing reads as infinite. */
const ANY_NUMBER = "^-?(0|[1-9]\\d{0,14})(\\.\\d{1,15})?(e[+-]?\\d{1,2})?$";

/** The automaton of a number's texts; null when there is none. */
export function numberAutomaton(shape: NumberShape): Automaton | null {
  return remembered(shape, () => buildNumber(shape));
}

function buildNumber(shape: NumberShape): Automaton | null {
  const { places, divisor } = multiples(shape);
  if (shape.isInteger || places === 0) return integers({ ...integerBounds(shape), multipleOf: divisor });
  if (divisor !== 1) throw refusal(shape.at, '"multipleOf" with several different steps is not supported');
  if (shape.minimum === null && shape.maximum === null && places === null)
    return trimmed(matching(ANY_NUMBER));
  const most = 10 ** EXACT_DIGITS - 1;
  const minimum = Math.max(shape.minimum?.value ?? -most, -most);
  const maximum = Math.min(shape.maximum?.value ?? most, most);
  const digits = Math.max(wholeDigits(shape.minimum?.value ?? 0), wholeDigits(shape.maximum?.value ?? 0));
  return decimals({
    minimum,
    maximum,
    minimumIsExclusive: shape.minimum?.isExclusive === true && shape.minimum.value === minimum,
    maximumIsExclusive: shape.maximum?.isExclusive === true && shape.maximum.value === maximum,
    // More digits could round onto an exclusive bound.
    places: Math.min(places ?? EXACT_DIGITS, Math.max(0, EXACT_DIGITS - digits)),
  });
}

function integerBounds(shape: NumberShape): { minimum: number; maximum: number } {
  const low = shape.minimum?.value ?? Number.MIN_SAFE_INTEGER;
  const high = shape.maximum?.value ?? Number.MAX_SAFE_INTEGER;
  const minimum = Number.isInteger(low) && shape.minimum?.isExclusive === true ? low + 1 : Math.ceil(low);
  const maximum = Number.isInteger(high) && shape.maximum?.isExclusive === true ? high - 1 : Math.floor(high);
  return {
    minimum: Math.max(minimum, Number.MIN_SAFE_INTEGER),
    maximum: Math.min(maximum, Number.MAX_SAFE_INTEGER),
  };
}

/** `places`: digits after the point; null: any. `divisor`: of the whole number. */
function multiples(shape: NumberShape): { places: number | null; divisor: number } {
  let places: number | null = null;
  let divisor = 1;
  for (const multiple of shape.multiples) {
    const power = Math.round(-Math.log10(multiple));
    if (Number.isInteger(multiple)) {
      divisor = leastCommonMultiple(divisor, multiple);
      places = 0;
    } else if (Number(`1e${-power}`) === multiple) places = Math.min(places ?? power, power);
    else
      throw refusal(
        shape.at,
        `"multipleOf" ${multiple} is not supported: only whole numbers and 0.1, 0.01, … are`,
      );
  }
  if (divisor > MAX_DIVISOR)
    throw refusal(shape.at, `"multipleOf" ${divisor} is over the ${MAX_DIVISOR} that are supported`);
  return { places, divisor };
}

function leastCommonMultiple(a: number, b: number): number {
  let [left, right] = [a, b];
  while (right > 0) [left, right] = [right, left % right];
  return (a / left) * b;
}

function wholeDigits(value: number): number {
  const whole = Math.trunc(Math.abs(value));
  return whole < 1 ? 1 : Math.floor(Math.log10(whole)) + 1;
}

/** The automaton of a string's values; null when there is none. `excluded` are values that may not occur. */
export function stringAutomaton(shape: StringShape, excluded: readonly string[] = []): Automaton | null {
  return excluded.length === 0
    ? remembered(shape, () => buildString(shape, []))
    : buildString(shape, excluded);
}

/** Shapes are looked at twice, for whether they are possible and for their rules; a memory of a pure function. */
const built = new WeakMap<object, Automaton | null>();

function remembered(shape: object, build: () => Automaton | null): Automaton | null {
  const known = built.get(shape);
  if (known !== undefined) return known;
  const automaton = build();
  built.set(shape, automaton);
  return automaton;
}

function buildString(shape: StringShape, excluded: readonly string[]): Automaton | null {
  const patterns = [...shape.patterns, ...shape.formats.flatMap((format) => FORMATS[format] ?? [])];
  try {
    let automaton: Automaton | null = ofLength(shape.minLength, shape.maxLength);
    if (patterns.length === 0 && excluded.length === 0) return automaton;
    if (excluded.length > 0) automaton = both(noneOf(excluded), automaton);
    for (const pattern of patterns)
      automaton = automaton === null ? null : both(automaton, matching(pattern));
    return automaton;
  } catch (cause) {
    if (cause instanceof RangeError) throw refusal(shape.at, cause.message, cause);
    throw cause;
  }
}

/** Whether a string has no condition at all. */
export function isFree(shape: StringShape): boolean {
  return (
    shape.minLength === 0 &&
    shape.maxLength === null &&
    shape.patterns.length === 0 &&
    shape.formats.every((format) => FORMATS[format] === null)
  );
}

/** Whether a string is bound by its length alone. */
export function isBoundByLength(shape: StringShape): boolean {
  return shape.patterns.length === 0 && shape.formats.every((format) => FORMATS[format] === null);
}
