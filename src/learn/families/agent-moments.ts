import { numberOf } from "./span-rules.ts";

/** Year and month that a date without them means. */
export type Anchor = { readonly year: number; readonly month: number };

const MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec";
const MONTH = `(${MONTHS})[a-z]*\\.?`;
const DAY = "(\\d{1,2})(?:st|nd|rd|th)?";
const YEAR = "(?:,?\\s+(\\d{4}))?";
const ISO = /^(\d{4})-(\d{1,2})-(\d{1,2})$/;
const MONTH_DAY = new RegExp(`^${MONTH}\\s+(?:the\\s+)?${DAY}${YEAR}$`, "i");
const DAY_MONTH = new RegExp(`^(?:the\\s+)?${DAY}\\s+(?:of\\s+)?${MONTH}${YEAR}$`, "i");
const DAY_ALONE = /^(?:the\s+)?(\d{1,2})(?:st|nd|rd|th)(?:\s+of\s+this\s+month)?$/i;
const SLASHED = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/;

/** The day a text names, as `2019-03-05`; undefined where it names none. */
export function dateOf(text: string, anchor: Anchor): string | undefined {
  const plain = text.trim();
  const iso = ISO.exec(plain);
  if (iso !== null) return written(Number(iso[1]), Number(iso[2]), Number(iso[3]));
  const slashed = SLASHED.exec(plain);
  if (slashed !== null) return written(Number(slashed[3]), Number(slashed[1]), Number(slashed[2]));
  const first = MONTH_DAY.exec(plain);
  if (first !== null) return written(Number(first[3] ?? anchor.year), monthOf(first[1]), Number(first[2]));
  const second = DAY_MONTH.exec(plain);
  if (second !== null)
    return written(Number(second[3] ?? anchor.year), monthOf(second[2]), Number(second[1]));
  const day = DAY_ALONE.exec(plain);
  return day === null ? undefined : written(anchor.year, anchor.month, Number(day[1]));
}

const monthOf = (name: string): number => MONTHS.split("|").indexOf(name.slice(0, 3).toLowerCase()) + 1;

function written(year: number, month: number, day: number): string | undefined {
  if (month < 1 || month > 12 || day < 1 || day > 31) return undefined;
  return `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}

const CLOCK =
  /^(\d{1,2}|[a-z]+)(?::(\d{2}))?(?:\s*o'?clock)?\s*(?:(am|a\.m\.?|pm|p\.m\.?)|(?:in|at)\s+(?:the\s+)?(morning|afternoon|evening|night))?$/i;
const HALF = /^half past (\d{1,2}|[a-z]+)\s*(am|pm|in the (?:morning|afternoon|evening))?$/i;

/** The time of day a text names, as `16:30`; undefined where it names none. A bare hour counts as it stands. */
export function clockOf(text: string): string | undefined {
  const plain = text.trim().toLowerCase();
  const half = HALF.exec(plain);
  if (half !== null) return hourly(half[1], 30, half[2] ?? "");
  const found = CLOCK.exec(plain);
  if (found === null) return undefined;
  const [, hour, minute, half2, daytime] = found;
  if (minute === undefined && half2 === undefined && daytime === undefined) return undefined;
  return hourly(hour, Number(minute ?? 0), half2 ?? daytime ?? "");
}

function hourly(hour: string, minute: number, part: string): string | undefined {
  const count = numberOf(hour);
  if (count === undefined || count > 24 || minute > 59) return undefined;
  const isLate = /^p|afternoon|evening|night/.test(part);
  const isEarly = /^a\.?m|morning/.test(part);
  const hours = isLate && count < 12 ? count + 12 : isEarly && count === 12 ? 0 : count % 24;
  return `${String(hours).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
}
