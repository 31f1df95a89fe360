// About five words: what a person writes between a label and its value.
const CONTEXT_CHARACTERS = 48;

/** Whether the text shortly before `start` matches; labels in JSON keys (`date_of_birth`) read as words. */
export function hasContext(text: string, start: number, words: RegExp): boolean {
  const before = text.slice(Math.max(0, start - CONTEXT_CHARACTERS), start);
  return words.test(before.replace(/_/g, " "));
}

/** All matches of a global pattern that the check keeps, as findings; group 1 is the value where there is one. */
export function eachMatch(text: string, pattern: RegExp): { value: string; start: number; end: number }[] {
  const found = [];
  for (const match of text.matchAll(pattern)) {
    const value = match[1] ?? match[0];
    const start = match.index + match[0].lastIndexOf(value);
    found.push({ value, start, end: start + value.length });
  }
  return found;
}
