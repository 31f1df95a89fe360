import type { Random } from "../../src/core/index.ts";
import { LARGE, longDate, says, type Draft } from "./draft.ts";
import { plainMessage } from "./messages.ts";
import { chance, expand, lines, pick, sections, type Slots } from "./grammar.ts";
import { article, capitalised, sentence, tidy } from "./voice.ts";
import { SLOTS } from "./words.ts";

// A scenario is a thread of messages and a summary, with the same slots: "mail // mail => summary".
const THREADS = lines(`
  {the delivery of|our shipment of} $number pallets of $items {did not reach|never got to} $city {on $day|as planned}. {The driver|$carrier} {found the gate closed|had a breakdown} // {can you|could you} {offer a new slot|tell us when you try again}? // {we can do|next slot is} $later, {between 8 and 10|before noon} => {$carrier missed the delivery of $items to $city|The $items for $city were not delivered as planned}. {A new slot was agreed for|The next try is on} $later.
  {$first|our buyer $first} {would like to raise|wants to raise} the order for the $item from $number to $number2 boxes {because of|for} the spring sale // that would be $amount more // {agreed|fine}, please confirm by $day => {$first asks to raise|The buyer raises} the $item order to $number2. {The supplier charges $amount more|Price goes up by $amount}; confirmation is due on $day.
  {a customer|$name} {got hurt|cut a finger} {using|assembling} the $item {bought|he bought} in $city // {please take|let's take} the article off sale until {quality|the lab} has looked at it // $first {has blocked it|blocked it in the shop}, {report|result} follows on $later => {A customer was hurt by|An injury was reported with} the $item from $city. {The article is blocked|$first has blocked it} and the report is due on $later.
  {the invoice|your invoice} over $amount {doesn't match|is higher than} our order {of $date|} // {we added|that includes} freight of $amount2 as {agreed with $first|in the contract} // {that was not agreed|$first knows nothing of it}, please {send a credit note|correct it} => {The invoice of $amount|An invoice over $amount} is disputed because of freight ($amount2). {A credit note|A correction} is requested.
  {the store in|our shop in} $city {will be closed|closes} from $day {for|because of} {a stocktake|repairs to the floor|a new till system} // who {tells|informs} the customers with click and collect? // $first {writes to them|sends a mail} {today|on $day2} => {The $city store closes on $day|From $day the $city store is closed}. $first informs the click and collect customers.
  {we noticed|our team noticed} that returns of the $item {have doubled|went up by $number per cent} {since $date|} // {most say|the reason is mostly} {the zip|the size chart|a rattling noise} // can purchasing {talk to|ask} the maker before $day? => Returns of the $item {have risen|are up}. Purchasing is to {ask|contact} the maker before $day.
  $name {applied|has applied} for the {weekend job|job at the counter} in $city, {can start|free from} $later // {interview|talk} on $day at $time {with $first|}? // {works for me|fine}, {please book the room|room is booked} => {$name applied for|Application of $name for} the job in $city. The interview is on $day at $time.
  {the price of|from $later the price of} the $item {rises|goes up} to $amount // {is there|can we get} any way to {order before|buy at the old price}? // {orders until|until} $day {count|still get the old one} => The $item {will cost|goes up to} $amount. Orders until $day {keep|get} the old price.
  {three|several} {customers|reviews} say the photo of the $item is wrong, {it shows $colour|it's not $colour} // $first {can redo|redoes} the pictures on $day // {until then|meanwhile} {take it offline|add a note} please => The photo of the $item is wrong. {New pictures come on $day|$first redoes the pictures on $day}; until then it gets a note or goes offline.
  {the fair|the open day} in $city on $later {needs|still needs} $number {people|helpers} and {a till|two tablets} // $first and {I|two trainees} can come, {tablets|the till} from the office // {hotel|train} is {booked|not booked yet} => {Staff and equipment|Helpers} for the fair in $city on $later are {settled|found}. $first {is coming|takes part}.
`);
const SUMMARY_PROMPT =
  "Summarise the e-mail thread for the daily digest in one or two plain sentences: what happened, what was agreed, by when. No greeting, no list.";

