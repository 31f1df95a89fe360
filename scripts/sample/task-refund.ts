import type { Message, Random } from "../../src/core/index.ts";
import { LARGE, callsTool, longDate, says, tool, type Draft } from "./draft.ts";
import { chance, expand, lines, pick, type Slots } from "./grammar.ts";
import { email, fullName } from "./people.ts";
import { typed } from "./voice.ts";
import { ITEMS, SHOPS, SLOTS } from "./words.ts";

const TOOLS = [
  tool("find_customer", "Find a customer by e-mail address.", [["email", "string", "E-mail address", true]]),
  tool("get_order", "Read an order with its lines and payments.", [
    ["order_id", "string", "Such as T-104233", true],
  ]),
  tool("check_policy", "Say whether an order may be refunded and up to which amount.", [
    ["order_id", "string", "Order", true],
    ["reason", "string", "damaged, late, wrong_item or changed_mind", true],
  ]),
  tool("issue_refund", "Pay money back to the original payment method. Cannot be undone.", [
    ["order_id", "string", "Order", true],
    ["amount_eur", "number", "Amount in euros", true],
  ]),
  tool("create_return_label", "Create a prepaid label.", [["order_id", "string", "Order", true]]),
  tool("escalate", "Hand the case to a person.", [
    ["order_id", "string", "Order", true],
    ["note", "string", "What the person needs to know", true],
  ]),
];
const REASONS: { readonly [reason: string]: readonly string[] } = {
  damaged: lines(`
    the $item {arrived|came} {broken|with a crack|dented}
    {unpacked it|opened the box} and the $item {is scratched|doesn't switch on}
  `),
  late: lines(`
    the $item {came|arrived} {$span too late|after the birthday}, {I no longer need it|too late for me}
    {I waited|we waited} $span for the $item and {bought another one|it is no use now}
  `),
  wrong_item: lines(`
    {I got|you sent} {another|the wrong} $item
    {that is not|this isn't} the $item I ordered
  `),
  changed_mind: lines(`
    {I changed my mind about|I don't want} the $item {any more|after all}
    the $item {isn't for me|doesn't suit us}
  `),
};
const ASKS = [
  "I want my money back",
  "can I get a refund",
  "please refund me",
  "refund please",
  "how do I get the money",
];

type Case = {
  readonly order: string;
  readonly mail: string;
  readonly name: string;
  readonly item: string;
  readonly reason: string;
  readonly total: number;
  readonly allowed: number;
};

/** A refund case from the first message to the last answer: three to seven calls, each with all that went before. */
export function refundSession(at: Date, random: Random): Draft[] {
  const facts = drawCase(random);
  const system = `You handle refunds for ${pick(SHOPS, random)}. Find the customer and the order, check the policy, then act. Never refund more than the policy allows; hand cases above 200 euros to a person. Today is ${longDate(at)}.`;
  const messages: Message[] = [{ role: "system", content: system }];
  const drafts: Draft[] = [];
  const think = (answer: Message, waitMs: number): void => {
    const request = { model: LARGE, messages: [...messages], tools: TOOLS, temperature: 0 };
    drafts.push({ task: "refund-agent", version: 1, request, answer, noise: null, waitMs });
    messages.push(answer);
  };
  const use = (name: string, args: unknown, result: unknown): void => {
    const answer = callsTool(name, args, random);
    think(answer, 60 + random.below(300));
    const id = answer.tool_calls?.[0].id;
    messages.push({ role: "tool", tool_call_id: id, content: JSON.stringify(result) });
  };
  const knowsOrder = openCase(facts, messages, think, random);
  if (!knowsOrder) use("find_customer", { email: facts.mail }, customerRecord(facts, random));
  use("get_order", { order_id: facts.order }, orderRecord(facts, random));
  settle(facts, use, random);
  think(says(closing(facts, random)), 80 + random.below(300));
  return drafts;
}

/** The customer's first words; asks back once where the message names neither order nor e-mail. */
function openCase(
  facts: Case,
  messages: Message[],
  think: (answer: Message, waitMs: number) => void,
  random: Random,
): boolean {
  const slots: Slots = new Map([["item", facts.item]]);
  const matter = expand(pick(REASONS[facts.reason], random), random, SLOTS, slots);
  const text = `${matter}, ${pick(ASKS, random)}`;
  const gives = random.below(3);
  const detail = gives === 0 ? `. Order ${facts.order}` : gives === 1 ? `. My mail is ${facts.mail}` : "";
  messages.push({ role: "user", content: typed(text, random) + detail });
  if (gives === 2) {
    think(
      says("I can help with that. What is your order number, or the e-mail address you ordered with?"),
      0,
    );
    const given = chance(0.5, random) ? facts.order : facts.mail;
    messages.push({ role: "user", content: pick([given, `it's ${given}`, `${given} I think`], random) });
    return given === facts.order;
  }
  return gives === 0;
}

function settle(
  facts: Case,
  use: (name: string, args: unknown, result: unknown) => void,
  random: Random,
): void {
  const { order, reason, allowed, total } = facts;
  const policy = { allowed: allowed > 0, max_refund_eur: allowed, needs_return: reason !== "late" };
  use("check_policy", { order_id: order, reason }, policy);
  if (allowed === 0) return;
  if (total > 200) {
    use(
      "escalate",
      { order_id: order, note: `${reason}, ${total} EUR, above limit` },
      { ticket: `TB-${10000 + random.below(90000)}` },
    );
    return;
  }
  if (policy.needs_return && chance(0.7, random))
    use("create_return_label", { order_id: order }, { label: `RL-${1000 + random.below(9000)}` });
  use("issue_refund", { order_id: order, amount_eur: allowed }, { status: "accepted", days: 5 });
}

function closing({ allowed, total, name, item }: Case, random: Random): string {
  const first = name.split(" ")[0];
  if (allowed === 0) {
    return pick(
      [
        `I am sorry, ${first}: the 30 days for the ${item} are over, so I cannot refund it.`,
        `The return period for the ${item} has ended, ${first}. A refund is not possible any more.`,
      ],
      random,
    );
  }
  if (total > 200) {
    return pick(
      [
        `I have handed your case to a colleague, ${first}. You will hear from us within one working day.`,
        `A colleague will decide about the ${item} and write to you by tomorrow, ${first}.`,
      ],
      random,
    );
  }
  return pick(
    [
      `Done, ${first}: ${allowed} EUR for the ${item} go back to your card within five working days.`,
      `I have refunded ${allowed} EUR, ${first}. It takes up to five working days.`,
    ],
    random,
  );
}

function drawCase(random: Random): Case {
  const name = fullName(random);
  const total = 15 + random.below(260);
  const reason = pick(Object.keys(REASONS), random);
  const allowed =
    reason === "changed_mind" && chance(0.4, random)
      ? 0
      : reason === "late"
        ? Math.round(total * 0.8)
        : total;
  return {
    order: `T-${100000 + random.below(900000)}`,
    mail: email(name, random),
    name,
    item: pick(ITEMS, random),
    reason,
    total,
    allowed,
  };
}

const customerRecord = ({ name, mail, order }: Case, random: Random) => ({
  id: `C${10000 + random.below(90000)}`,
  name,
  email: mail,
  orders: [order],
});

const orderRecord = ({ order, item, total }: Case, random: Random) => ({
  order_id: order,
  placed_on: `2026-0${1 + random.below(2)}-${10 + random.below(18)}`,
  lines: [{ item, quantity: 1, price_eur: total }],
  paid_with: pick(["card", "invoice", "paypal"], random),
});
