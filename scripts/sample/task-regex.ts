import type { Random } from "../../src/core/index.ts";
import { MINI, says, type Draft } from "./draft.ts";
import { chance, expand, lines, pick, type SlotMakers, type Slots } from "./grammar.ts";
import { capitalised } from "./voice.ts";

const PROMPT =
  "You help the data team with regular expressions. Give one expression in a code block and one sentence that explains it.";

const MAKERS: SlotMakers = {
  n: (random) => String(2 + random.below(7)),
  prefix: (random) => pick(["TB", "FH", "KC", "WA", "PW", "RL", "INV"], random),
  word: (random) => pick(["refund", "total", "error", "parcel", "return", "sale"], random),
  where: (random) =>
    pick(["in Python", "for grep -E", "in JavaScript", "for our log search", "in the spreadsheet"], random),
};
// "question => expression => explanation", with shared slots.
const ASKS = lines(String.raw`
  {match|find|I need to find} {ticket numbers|ids} like $prefix-12345 $where => \b$prefix-\d{5}\b => It matches $prefix, a hyphen and exactly five digits.
  {how do I match|regex for} a number with $n digits $where => \b\d{$n}\b => It matches exactly $n digits between word boundaries.
  {match|get} all lines that {start|begin} with "$word" $where => ^$word.* => The caret ties $word to the start of the line.
  {match|find} lines that end {in|with} "$word" $where => .*$word$ => The dollar sign ties $word to the end of the line.
  {date|dates} in the form 2026-03-14 $where => \b\d{4}-\d{2}-\d{2}\b => Four digits, two digits and two digits with hyphens between them.
  {pull|extract} {amounts|prices} {like|such as} 19.95 $where => \b\d+\.\d{2}\b => Digits, a dot and exactly two decimals.
  {remove|strip} {spaces|white space} at the {end|end of each line} $where => [ \t]+$ => Spaces and tabs right before the end of a line.
  {collapse|find} {double|repeated} spaces $where => {2,} => Two or more spaces in a row.
  {match|find} {words|a word} {that are repeated|written twice} $where => \b(\w+)\s+\1\b => A word followed by the same word again.
  {everything|all text} between {square brackets|brackets} $where => \[([^\]]*)\] => It captures what stands between an opening and a closing bracket.
  {postcodes|codes} {with|of} $n digits and two letters $where => \b\d{$n} ?[A-Z]{2}\b => $n digits, perhaps a space, then two capital letters.
  {match|check} a time {like|such as} 09:45 $where => \b([01]\d|2[0-3]):[0-5]\d\b => Hours from 00 to 23 and minutes from 00 to 59.
  {empty|blank} lines $where => ^\s*$ => A line with nothing but white space.
  {find|match} {hex colours|colour codes} $where => #[0-9a-fA-F]{6}\b => A hash sign and six hexadecimal digits.
  {values|text} in {double|} quotes after $word= $where => $word="([^"]*)" => It captures what stands in quotes after $word and an equals sign.
  {the part|what comes} before the first comma $where => ^[^,]* => All characters up to the first comma.
  {lines|all lines} {without|that don't contain} "$word" $where => ^(?!.*$word).*$ => The negative lookahead refuses lines with $word in them.
  {file names|files} that end in .csv or .json $where => \.(csv|json)$ => A dot, then csv or json at the end.
  {split|cut} at commas {but not inside quotes|outside quotes} $where => ,(?=(?:[^"]*"[^"]*")*[^"]*$) => A comma followed by an even number of quotes.
  {thousands|numbers} with a dot {as|like} 1.250 $where => \b\d{1,3}(\.\d{3})+\b => One to three digits, then groups of a dot and three digits.
`);

/** A question about a pattern and the pattern. The braces of a pattern are not choices, so only the question is expanded. */
export function regexSession(_at: Date, random: Random): Draft[] {
  const slots: Slots = new Map();
  const [ask, pattern, reason] = pick(ASKS, random).split(" => ");
  const question = expand(ask, random, MAKERS, slots).replace(/\s+/g, " ");
  const opener = chance(0.4, random)
    ? pick(["hi, ", "quick one: ", "please help, ", "I'm stuck: "], random)
    : "";
  const messages = [
    { role: "system", content: PROMPT },
    { role: "user", content: chance(0.5, random) ? capitalised(opener + question) : opener + question },
  ];
  const content = `\`\`\`\n${filled(pattern, slots, random)}\n\`\`\`\n${filled(reason, slots, random)}`;
  const request = { model: MINI, messages, temperature: 0.2 };
  return [{ task: "regex-helper", version: 1, request, answer: says(content), noise: null, waitMs: 0 }];
}

function filled(text: string, slots: Slots, random: Random): string {
  return text.replace(
    /\$(n|prefix|word)(?![a-z])/g,
    (_, name: string) => slots.get(name) ?? MAKERS[name](random),
  );
}
