// Texts to labels: intents, topics, kinds of things, yes or no, feelings, several labels at once.
import type { Situation } from "./values.ts";
import { between, chance, pick, sample, weighted } from "./draw.ts";
import { keyed, type KeyCase } from "./forms.ts";
import { arrange, type Family, type Item, type Pool, type Turn } from "./items.ts";
import { say } from "./utterance.ts";

type Labelled = { readonly text: string; readonly label: string };
/** A question with a fixed set of labels. */
type Question = { readonly labels: readonly string[]; draw(): Labelled };

/** With the labels in the prompt, or with turns that show them. */
export const classifying: Family = (situation, pool) => {
  const { random } = situation;
  const question = weighted(random, [
    [5, intentQuestion],
    [3, topicQuestion],
    [4, kindQuestion],
    [2, feelingQuestion],
    [2, yesNoQuestion],
  ] as const)(situation, pool);
  const write = answerWriter(situation);
  if (chance(random, 0.45)) return inTurns(situation, question, write);
  const { text, label } = question.draw();
  const list = random.shuffle(question.labels).join(pick(random, [", ", ", ", " | ", "\n", " or "]));
  const ask = pick(random, [
    "labels: ",
    "classes: ",
    "",
    "choose: ",
    "one of: ",
    "Classify as ",
    "category? ",
  ]);
  const hint = write("").length > 0 ? [`form: ${write("")}`] : [];
  return {
    kind: "classify",
    turns: [{ prompt: arrange(random, [ask + list, ...hint], text), answer: write(label), isTaught: true }],
  };
};

function answerWriter({ random }: Situation): (label: string) => string {
  if (chance(random, 0.5)) return (label) => label;
  const key = pick(random, ["label", "class", "category", "intent", "type", "topic", "answer", "result"]);
  return (label) => JSON.stringify({ [key]: label });
}

function inTurns({ random }: Situation, question: Question, write: (label: string) => string): Item {
  const turns: Turn[] = [];
  const known = new Set<string>();
  for (let count = between(random, 4, 9); count > 0; count -= 1) {
    const { text, label } = question.draw();
    turns.push({ prompt: text, answer: write(label), isTaught: known.has(label) });
    known.add(label);
  }
  return { kind: "classify", turns };
}

const LABEL_CASES: readonly KeyCase[] = ["snake", "snake", "space", "pascal", "upper", "kebab"];

function intentQuestion(situation: Situation, pool: Pool): Question {
  const { random } = situation;
  const domains = chance(random, 0.5) ? [pick(random, pool.domains)] : pool.domains;
  const intents = [
    ...new Set(
      sample(
        random,
        domains.flatMap(({ intents }) => intents),
        between(random, 2, 6),
      ),
    ),
  ];
  const style = pick(random, LABEL_CASES);
  const labels = intents.map(({ names }) => keyed(pick(random, names), style, 0));
  return {
    labels,
    draw: () => {
      const place = random.below(intents.length);
      return { text: say(intents[place], situation).text, label: labels[place] };
    },
  };
}

function topicQuestion({ random, lexicon }: Situation): Question {
  const topics = sample(random, lexicon.topics, between(random, 2, 5));
  return {
    labels: topics.map(({ topic }) => topic),
    draw: () => {
      const { topic, texts } = pick(random, topics);
      return { text: pick(random, texts), label: topic };
    },
  };
}

function kindQuestion({ random }: Situation, pool: Pool): Question {
  const kinds = sample(random, pool.categories, between(random, 2, 5));
  const frame = pick(random, ["%", "%", "the %", "a %", "i saw a %", "we talked about %", "%, please"]);
  return {
    labels: kinds.map(({ name }) => name),
    draw: () => {
      const { name, members } = pick(random, kinds);
      return { text: frame.replace("%", pick(random, members)), label: name };
    },
  };
}

function yesNoQuestion({ random }: Situation, pool: Pool): Question {
  const kind = pick(random, pool.categories);
  const labels = pick(random, [
    ["yes", "no"],
    ["true", "false"],
    ["YES", "NO"],
    ["1", "0"],
  ]);
  return {
    labels,
    draw: () => {
      const isKind = chance(random, 0.5);
      const member = pick(random, isKind ? kind.members : pick(random, pool.categories).members);
      return {
        text: `is ${member} a kind of ${kind.name}?`,
        label: labels[isKind || kind.members.includes(member) ? 0 : 1],
      };
    },
  };
}

const GOOD =
  "great excellent wonderful fantastic lovely perfect amazing superb delightful helpful friendly fast reliable comfortable delicious beautiful pleasant charming easy fresh".split(
    " ",
  );
const BAD =
  "terrible awful horrible poor bad disappointing broken slow rude dirty useless boring cheap noisy cold stale annoying confusing late unreliable".split(
    " ",
  );

function feelingQuestion({ random, lexicon }: Situation): Question {
  const labels = pick(random, [
    ["positive", "negative"],
    ["good", "bad"],
    ["happy", "unhappy"],
    ["praise", "complaint"],
  ]);
  return {
    labels,
    draw: () => {
      const place = random.below(2);
      const word = pick(random, [GOOD, BAD][place]);
      const noun = pick(random, lexicon.nouns);
      const text = pick(random, [
        `the ${noun} was ${word}`,
        `${word} ${noun}, ${place === 0 ? "will come back" : "never again"}`,
        `i ${place === 0 ? "love" : "hate"} this ${noun}, it is so ${word}`,
        `what a ${word} ${noun}`,
        `the ${noun} is ${word} and the ${pick(random, lexicon.nouns)} is ${pick(random, [GOOD, BAD][place])}`,
        `not ${pick(random, [BAD, GOOD][place])} at all, ${word} even`,
      ]);
      return { text, label: labels[place] };
    },
  };
}
