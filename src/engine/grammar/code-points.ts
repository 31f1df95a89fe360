/** A set of Unicode code points as sorted, disjoint, non-adjacent ranges `[first, last]`. */
export type CodePoints = readonly (readonly [number, number])[];

/** Every code point that UTF-8 can carry: all but the surrogates. */
export const ANY: CodePoints = [
  [0, 0xd7ff],
  [0xe000, 0x10ffff],
];

/** The set in sorted, merged form, surrogates dropped. */
export function codePoints(ranges: CodePoints): CodePoints {
  const sorted = [...ranges].toSorted((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const [first, last] of sorted) {
    const previous = merged.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else merged.push([first, last]);
  }
  return intersect(merged, ANY);
}

/** The code points of a text. */
export function codePointsOf(text: string): CodePoints {
  return codePoints(
    Array.from(text, (letter) => [letter.codePointAt(0) ?? 0, letter.codePointAt(0) ?? 0] as const),
  );
}

/** What is in both sets; both sorted. */
export function intersect(a: CodePoints, b: CodePoints): CodePoints {
  const both: [number, number][] = [];
  let left = 0;
  let right = 0;
  while (left < a.length && right < b.length) {
    const first = Math.max(a[left][0], b[right][0]);
    const last = Math.min(a[left][1], b[right][1]);
    if (first <= last) both.push([first, last]);
    if (a[left][1] < b[right][1]) left += 1;
    else right += 1;
  }
  return both;
}

/** What is not in the set. */
export function complement(set: CodePoints): CodePoints {
  const rest: [number, number][] = [];
  let next = 0;
  for (const [first, last] of set) {
    if (first > next) rest.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= 0x10ffff) rest.push([next, 0x10ffff]);
  return intersect(rest, ANY);
}

export function has(set: CodePoints, point: number): boolean {
  return set.some(([first, last]) => first <= point && point <= last);
}

export function isSame(a: CodePoints, b: CodePoints): boolean {
  return (
    a.length === b.length && a.every(([first, last], index) => first === b[index][0] && last === b[index][1])
  );
}
