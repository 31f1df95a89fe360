import type { Random } from "../../src/core/index.ts";
import { MINI, says, since, type Draft } from "./draft.ts";
import { chance, expand, lines, pick, type Slots } from "./grammar.ts";
import { SLOTS } from "./words.ts";

const PROMPT =
  "Redact personal data before the text goes to the archive. Replace names by [NAME], e-mail addresses by [EMAIL], phone numbers by [PHONE], street addresses by [ADDRESS], card numbers by [CARD], IBANs by [IBAN] and keys by [KEY]. Change nothing else. Return the text only.";
const PROMPT_2 = `${PROMPT} Order numbers, cities and product names stay.`;

const TAGS: { readonly [slot: string]: string } = {
  name: "[NAME]",
  first: "[NAME]",
  email: "[EMAIL]",
  phone: "[PHONE]",
  street: "[ADDRESS]",
  card: "[CARD]",
  iban: "[IBAN]",
  key: "[KEY]",
};
const NOTES = lines(`
  {Customer|Caller} $name {rang|called} from $phone about {$order|the $item}
  {Please refund|Refund} {$amount|the amount} to $iban, {account holder|holder} $name
  $first {paid|says he paid} with card $card, {slip|receipt} follows
  {Sent|Have sent} the {label|invoice} to $email {on $day|again}
  New address for $name: $street, $city
  {Mail|E-mail} {bounced|came back} for $email, {tried|called} $phone {instead|} and {reached $first|left a message}
  $name {wants|asks for} {a call back|a replacement} {on $day|} under $phone
  {Colleague|Our colleague} $first {pasted|left} the key $key in the ticket, {revoked|please rotate}
  Card $card {declined|expired} for $order, {customer|$first} {will pay|pays} by transfer from $iban
  {Delivery|The parcel} for $name {left|was left} at $street {with the neighbour|}
  {Order|Parcel} $order {arrived|was late}, {customer is happy|nothing else to do}
  {Spoke with|Talked to} $name and {her husband|the flatmate} $first2, {they keep|they return} the $item
  {Account|Login} $email {merged with|replaced by} $email2
  {No contact details|Anonymous feedback}: the $item {rattles|is great|came without a box}
  {Ship|Send} the $item to {c/o |}$name2, $street2 in $city, {not|no longer} to $street
  {IBAN|Bank details} {changed|wrong}: {was|old} $iban, {holder|name} $name
`);
const ENDINGS = ["", ".", ". Closed.", ". To do: call back.", " - thanks", ". See earlier note."];

/** A service note with invented personal data, and the note with the data replaced. */
export function redactionSession(at: Date, random: Random): Draft[] {
  const slots: Slots = new Map();
  const count = 1 + random.below(3);
  const templates = random.shuffle(NOTES).slice(0, count);
  const text =
    templates
      .map((line) => expand(line, random, SLOTS, slots))
      .join(". ")
      .replace(/ +/g, " ") + pick(ENDINGS, random);
  const version = since(11, at) ? 2 : 1;
  const note = chance(0.25, random)
    ? `${text}\n(note by $agent)`.replace("$agent", expand("$first9", random, SLOTS, slots))
    : text;
  const messages = [
    { role: "system", content: version === 1 ? PROMPT : PROMPT_2 },
    { role: "user", content: note },
  ];
  const answer = says(masked(note, slots));
  return [
    {
      task: "redaction",
      version,
      request: { model: MINI, messages, temperature: 0 },
      answer,
      noise: null,
      waitMs: 0,
    },
  ];
}

/** Longest values first: a first name inside a full name must not be replaced on its own. */
function masked(text: string, slots: Slots): string {
  const values = [...slots].filter(([slot]) => TAGS[slot.replace(/\d$/, "")] !== undefined);
  values.sort(([, a], [, b]) => b.length - a.length);
  return values.reduce(
    (result, [slot, value]) => result.replaceAll(value, TAGS[slot.replace(/\d$/, "")]),
    text,
  );
}