const BODIES = sections(`
  # order_status change_delivery_address cancel_order missing_item
  {I have looked up|I checked} your order and {passed it to|forwarded it to} our warehouse. {You will hear from us|We will write to you} {by $day|within two working days}
  {Your parcel is|The order is} {with the carrier|being packed}. {You can|Please} follow it {in your account|with the link in our mail}, and {tell us|write to us} if {it is not there|nothing has changed} by $day
  {To help you|So that I can help}, {please send|could you send} {me|us} the order number and your address. {I will then|After that we} {sort it out|take care of it} {at once|the same day}
  # damaged_item wrong_item exchange_item return_item
  {I am sorry|We apologise} {that this went wrong|for the trouble}. {We will send|I have arranged} {a replacement|the right one} {today|at our cost}, and {you can keep|please keep} the old one {until then|}
  {You can send it back|Returns are possible} within 30 days, {free of charge|with the label attached}. {Please use|Just take} the original box {if you still have it|}
  {Thank you for|Thanks for} {telling us|the photo}. {Please send|Could you send} us the order number {and a picture|}, then {we swap it|a label is on its way} {the same day|tomorrow}
  # refund_status double_charge payment_failed
  {The refund|Your money} {was released|has gone out} {on $day|today} and {should be|will be} on your account within five working days
  {Our billing team|A colleague in billing} {looks at|is checking} the payment {now|today}. {If it was taken twice|If the amount is wrong}, it goes back {to the same card|at once}
  # invoice_request update_payment_method discount_code gift_card
  {You can do this|This can be done} yourself under {My account|Settings}. {If it does not work|If you get stuck}, {just reply|answer this mail} and {I will do it|we do it for you}
  {I have attached|You find attached} {the document|what you asked for}. {Please check|Have a look at} the details and {tell me|let us know} if something is {missing|wrong}
  # stock_question
  {It is|The article is} {expected back|due} {on $later|next week}. {I have put you|You are} on the list and {will get|get} a mail as soon as it is {here|in stock}
  {We have|There are} {a few|$number} left. {Please order|It is best to order} {soon|by $day}, {we cannot|I can not} {hold|reserve} it {for long|}
  # product_advice
  {Yes, that works|For that it is fine}{; most customers use it so|}. {Measure|Please measure} {first|once more}, and {if in doubt|between two sizes} take the {larger|bigger} one
  {Both are good|There is little between them}. {The cheaper one|The lighter one} {is enough|will do} for {weekends|daily use}; {you can|feel free to} return it within 30 days
  # warranty_claim repair_booking
  {Our workshop|A colleague from the workshop} {can take it|has time} {on $day|next week}. The warranty is 24 months; {bring|please bring} the receipt {along|if you have it}
  {Please send|Could you send} us {a photo|a short video} and {the order number|the date of purchase}. {We decide|You hear from us} within two working days
  # password_reset delete_account update_contact_details unsubscribe
  {Thank you for|Thanks for} {telling us|your message}. {I have corrected|We changed} {your details|the entry} and {nothing else|no further step} is needed {from you|}
  {I have sent|We sent} you a link {to confirm|for that}. It is valid for one hour; {please look|have a look} in the spam folder too
  # human_agent out_of_scope
  {I am|You are now in touch with} {a person|one of the team}. {Tell me|Please write} {what happened|how I can help} and {a number|a time} {for a call|when we can ring you}
  {That is|This is} {not something|nothing} we can help with, {I am afraid|sorry}. {For questions about|If it is about} an order, {we are here|just write again}
`);
const CLOSINGS = lines(`
  {Kind|Best|Warm} regards,\\n$first9, customer care
  {Have a good day|All the best},\\n$first9
  {Thank you for your patience|Thank you for shopping with us}.\\n$first9
`);
const REPLY_PROMPT = (shop: string, at: Date): string =>
  `You draft replies for the service team of ${shop}. Friendly, concrete, at most six sentences, no promises beyond our policy: returns 30 days, warranty 24 months, refunds within 5 working days. Today is ${longDate(at)}. Sign with a first name.`;

// Most answers fit; the few that do not end with finish_reason "length", as they do in a real log.
const SUMMARY_LIMIT = 28;
const REPLY_LIMIT = 68;

/** A thread of e-mails and its digest. */
export function summarySession(_at: Date, random: Random): Draft[] {
  const slots: Slots = new Map();
  const [thread, summary] = expand(pick(THREADS, random), random, SLOTS, slots).split(" => ");
  const mails = thread.split(" // ").map((mail) => mailText(mail, random));
  const messages = [
    { role: "system", content: SUMMARY_PROMPT },
    { role: "user", content: mails.join("\n\n---\n\n") },
  ];
  const request = { model: LARGE, messages, temperature: 0.3, max_tokens: SUMMARY_LIMIT };
  return [
    {
      task: "mail-summary",
      version: 1,
      request,
      answer: says(capitalised(article(tidy(summary)))),
      noise: null,
      waitMs: 0,
    },
  ];
}

/** A customer message and the draft of a reply. */
export function replySession(at: Date, random: Random): Draft[] {
  const slots: Slots = new Map();
  const shop = expand("$shop", random, SLOTS, slots);
  const { text, intent } = plainMessage(random);
  const bodies = [...BODIES].find(([intents]) => intents.split(" ").includes(intent))?.[1] ?? [];
  const closing = expand(pick(CLOSINGS, random), random, SLOTS, slots).replace("\\n", "\n");
  const parts = random
    .shuffle(bodies)
    .slice(0, 1 + random.below(2))
    .map((body) => sentence(tidy(expand(body, random, SLOTS, slots))));
  const greeting = expand(
    pick(["Hello{ $first|},", "Dear {customer|$first},", "Hi{ $first|},"], random),
    random,
    SLOTS,
    slots,
  );
  const messages = [
    { role: "system", content: REPLY_PROMPT(shop, at) },
    { role: "user", content: text },
  ];
  const request = { model: LARGE, messages, temperature: 0.5, max_tokens: REPLY_LIMIT };
  const answer = says(`${greeting}\n\n${capitalised(parts.join(" "))}\n\n${closing}`);
  return [{ task: "reply-draft", version: 1, request, answer, noise: null, waitMs: 0 }];
}

function mailText(core: string, random: Random): string {
  const greeting = chance(0.6, random)
    ? `${pick(["Hi", "Hello", "Dear all", "Good morning"], random)},\n`
    : "";
  const closing = chance(0.5, random) ? `\n${expand("{Regards|Best|Thanks|BR}, $first", random, SLOTS)}` : "";
  return `${greeting}${capitalised(sentence(article(tidy(core))))}${closing}`;
}
