import { describe, expect, test } from "vitest";
import {
  seededRandom,
  type Answer,
  type TaskInput,
  type TaskProfile,
  type TrainingExample,
} from "../../core/index.ts";
import { answerText, splitName } from "./answer-text.ts";
import { packArtifact, unpackArtifact } from "./artifact.ts";
import { closedSet } from "./closed-set.ts";
import { fitClosedSet, type FittedClosedSet } from "./closed-set-fit.ts";
import { makeJudge } from "./closed-set-model.ts";
import { predictLogistic } from "../linear/logistic.ts";
import { OUTLINE_DIMENSIONS, SENTENCE_DIMENSIONS } from "../encoder/shipped.ts";
import { inputBlocks, readingOf } from "../text/input-blocks.ts";

const asked = (text: string, system?: string): TaskInput => ({
  parts: [
    ...(system === undefined ? [] : [{ role: "system" as const, text: system }]),
    { role: "user", text },
  ],
  tools: [],
});
const label = (text: string): Answer => ({ type: "text", text });

const PHRASES = {
  card_lost: ["i lost my card", "my card is gone", "cannot find my bank card", "someone took my card"],
  exchange_rate: [
    "what is the exchange rate",
    "how many euros for a dollar",
    "rate for pounds",
    "current rate please",
  ],
  close_account: [
    "close my account",
    "delete my account now",
    "i want to leave the bank",
    "terminate the account",
  ],
} as const;
const WORDS = ["please", "today", "hello", "urgent", "thanks", "again", "now", "sir"];

/** Phrases of each class with random words around them; every tenth label wrong when asked for. */
function examplesOf(n: number, wrongEvery: number = Infinity): TrainingExample[] {
  const random = seededRandom(5);
  const names = Object.keys(PHRASES) as (keyof typeof PHRASES)[];
  return Array.from({ length: n }, (_, i) => {
    const name = names[i % names.length];
    const phrase = PHRASES[name][random.below(PHRASES[name].length)];
    const text = `${WORDS[random.below(WORDS.length)]} ${phrase} ${WORDS[random.below(WORDS.length)]} ${i}`;
    return {
      input: asked(text),
      answer: label(i % wrongEvery === wrongEvery - 1 ? names[(i + 1) % 3] : name),
    };
  });
}

