import type { Random } from "../../src/core/index.ts";
import { FOUR, LARGE, MINI, callsTool, says, tool, type Draft } from "./draft.ts";
import { chance, expand, lines, pick } from "./grammar.ts";
import { CODE_TEXT } from "./text-code.ts";
import * as parts from "./text-one-offs.ts";
import { article, capitalised } from "./voice.ts";
import { SLOTS } from "./words.ts";

const PERSONAS = lines(parts.PERSONAS);
const SCENES = lines(parts.SCENES);
const MANNERS = lines(parts.MANNERS);
const ANSWER_PARTS = lines(parts.ANSWER_PARTS);
const CODE_LINES = lines(CODE_TEXT);
const FUNCTIONS = lines(parts.FUNCTIONS);
const CODE_TWISTS = lines(parts.CODE_TWISTS);
// Some people set a limit that is too short for the answer they get.
const LIMITS = [undefined, undefined, undefined, 256, 60] as const;

const say = (template: string, random: Random): string => expand(template, random, SLOTS);

/** A request that comes once: role play, a question about code, or a function made for it. */
export function oneOffSession(_at: Date, random: Random): Draft[] {
  const make = pick([rolePlay, rolePlay, codeQuestion, codeQuestion, functionCall], random);
  return [{ task: "one-off", version: 1, ...make(random), noise: null, waitMs: 0 }];
}

function rolePlay(random: Random): Pick<Draft, "request" | "answer"> {
  const [persona, scene, manner] = [
    pick(PERSONAS, random),
    say(pick(SCENES, random), random),
    say(pick(MANNERS, random), random),
  ];
  const opening = say(
    pick(
      [
        "{Imagine|Pretend|Suppose} you are $p, $s. {Write it|Tell me about it} $m.",
        "You are $p. {I find you|We meet you} $s. {Speak|Answer} $m.",
        "{Write|Give me|Compose} {a scene|something} with $p $s, $m.",
        "{Play|Be} $p {for me|}: $s, $m.",
      ],
      random,
    )
      .replace("$p", persona)
      .replace("$s", scene)
      .replace("$m", manner),
    random,
  );
  const sentences = random.shuffle(ANSWER_PARTS).slice(0, 3 + random.below(5));
  const answer = sentences.map((part) => `${say(part, random)}.`).join(" ");
  return {
    request: openRequest(opening, random),
    answer: says(`As ${persona}, I would say this. ${answer}`),
  };
}

function codeQuestion(random: Random): Pick<Draft, "request" | "answer"> {
  const [template, language, solution] = pick(CODE_LINES, random).split(" => ");
  const isProse = language === "prose";
  const ask = say(template, random).replace(/\s+/g, " ").trim();
  const where =
    isProse || chance(0.2, random)
      ? ""
      : pick([` in ${language}`, ` (${language})`, `, ${language} please`], random);
  const twists = random.shuffle(CODE_TWISTS).slice(0, isProse ? 0 : random.below(3));
  const frame = pick(
    [
      "$q",
      "$q",
      "I am stuck: $q",
      "Quick question: $q",
      "For a course I have to solve this: $q",
      "$q. Thanks!",
      "My colleague asked me: $q",
    ],
    random,
  );
  const text = capitalised(article(frame.replace("$q", () => [ask + where, ...twists].join(". "))));
  const code = solution.replaceAll("\\n", "\n").replaceAll("\\t", "\t");
  const lead = pick(
    ["Here is a short version:", "This does it:", "One way:", "I would write:", "Try this:"],
    random,
  );
  const remark = say(
    pick(
      [
        "{This runs|It works} {as it is|on any recent version}{, without other libraries|}.",
        "{Mind|Watch out for} {empty input|odd values|very long input}; {add a check|test it} before you {rely on it|ship it}.",
        "{Start|Begin} with {a small example|a test} and {change|extend} it {step by step|later}.",
      ],
      random,
    ),
    random,
  );
  const answer = isProse ? code : `${lead}\n\n\`\`\`${language.toLowerCase()}\n${code}\n\`\`\`\n\n${remark}`;
  return { request: openRequest(text, random), answer: says(answer) };
}

function functionCall(random: Random): Pick<Draft, "request" | "answer"> {
  const [wanted, decoy] = random
    .shuffle(FUNCTIONS)
    .slice(0, 2)
    .map((line) => describe(line, random));
  const values = wanted.parameters.map((key) => pick(parts.VALUES[key][1], random));
  const wish = wanted.parameters.map((key, index) => `${key.replaceAll("_", " ")} ${values[index]}`);
  const what = wanted.name.replaceAll("_", " ").replace(" ", " the ");
  const text = say(
    `{Please|Could you|I want you to|Can you|} ${what} {for|with|given} ${wish.join(pick([", ", " and ", "; "], random))}{, thanks|}`,
    random,
  );
  const args = Object.fromEntries(
    wanted.parameters.map((key, index) => [
      key,
      parts.VALUES[key][0] === "string" ? values[index] : JSON.parse(values[index]),
    ]),
  );
  const tools = chance(0.5, random) ? [wanted.tool] : random.shuffle([wanted.tool, decoy.tool]);
  const request = { ...openRequest(capitalised(text.trim()), random), tools, max_tokens: undefined };
  return { request, answer: callsTool(wanted.name, args, random) };
}

/** A tool from a line such as "tide_height: location, date", with some of the parameters it could have. */
function describe(line: string, random: Random) {
  const [object, list] = line.split(": ");
  const all = list.split(", ");
  const parameters = all.slice(0, Math.max(2, all.length - random.below(2)));
  const name = `${pick(chance(0.5, random) ? parts.VERBS.number : parts.VERBS.plan, random)}_${object}`;
  const described = parameters.map(
    (key) => [key, parts.VALUES[key][0], key.replaceAll("_", " "), true] as const,
  );
  return { name, parameters, tool: tool(name, `${capitalised(name.replaceAll("_", " "))}.`, described) };
}

function openRequest(content: string, random: Random) {
  const limit = pick(LIMITS, random);
  const request = {
    model: pick([LARGE, LARGE, FOUR, MINI], random),
    messages: [{ role: "user", content }],
    temperature: pick([0.7, 1, 0.9], random),
  };
  return limit === undefined ? request : { ...request, max_tokens: limit };
}
