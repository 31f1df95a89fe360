// What names and values of headers are made of (RFC 9110, section 5), the same for what is sent and what is read.

/** A whole name. */
export const NAME = /^[!#$%&'*+.^_`|~\w-]+$/;

/** What may stand in no value: control characters, a line break that is not the end of a line, the beginning of a folded one. */
export const UNFIT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
