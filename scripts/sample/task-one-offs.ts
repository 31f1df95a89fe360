import type { Random } from "../../src/core/index.ts";
import { FOUR, LARGE, MINI, callsTool, says, tool, type Draft } from "./draft.ts";
import { chance, expand, lines, pick } from "./grammar.ts";
import * as parts from "./text-one-offs.ts";
import { article, capitalised } from "./voice.ts";
import { SLOTS } from "./words.ts";

const PERSONAS = lines(parts.PERSONAS);
const SCENES = lines(parts.SCENES);
const MANNERS = lines(parts.MANNERS);
const ANSWER_PARTS = lines(parts.ANSWER_PARTS);
const CODE_TASKS = lines(parts.CODE_TASKS);
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
  const language = pick(parts.LANGUAGES, random);
  const ask = say(pick(CODE_TASKS, random), random);
  const where = ask.endsWith(" to")
    ? ` ${language}`
    : pick([` in ${language}`, ` (${language})`, `, ${language} if possible`], random);
  const twists = random.shuffle(CODE_TWISTS).slice(0, random.below(3));
  const text = capitalised(article([ask + where, ...twists].join(". ")));
  const names = random.shuffle([
    "items",
    "value",
    "rest",
    "total",
    "left",
    "right",
    "seen",
    "limit",
    "key",
    "count",
  ]);
  const body = names
    .slice(0, 2 + random.below(4))
    .map((name, index) => `  ${name} = step_${index + 1}(${names[index + 1]})`);
  const code = `\`\`\`${language.toLowerCase()}\n${pick(["solve", "main", "run", "helper", "make"], random)}(${names[0]}):\n${body.join("\n")}\n  return ${names[0]}\n\`\`\``;
  const remark = say(
    pick(
      [
        "{This runs|It works} in {linear|logarithmic|quadratic} time {and needs little memory|}.",
        "{Mind|Watch out for} {empty input|negative numbers|very long lines}; {the first line|the guard} {handles|covers} that.",
        "{Start|Begin} with {a small example|a test} and {grow|change} it {step by step|later}.",
      ],
      random,
    ),
    random,
  );
  return {
    request: openRequest(text, random),
    answer: says(`Here is one way, for the question "${ask}".\n\n${code}\n\n${remark}`),
  };
}

function functionCall(random: Random): Pick<Draft, "request" | "answer"> {
  const [object, decoy] = random.shuffle(parts.OBJECTS);
  const name = `${pick(parts.VERBS, random)}_${object}`;
  const chosen = random.shuffle(parts.PARAMETERS).slice(0, 2 + random.below(3));
  const values = chosen.map(([, , options]) => pick(options, random));
  const tools = [describe(name, chosen)];
  if (chance(0.5, random))
    tools.push(
      describe(`${pick(parts.VERBS, random)}_${decoy}`, random.shuffle(parts.PARAMETERS).slice(0, 2)),
    );
  const wish = chosen
    .map(([key], index) => `${key.replaceAll("_", " ")} ${values[index]}`)
    .join(pick([", ", " and ", "; "], random));
  const text = say(
    `{Please|Could you|I want you to|} ${name.replaceAll("_", " ")} {for|with} ${wish}{, thanks|}`,
    random,
  ).trim();
  const args = Object.fromEntries(
    chosen.map(([key, type], index) => [key, type === "string" ? values[index] : JSON.parse(values[index])]),
  );
  const request = { ...openRequest(capitalised(text), random), tools, max_tokens: undefined };
  return { request, answer: callsTool(name, args, random) };
}

const describe = (name: string, chosen: typeof parts.PARAMETERS) =>
  tool(
    name,
    `${capitalised(name.replaceAll("_", " "))}.`,
    chosen.map(([key, type]) => [key, type, key.replaceAll("_", " "), true] as const),
  );

function openRequest(content: string, random: Random) {
  const limit = pick(LIMITS, random);
  const request = {
    model: pick([LARGE, LARGE, FOUR, MINI], random),
    messages: [{ role: "user", content }],
    temperature: pick([0.7, 1, 0.9], random),
  };
  return limit === undefined ? request : { ...request, max_tokens: limit };
}
