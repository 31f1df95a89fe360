import type { Random } from "../../src/core/index.ts";
import { MINI, callsTool, longDate, since, tool, type Draft } from "./draft.ts";
import { chance, expand, lines, pick, type SlotMakers, type Slots } from "./grammar.ts";
import { firstName, fullName, phone } from "./people.ts";
import { capitalised, tidy } from "./voice.ts";
import { CITIES, SLOTS } from "./words.ts";

const TOOL = tool("record_booking", "Record what the customer has just said about the rental.", [
  ["date", "string", "Day of the rental, as said", false],
  ["time", "string", "Time of collection, as said", false],
  ["people", "string", "How many bikes or riders, as said", false],
  ["bike", "string", "Kind of bike, as said", false],
  ["name", "string", "Name for the booking", false],
  ["phone", "string", "Phone number", false],
]);
const FIELDS = ["date", "time", "people", "bike", "name", "phone"] as const;
type Field = (typeof FIELDS)[number];

const COUNTS = ["one", "two", "three", "four", "five", "six", "2", "3", "4", "5", "6", "8", "10"];
const VALUES: SlotMakers = {
  ...SLOTS,
  date: (random) =>
    expand(
      pick(
        [
          "{next |this |}$day",
          "tomorrow",
          "the day after tomorrow",
          "$later",
          "the {3rd|9th|14th|21st|22nd}",
          "this weekend",
          "today",
        ],
        random,
      ),
      random,
      SLOTS,
    ),
  time: (random) =>
    pick(
      [
        "10",
        "9:30",
        "10 am",
        "noon",
        "half past nine",
        "2 pm",
        "11 o'clock",
        "8",
        "quarter to ten",
        "14:00",
        "3",
        "4:15 pm",
        "early morning",
      ],
      random,
    ),
  people: (random) => pick(COUNTS, random),
  bike: (random) =>
    pick(
      [
        "city bike",
        "e-bike",
        "tandem",
        "cargo bike",
        "kids' bike",
        "gravel bike",
        "mountain bike",
        "folding bike",
      ],
      random,
    ),
  name: (random) => (chance(0.4, random) ? firstName(random) : fullName(random)),
  phone,
};
const QUESTIONS: { readonly [field in Field]: readonly string[] } = {
  date: ["Which day would you like?", "For when should I book?", "What date suits you?"],
  time: ["What time will you collect them?", "At what time?", "When on that day will you come by?"],
  people: ["How many bikes do you need?", "How many riders are you?", "For how many people?"],
  bike: ["Which kind of bike?", "What type of bike may it be?", "E-bike, city bike or something else?"],
  name: ["Under which name?", "May I have your name?", "What name shall I put down?"],
  phone: ["On which number can we reach you?", "And a phone number, please?", "Your mobile number?"],
};
const BARE = lines(`
  $v
  $v
  $v please
  {I think|maybe|say} $v
  $v {would be great|if possible|is fine}
  {hm|well|ok}, $v
  let's say $v
`);
const PHRASES: { readonly [field in Field]: readonly string[] } = {
  date: ["{on|for} $v", "$v", "it's for $v"],
  time: ["at $v", "around $v", "{we'd come|collecting} at $v"],
  people: ["for $v people", "{there are|we are} $v of us", "$v bikes", "$v riders"],
  bike: ["{kind of bike|bike}: $v", "{preferably|best} a $v", "a $v {would be nice|please}"],
  name: ["{my name is|I'm|it's} $v", "{under|in} the name of $v", "name $v"],
  phone: ["{my number is|reach me on|call} $v", "phone $v"],
};
const OPENERS = lines(`
  {hi|hello}, {I'd like to|can I|we want to} {rent|book|hire} {a bike|bikes|something}
  {do you have|have you got} {bikes|anything} {free|available|to rent}
  {booking|a reservation} {please|}
  {is it possible to|could we} {hire|rent} {bikes|} {with you|}
`);
const EMPTY = lines(`
  {yes|yes please|sure|ok|sounds good}
  {hold on|one moment|let me check}
  how much {is it|does it cost} {per day|}?
  {do I need|should I bring} {a deposit|a helmet|an id}?
  {no|no thanks|not yet}
  {sorry|pardon}, what {did you say|was that}?
`);
const CORRECTIONS = lines(`
  {not $o, |no, not $o but |sorry, }{rather|better} $v
  {change|make} it {to |}$v {instead of $o|please}
`);

