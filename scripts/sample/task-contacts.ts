import type { Random } from "../../src/core/index.ts";
import { LARGE, jsonText, says, spaced, type Draft } from "./draft.ts";
import { chance, expand, lines, pick, type Slots } from "./grammar.ts";
import { email, firstName, fullName, phone } from "./people.ts";
import { typed } from "./voice.ts";
import { CITIES, SLOTS } from "./words.ts";

export type Contact = {
  readonly name: string | null;
  readonly company: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly city: string | null;
};

const PROMPT =
  "Read off the sender's contact details for the customer file. Copy them exactly as written; null where the message does not give one. Details of other people do not count.";
const FIELDS = ["name", "company", "email", "phone", "city"];
const SCHEMA = {
  type: "object",
  properties: Object.fromEntries(FIELDS.map((field) => [field, { type: ["string", "null"] }])),
  required: FIELDS,
  additionalProperties: false,
};
const COMPANIES = lines(`
  Okoro Works
  Birchline Studio
  Quist & Daughters
  Halden Cycling Club
  Marlowe Catering
  Northcape Rentals
  Blue Heron Hostel
  Sandoval Events
  Ulvang Design
  Five Oaks School
  Pellegrin Bakery
`);
const BODIES = lines(`
  {we'd like|I'd like} {an offer|a quote} for $number {$items|of the $item}
  {please send|could you send} {the invoice for $order|your price list|a catalogue}
  {the delivery to|our order for} {the office|the club} {has not come|is incomplete}
  {who|which colleague} handles {business accounts|bulk orders}? {I spoke with $first about it on $day|}
  {following up on|further to} {my call of $day|our mail of $date}, {any news|is the $item available}
  {my colleague $first|$first from accounting} {will pick it up|has the order number}
  {can we|is it possible to} pay {by invoice|in two parts} {for $order|}
  {I'm interested in|we are looking for} {a test|a loan} of the $item {for $span|until $later}
  {please cancel|I need to move} {our appointment|the pick-up} on $day
  {our old contact was|we used to write to} $email2, {is that still right|it bounces now}
`);
const INTROS = lines(`
  {hello|good morning|hi there},
  dear {team|$shop},
  {to whom it may concern|hello $first},
`);

/** A message whose sender's details are in a signature or in passing, many of them absent. */
export function contactSession(at: Date, random: Random): Draft[] {
  const name = fullName(random);
  const give = (share: number, value: string): string | null => (chance(share, random) ? value : null);
  const contact: Contact = {
    name: give(0.92, chance(0.15, random) ? name.split(" ")[0] : name),
    company: give(0.4, pick(COMPANIES, random)),
    email: give(0.7, email(name, random)),
    phone: give(0.6, phone(random)),
    city: give(0.45, pick(CITIES, random)),
  };
  const slots: Slots = new Map();
  const body = typed(
    `${expand(pick(INTROS, random), random, SLOTS, slots)} ${expand(pick(BODIES, random), random, SLOTS, slots)}.`,
    random,
  );
  const text = chance(0.35, random)
    ? `${inPassing(contact, random)} ${body}`
    : `${body}\n\n${signature(contact, random)}`;
  return [contactDraft(text, contact, at, random)];
}

/** The call that reads the contact off a text. */
export function contactDraft(text: string, contact: Contact, _at: Date, random?: Random): Draft {
  const request = {
    model: LARGE,
    messages: [
      { role: "system", content: PROMPT },
      { role: "user", content: text },
    ],
    temperature: 0,
    response_format: { type: "json_schema", json_schema: { name: "contact", strict: true, schema: SCHEMA } },
  };
  const content = random === undefined ? spaced(contact) : jsonText(contact, 0, random).content;
  return {
    task: "contact-extraction",
    version: 1,
    request,
    answer: says(content),
    truth: content,
    noise: null,
    waitMs: 0,
  };
}

function signature({ name, company, email: mail, phone: number, city }: Contact, random: Random): string {
  const greeting = pick(["Best regards", "Kind regards,", "Thanks,", "--", "Greetings", ""], random);
  const label = pick(
    [
      ["", ""],
      ["Tel. ", "Mail: "],
      ["T: ", "E: "],
      ["phone ", ""],
    ],
    random,
  );
  const parts = [name, company, number && label[0] + number, mail && label[1] + mail, city].filter(
    (part) => part !== null,
  );
  const block = parts.join(pick(["\n", "\n", " | ", ", "], random));
  return `${greeting}\n${block}`.trim();
}

function inPassing({ name, company, email: mail, phone: number, city }: Contact, random: Random): string {
  const sentences = [
    name && pick([`${name} here`, `My name is ${name}`, `This is ${name}`, `I am ${name}`], random),
    company && pick([`I work at ${company}`, `I write for ${company}`, `We are ${company}`], random),
    city && pick([`We are based in ${city}`, `I live in ${city}`, `I'm in ${city}`], random),
    number &&
      pick([`You can call me on ${number}`, `My number is ${number}`, `Reach me at ${number}`], random),
    mail && pick([`Please answer to ${mail}`, `My mail is ${mail}`, `${mail} works best`], random),
  ].filter((part) => part !== null);
  // A greeting where nothing is given at all.
  return sentences.length === 0 ? `Hello ${firstName(random)}.` : `${sentences.join(". ")}.`;
}
