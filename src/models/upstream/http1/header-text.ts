// What names and values of headers are made of (RFC 9110, section 5), the same for what is sent and what is read.

/** A whole name. */
export const NAME = /^[!#$%&'*+.^_`|~\w-]+$/;

/** What may stand in no value: control characters, a line break that is not the end of a line, the beginning of a folded one. */
export const UNFIT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

/** The value that stands here: spaces and tabs around it are none of it; other characters that count as space are. */
export function headerValue(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isSpace(text.charCodeAt(start))) start += 1;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x09;
