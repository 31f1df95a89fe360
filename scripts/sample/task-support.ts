import type { Random } from "../../src/core/index.ts";
import { LARGE, LARGE_MAY, MINI, jsonText, longDate, says, since, slip, type Draft } from "./draft.ts";
import { chance, expand, lines, pick, sections, type Slots } from "./grammar.ts";
import { contactDraft } from "./task-contacts.ts";
import { flaggedMessage, fromLines, INTENTS, plainMessage, type Flags } from "./messages.ts";
import { email, fullName, phone } from "./people.ts";
import { TICKET_AROUND, TICKET_TEXT } from "./text-tickets.ts";
import { capitalised, sentence, tidy, typed } from "./voice.ts";
import { CITIES, SHOPS, SLOTS } from "./words.ts";

const INTENT_PROMPT = `You route customer messages for the shops that Tallowbridge runs. Read the message and name the one intent that fits best.

Intents: ${INTENTS.join(", ")}

Answer with JSON only: {"intent": "<name>"}. Messages come in several languages. Use "out_of_scope" when no intent fits.`;
const INTENT_PROMPT_2 = `${INTENT_PROMPT}
If a message holds two requests, name the one that has to be acted on first. What the customer only mentions as background does not count.`;
const FLAGS_PROMPT = `Read the customer message and fill in three fields as JSON:
urgency: low, normal or high
sentiment: negative, neutral or positive
needs_human: true if a person has to take over, else false`;
const FLAGS_PROMPT_2 = `You are the first reader of the support inbox. Judge how the message should be handled, not what it is about.
Return a JSON object with exactly these keys: "urgency" ("low" | "normal" | "high"), "sentiment" ("negative" | "neutral" | "positive") and "needs_human" (true | false).
"high" only if the customer names a deadline or a danger. "needs_human" if the customer asks for a person, threatens with law or press, or was hurt.`;

const TICKET_LINES = sections(TICKET_TEXT);
const AROUND_LINES = lines(TICKET_AROUND);
export const TICKET_CATEGORIES = [...TICKET_LINES.keys()];
const VAGUE_SUBJECTS = lines(`
  {help|help please|problem|question|urgent}
  {something is wrong|not working|issue} {in the $city store|at our store|here}
  ticket from {$first|$city}
  {as discussed|follow-up|fwd: }{ with $first| problem|}
  {it request|request|it issue}
`);

/** A customer message alone: routed, nothing more. */
export function intentSession(_at: Date, random: Random): Draft[] {
  const { text, intent } = plainMessage(random);
  return [intentDraft(text, intent, _at, random)];
}

/** A message of the contact form: routed, judged, and its sender read off, in one session. */
export function formSession(at: Date, random: Random): Draft[] {
  const message = flaggedMessage(random);
  const name = fullName(random);
  const contact = {
    name,
    company: null,
    email: email(name, random),
    phone: phone(random),
    city: pick(CITIES, random),
  };
  const text = `${message.text}\n\n${name}\n${contact.email}, ${contact.phone}\n${contact.city}`;
  return [
    intentDraft(text, message.intent, at, random),
    { ...flagsDraft(text, message.flags, at, random), waitMs: 120 + random.below(200) },
    { ...contactDraft(text, contact, at), waitMs: 150 + random.below(300) },
  ];
}

/** A message of the inbox, judged only. */
export function flagsSession(at: Date, random: Random): Draft[] {
  const { text, flags } = flaggedMessage(random);
  return [flagsDraft(text, flags, at, random)];
}

/** A ticket of the shop staff, with tenant, number and date in the system prompt. */
export function ticketSession(at: Date, random: Random): Draft[] {
  const category = pick(TICKET_CATEGORIES, random);
  const { label, noise } = slip(category, TICKET_CATEGORIES, random);
  const system = `You triage tickets of the internal help desk.
Tenant: ${pick(SHOPS, random)}
Ticket: TB-${10000 + random.below(90000)}
Opened: ${longDate(at)}

Choose the one category that fits the ticket:
${TICKET_CATEGORIES.map((name) => `- ${name}`).join("\n")}

Answer with the category only.`;
  const messages = [
    { role: "system", content: system },
    { role: "user", content: ticketText(category, random) },
  ];
  // The model behind the triage was changed on the twelfth.
  const model = since(12, at) ? LARGE : LARGE_MAY;
  const request = { model, messages, temperature: 0, max_tokens: 12 };
  return [
    { task: "ticket-triage", version: 1, request, answer: says(label), truth: category, noise, waitMs: 0 },
  ];
}

function intentDraft(text: string, intent: string, at: Date, random: Random): Draft {
  const slipped = slip(intent, INTENTS, random);
  const { content, noise } = jsonText({ intent: slipped.label }, 0.02, random);
  const version = since(10, at) ? 2 : 1;
  const messages = [
    { role: "system", content: version === 2 ? INTENT_PROMPT_2 : INTENT_PROMPT },
    { role: "user", content: text },
  ];
  const request = { model: MINI, messages, temperature: 0 };
  return {
    task: "intent-routing",
    version,
    request,
    answer: says(content),
    truth: intent,
    noise: slipped.noise ?? noise,
    waitMs: 0,
  };
}

function flagsDraft(text: string, flags: Flags, at: Date, random: Random): Draft {
  const version = since(11, at) ? 2 : 1;
  const urgency = slip(flags.urgency, ["low", "normal", "high"], random);
  // Before JSON mode was switched on with the second prompt, some answers came in a fence.
  const { content, noise } = jsonText({ ...flags, urgency: urgency.label }, version === 1 ? 0.04 : 0, random);
  const messages = [
    { role: "system", content: version === 1 ? FLAGS_PROMPT : FLAGS_PROMPT_2 },
    { role: "user", content: text },
  ];
  const form = version === 1 ? {} : { response_format: { type: "json_object" } };
  const request = { model: MINI, messages, temperature: 0, ...form };
  const truth = JSON.stringify(flags);
  return {
    task: "message-flags",
    version,
    request,
    answer: says(content),
    truth,
    noise: urgency.noise ?? noise,
    waitMs: 0,
  };
}

function ticketText(category: string, random: Random): string {
  const slots: Slots = new Map();
  const templates = TICKET_LINES.get(category) ?? [];
  const parts = [fromLines(templates, random, slots)];
  const count = random.below(4);
  for (let index = 0; index < count; index += 1) parts.push(fromLines(AROUND_LINES, random, slots));
  const body = typed(parts.map(sentence).join(" "), random);
  const subject = chance(0.4, random)
    ? expand(pick(VAGUE_SUBJECTS, random), random, SLOTS, slots)
    : fromLines(templates, random, slots);
  if (chance(0.25, random)) return body;
  return `Subject: ${capitalised(tidy(subject))}\n\n${body}`;
}