describe("closedSet", () => {
  test("scores what it never saw below what it knows", async () => {
    const specialist = closedSet.load(await closedSet.fit(examplesOf(120, 10), { seed: 1 }));
    const known = specialist.predict(asked("hello i lost my card"));
    const novel = specialist.predict(asked("bake a cake with walnuts"));
    expect(known.answer).toEqual(label("card_lost"));
    expect(novel.score).toBeLessThan(known.score);
  });

  test("learns past one wrong label in ten", async () => {
    const noisy = examplesOf(150, 10);
    const clean = examplesOf(150);
    const specialist = closedSet.load(await closedSet.fit(noisy, { seed: 1 }));
    const wrong = clean.filter(
      ({ input, answer }) => JSON.stringify(specialist.predict(input).answer) !== JSON.stringify(answer),
    );
    expect(wrong.length).toBeLessThanOrEqual(2);
  });

  test("reads the texts beside the request when they decide", async () => {
    const examples = Array.from({ length: 120 }, (_, i) => ({
      input: asked(
        `go on ${WORDS[(i >> 1) % 8]}`,
        i % 2 === 0 ? "state: waiting for payment" : "state: order delivered",
      ),
      answer: label(i % 2 === 0 ? "pay" : "done"),
    }));
    const specialist = closedSet.load(await closedSet.fit(examples, { seed: 1 }));
    expect(specialist.predict(asked("go on", "state: waiting for payment")).answer).toEqual(label("pay"));
    expect(specialist.predict(asked("go on", "state: order delivered")).answer).toEqual(label("done"));
  });

  describe("of long texts", () => {
    const padding = "and then we spoke of other things for a while ".repeat(8);
    const readingIn = (artifact: Uint8Array): unknown =>
      (unpackArtifact(artifact, { kind: "closed-set", version: 7 }).meta as { reading: unknown }).reading;
    // Each word stands in one example: no gram of an example tells of another, only what the words mean does.
    const KINDS_OF = {
      animal: "dog cat horse wolf tiger lion rabbit goat sheep cow monkey donkey fox bear pig deer",
      food: "bread cheese soup rice pasta butter apple carrot onion potato cake salad pizza honey yogurt pie",
    } as const;
    const byMeaning = Object.entries(KINDS_OF).flatMap(([kind, words]) =>
      words.split(" ").map((word) => ({ input: asked(`${padding}${word}`), answer: label(kind) })),
    );

    test("reads what they mean behind what they share where it helps, and keeps no word of it", async () => {
      const artifact = await closedSet.fit(byMeaning, { seed: 1 });
      const common = readingOf(byMeaning.map(({ input }) => input));
      expect(readingIn(artifact)).toEqual(Array.from<unknown>(common));
      const specialist = closedSet.load(artifact);
      const said = ["puppy", "kitten", "sausage", "lasagna"].map(
        (word) => specialist.predict(asked(`${padding}${word}`)).answer,
      );
      expect(said).toEqual(["animal", "animal", "food", "food"].map(label));
      expect(Buffer.from(artifact).includes("spoke")).toBe(false);
    });

    test("learns from their words alone what these tell", async () => {
      const long = examplesOf(60).map(({ input, answer }) => ({
        input: asked(`${padding}${input.parts[0].text}`),
        answer,
      }));
      const artifact = await closedSet.fit(long, { seed: 1 });
      expect([readingIn(artifact), readingIn(await closedSet.fit(examplesOf(60), { seed: 1 }))]).toEqual([
        "none",
        "whole",
      ]);
      const specialist = closedSet.load(artifact);
      const right = long.filter(
        ({ input, answer }) => JSON.stringify(specialist.predict(input).answer) === JSON.stringify(answer),
      );
      expect(right.length).toBeGreaterThanOrEqual(58);
    });
  });

  test("answers at a glance what the whole model would say", async () => {
    const { glance, model } = await fitClosedSet(examplesOf(240, 20), { seed: 1 });
    const judge = makeJudge(model);
    // Numbers at the end that no example has.
    const unseen = examplesOf(480).slice(240);
    const early = unseen.filter(({ input }) => {
      const { features } = judge(inputBlocks(input)).glance!;
      return predictLogistic(glance!.score, features) >= glance!.above;
    });
    const differing = early.filter(({ input }) => {
      const judgement = judge(inputBlocks(input));
      return judgement.glance!.label !== judgement.whole().label;
    });
    expect(early.length).toBeGreaterThan(50);
    expect(differing).toEqual([]);
  });

  test("keeps in its artifact all that decides between a glance and the whole", async () => {
    const artifact = await closedSet.fit(examplesOf(240, 20), { seed: 1 });
    const { meta, array } = unpackArtifact(artifact, { kind: "closed-set", version: 7 });
    // As `pack` writes it.
    const { answers, score, glance } = meta as unknown as FittedClosedSet;
    const judge = makeJudge({
      vocabulary: { hashes: array("hashes", "Uint32Array"), idf: array("idf", "Float32Array") },
      reading: "whole",
      guess: {
        inputs: OUTLINE_DIMENSIONS,
        outputs: SENTENCE_DIMENSIONS,
        weights: array("guess", "Float32Array"),
      },
      sideWeight: 0,
      linear: {
        classes: answers.length,
        weights: array("levels", "Int8Array"),
        scales: array("scales", "Float32Array"),
        bias: array("bias", "Float32Array"),
      },
      examples: array("examples", "Uint32Array"),
    });
    const unseen = examplesOf(300).slice(240);
    const isEarly: boolean[] = [];
    const expected = unseen.map(({ input }) => {
      const judgement = judge(inputBlocks(input));
      const first = judgement.glance!;
      const sure = predictLogistic(glance!.score, first.features);
      isEarly.push(sure >= glance!.above);
      if (sure >= glance!.above) return { answer: answers[first.label], score: sure };
      const { label: last, features } = judgement.whole();
      return { answer: answers[last], score: predictLogistic(score, features) };
    });
    const specialist = closedSet.load(artifact);
    expect(unseen.map(({ input }) => specialist.predict(input))).toEqual(expected);
    expect(new Set(isEarly)).toEqual(new Set([true, false]));
    // Whatever was asked before.
    const other = closedSet.load(artifact);
    const backwards = unseen.toReversed().map(({ input }) => other.predict(input));
    expect(backwards.toReversed()).toEqual(expected);
  });

  test("refuses artifacts of other versions by name", () => {
    const older = packArtifact({ kind: "closed-set", version: 6 }, {}, {});
    expect(() => closedSet.load(older)).toThrow("is closed-set version 6, expected version 7");
  });

  test("answers a task of one class", async () => {
    const examples = examplesOf(30).map(({ input }) => ({ input, answer: label("ok") }));
    const specialist = closedSet.load(await closedSet.fit(examples, { seed: 1 }));
    expect(specialist.predict(asked("i lost my card")).answer).toEqual(label("ok"));
  });

  test("suits repeated answers of closed kinds alone", () => {
    const profile: TaskProfile = {
      kind: "json",
      examples: 1000,
      answers: 50,
      shareRepeatedAnswers: 0.95,
      shareAnswerOffered: 0,
      shareCopied: 0,
    };
    expect([
      closedSet.suits(profile),
      closedSet.suits({ ...profile, kind: "text" }),
      closedSet.suits({ ...profile, answers: 900 }),
      closedSet.suits({ ...profile, shareRepeatedAnswers: 0.4 }),
    ]).toEqual([true, false, false, false]);
  });
});