/** One turn of a rental booking: often a bare value, whose meaning the question before it decides. */
export function bookingSession(at: Date, random: Random): Draft[] {
  const asked = chance(0.62, random) ? pick(FIELDS, random) : null;
  const said = new Map<Field, string>();
  const text = tidy(asked === null ? opening(said, random) : reply(asked, said, random));
  const version = since(8, at) ? 2 : 1;
  const shop = pick(CITIES.slice(0, 5), random);
  const written = chance(0.4, random)
    ? text.replace(/^[A-Z]/, (first) => first.toLowerCase())
    : capitalised(text);
  const messages = [
    { role: "system", content: prompt(version, shop, at) },
    ...(asked === null ? [] : [{ role: "assistant", content: pick(QUESTIONS[asked], random) }]),
    { role: "user", content: written },
  ];
  const answer = Object.fromEntries(
    FIELDS.filter((field) => said.has(field)).map((field) => [field, copied(said.get(field) ?? "", written)]),
  );
  const request = {
    model: MINI,
    messages,
    tools: [TOOL],
    tool_choice: { type: "function", function: { name: "record_booking" } },
    temperature: 0,
  };
  const truth = JSON.stringify(answer);
  return [
    {
      task: "booking-extraction",
      version,
      request,
      answer: callsTool("record_booking", answer, random),
      truth,
      noise: null,
      waitMs: 0,
    },
  ];
}

function prompt(version: number, city: string, at: Date): string {
  const base = `You take bike rentals by chat for Pedalwise ${city}. Today is ${longDate(at)}. After every message of the customer call record_booking with what they said.`;
  return version === 1
    ? base
    : `${base} Only what the last message says counts; copy the words, do not turn them into dates or numbers, and leave out what was not said.`;
}

/** The value as it stands in the text: at the start of a sentence it may have gained or lost a capital. */
function copied(value: string, text: string): string {
  const start = text.toLowerCase().lastIndexOf(value.toLowerCase());
  return text.slice(start, start + value.length);
}

function reply(asked: Field, said: Map<Field, string>, random: Random): string {
  if (chance(0.1, random)) return expand(pick(EMPTY, random), random, SLOTS);
  const value = draw(asked, random);
  said.set(asked, value);
  if (chance(0.1, random))
    return fill(pick(CORRECTIONS, random), value, otherThan(value, asked, random), random);
  const first = chance(0.75, random)
    ? fill(pick(BARE, random), value, "", random)
    : phrase(asked, value, random);
  if (chance(0.7, random)) return first;
  const other = pick(
    FIELDS.filter((field) => field !== asked),
    random,
  );
  return `${first}, ${added(other, said, random)}`;
}

function opening(said: Map<Field, string>, random: Random): string {
  const start = expand(pick(OPENERS, random), random, SLOTS).trim();
  const fields = random.shuffle(FIELDS).slice(0, random.below(5));
  const rest = fields.map((field) => added(field, said, random));
  return [start, ...rest].join(chance(0.5, random) ? ", " : ". ");
}

function added(field: Field, said: Map<Field, string>, random: Random): string {
  const value = draw(field, random);
  said.set(field, value);
  return phrase(field, value, random);
}

const phrase = (field: Field, value: string, random: Random): string =>
  fill(pick(PHRASES[field], random), value, "", random);
const draw = (field: Field, random: Random): string => VALUES[field](random);

function otherThan(value: string, field: Field, random: Random): string {
  const other = draw(field, random);
  return other === value ? "that" : other;
}

function fill(template: string, value: string, other: string, random: Random): string {
  const slots: Slots = new Map([
    ["v", value],
    ["o", other],
  ]);
  return expand(template, random, SLOTS, slots);
}
