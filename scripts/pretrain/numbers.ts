// Numbers, dates, times and durations as people say them, each with its normal form.
import type { Json, Random } from "../../src/core/index.ts";
import { between, chance, pick, weighted } from "./draw.ts";

/** Words in an utterance and what they mean. */
export type Said = { readonly text: string; readonly json: Json };

const ONES = (
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen " +
  "eighteen nineteen"
).split(" ");
const TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
const DAYS = "sunday monday tuesday wednesday thursday friday saturday".split(" ");
export const MONTHS =
  "January February March April May June July August September October November December".split(" ");
const DAY_MS = 86_400_000;

/** An integer below a million in words. */
export function spell(value: number): string {
  if (value < 20) return ONES[value];
  if (value < 100) return TENS[Math.floor(value / 10)] + (value % 10 === 0 ? "" : `-${ONES[value % 10]}`);
  const [unit, name] = value < 1000 ? [100, "hundred"] : [1000, "thousand"];
  const rest = value % unit;
  const head = `${spell(Math.floor(value / unit))} ${name}`;
  return rest === 0 ? head : `${head} ${rest < 100 ? "and " : ""}${spell(rest)}`;
}

export function ordinal(value: number): string {
  const tail = value % 100;
  const suffix = tail > 10 && tail < 14 ? "th" : (["th", "st", "nd", "rd"][value % 10] ?? "th");
  return `${value}${suffix}`;
}

/** A count, in digits or words. */
export function saidInteger(random: Random, low: number, high: number): Said {
  const json = between(random, low, high);
  const text = weighted(random, [
    [5, String(json)],
    [4, spell(json)],
    [json >= 1000 ? 2 : 0, json.toLocaleString("en-US")],
    [json === 12 ? 3 : 0, "a dozen"],
    [json === 2 ? 2 : 0, "a couple of"],
  ]);
  return { text, json };
}

export function saidDecimal(random: Random): Said {
  const json = between(random, 1, 9999) / pick(random, [10, 100]);
  const [whole, part] = String(json).split(".");
  const isSpoken = part?.length === 1 && Number(whole) < 100;
  return {
    text:
      isSpoken && chance(random, 0.4) ? `${spell(Number(whole))} point ${ONES[Number(part)]}` : String(json),
    json,
  };
}

export function saidMoney(random: Random): Said {
  const whole = between(random, 1, chance(random, 0.6) ? 99 : 2500);
  const cents = chance(random, 0.3) ? between(random, 1, 99) : 0;
  const json = whole + cents / 100;
  const figure = cents === 0 ? String(whole) : json.toFixed(2);
  const options: (readonly [number, string])[] = [
    [4, `$${figure}`],
    [2, `${figure} dollars`],
    [1, `${figure} usd`],
    [1, `${figure} bucks`],
  ];
  if (cents === 0) options.push([3, `${spell(whole)} dollar${whole === 1 ? "" : "s"}`]);
  return { text: weighted(random, options), json };
}

/** A time of day; the normal form is HH:MM. */
export function saidTime(random: Random): Said {
  const hour = between(random, 0, 23);
  const minute = weighted(random, [
    [5, 0],
    [3, 30],
    [1, 15],
    [1, 45],
    [2, between(random, 1, 59)],
  ]);
  const json = `${two(hour)}:${two(minute)}`;
  const twelve = hour % 12 === 0 ? 12 : hour % 12;
  const half = hour < 12 ? pick(random, ["am", "a.m.", "AM"]) : pick(random, ["pm", "p.m.", "PM"]);
  const part = hour < 12 ? "in the morning" : hour < 18 ? "in the afternoon" : "in the evening";
  const figures = minute === 0 ? String(twelve) : `${twelve}:${two(minute)}`;
  const options: (readonly [number, string])[] = [
    [4, `${figures} ${half}`],
    [2, `${figures}${half}`],
    [2, json],
    [2, `${minute === 0 ? spell(twelve) : figures} ${part}`],
  ];
  if (minute === 30) options.push([2, `half past ${spell(twelve)} ${part}`]);
  if (minute === 15) options.push([2, `quarter past ${spell(twelve)} ${part}`]);
  if (minute === 45)
    options.push([2, `quarter to ${spell((twelve % 12) + 1)} ${hour === 11 ? "midday" : part}`]);
  if (json === "12:00") options.push([9, "noon"]);
  if (json === "00:00") options.push([9, "midnight"]);
  return { text: weighted(random, options), json };
}