test("makeJudge() tells how large the class chosen is, in both directions", () => {
  const judge = makeJudge({
    vocabulary: { hashes: new Uint32Array(0), idf: new Float32Array(0) },
    reading: "whole",
    guess: null,
    sideWeight: 0,
    linear: {
      classes: 2,
      weights: new Float32Array(2 * SENTENCE_DIMENSIONS),
      bias: Float32Array.of(0, 1),
    },
    examples: Uint32Array.of(1, 7),
  });
  const { label: chosen, features } = judge(inputBlocks(asked("lost card"))).whole();
  expect([chosen, ...features.slice(-2)]).toEqual([1, Math.log(8), -Math.log(8)]);
});

describe("answer text", () => {
  test("splitName() takes names apart", () => {
    expect(["card_arrival", "TripAdviceTool", "FAM/SOCHX", "why?"].map(splitName)).toEqual([
      "card arrival",
      "Trip Advice Tool",
      "FAM SOCHX",
      "why",
    ]);
  });

  test("answerText() joins the strings of an answer", () => {
    expect(answerText({ type: "json", value: { intent: "pto_used", sure: true } })).toBe("pto used");
    expect(
      answerText({
        type: "tool-calls",
        calls: [{ name: "set_mode", arguments: { to: "night" } }],
        text: "ok",
      }),
    ).toBe("set mode night");
  });
});

describe("artifacts", () => {
  const identity = { kind: "sample", version: 2 };
  const bytes = packArtifact(identity, { a: [1] }, { x: Float32Array.of(1.5, -2), y: Uint8Array.of(7) });

  test("unpackArtifact() returns what was packed", () => {
    const { meta, array } = unpackArtifact(bytes, identity);
    expect([meta, [...array("x", "Float32Array")], [...array("y", "Uint8Array")]]).toEqual([
      { a: [1] },
      [1.5, -2],
      [7],
    ]);
  });

  test("unpackArtifact() refuses other kinds, versions and arrays", () => {
    expect(() => unpackArtifact(bytes, { kind: "other", version: 2 })).toThrow("is sample version 2");
    expect(() => unpackArtifact(bytes, { kind: "sample", version: 3 })).toThrow("expected version 3");
    expect(() => unpackArtifact(bytes, identity).array("x", "Uint8Array")).toThrow('has no Uint8Array "x"');
  });
});