/** A length of time; the normal form is minutes. */
export function saidDuration(random: Random): Said {
  const minutes = pick(random, [5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, between(random, 1, 59)]);
  const options: (readonly [number, string])[] = [
    [3, `${minutes} minutes`],
    [2, `${minutes} min`],
    [2, minutes < 100 ? `${spell(minutes)} minutes` : `${minutes} minutes`],
  ];
  if (minutes === 30) options.push([4, "half an hour"]);
  if (minutes === 60) options.push([4, "an hour"]);
  if (minutes === 90) options.push([4, "an hour and a half"]);
  if (minutes % 60 === 0) options.push([4, `${minutes / 60} hour${minutes === 60 ? "" : "s"}`]);
  return { text: weighted(random, options), json: minutes };
}

/** A day from 2020 to 2029 as milliseconds since 1970, at midnight UTC. */
export function anyDay(random: Random): number {
  return Date.UTC(2020, 0, 1) + random.below(3650) * DAY_MS;
}

export function isoDay(day: number): string {
  return new Date(day).toISOString().slice(0, 10);
}

export function weekday(day: number): string {
  return DAYS[new Date(day).getUTCDay()];
}

/** A date as said on the day `today`; the normal form is YYYY-MM-DD. */
export function saidDate(random: Random, today: number): Said {
  const ahead = between(random, 1, 6);
  return weighted(random, [
    [2, () => said("today", today)],
    [3, () => said("tomorrow", today + DAY_MS)],
    [1, () => said("the day after tomorrow", today + 2 * DAY_MS)],
    [1, () => said("yesterday", today - DAY_MS)],
    [
      3,
      () =>
        said(
          `${pick(random, ["", "this ", "on "])}${title(weekday(today + ahead * DAY_MS))}`.replace("on ", ""),
          today + ahead * DAY_MS,
        ),
    ],
    [2, () => spanFromToday(random, today)],
    [8, () => calendarDay(random, today)],
  ])();
}

function spanFromToday(random: Random, today: number): Said {
  const count = between(random, 2, 10);
  return chance(random, 0.6)
    ? said(`in ${chance(random, 0.5) ? spell(count) : count} days`, today + count * DAY_MS)
    : said(`in ${chance(random, 0.5) ? spell(count) : count} weeks`, today + 7 * count * DAY_MS);
}

function calendarDay(random: Random, today: number): Said {
  const isNear = chance(random, 0.7);
  const day = isNear ? today + between(random, 1, 300) * DAY_MS : anyDay(random);
  const date = new Date(day);
  const [month, number, year] = [MONTHS[date.getUTCMonth()], date.getUTCDate(), date.getUTCFullYear()];
  const isOtherYear = year !== new Date(today).getUTCFullYear();
  const tail = isOtherYear || chance(random, 0.2) ? ` ${year}` : "";
  const figures = `${two(date.getUTCMonth() + 1)}/${two(number)}/${year}`;
  return said(
    weighted(random, [
      [3, `${month} ${number}${tail === "" ? "" : `,${tail}`}`],
      [3, `${month} ${ordinal(number)}${tail}`],
      [2, `${month.slice(0, 3)} ${number}${tail}`],
      [2, `the ${ordinal(number)} of ${month}${tail}`],
      [1, `${number} ${month}${tail}`],
      [1, figures],
      [1, isoDay(day)],
    ]),
    day,
  );
}

function said(text: string, day: number): Said {
  return { text, json: isoDay(day) };
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

function title(word: string): string {
  return word[0].toUpperCase() + word.slice(1);
}
