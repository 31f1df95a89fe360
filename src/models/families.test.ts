import { describe, expect, test } from "vitest";
import {
  HouseError,
  type Prediction,
  type Specialist,
  type TaskInput,
  type TrainingExample,
} from "../core/index.ts";
import { families } from "./families.ts";

const SEED = { seed: 7 };

/** A small task that every family can learn: a topic that also stands among the options of the request. */
function smallTask(n: number): TrainingExample[] {
  const topics = ["weather", "music", "travel"];
  const asks = ["what is the % like in oslo", "tell me about % today", "i need % for two people", "% please"];
  return Array.from({ length: n }, (_, i) => {
    const topic = topics[i % topics.length];
    return {
      input: {
        parts: [
          { role: "system" as const, text: topics.map((name) => `- ${name}: all about ${name}`).join("\n") },
          { role: "user" as const, text: `${asks[i % asks.length].replace("%", topic)} ${i}` },
        ],
        tools: [],
      },
      answer: { type: "json" as const, value: { topic } },
    };
  });
}

const inputOf = (text: string): TaskInput => ({ parts: [{ role: "user", text }], tools: [] });
const ODD_INPUTS: readonly TaskInput[] = [
  { parts: [], tools: [] },
  inputOf(""),
  inputOf(" \n\t\u0000"),
  inputOf("\ud83d\ude00 \ud800 naïve שלום 你好 ﬁne e\u0301"),
  inputOf("x".repeat(300_000)),
  inputOf("what is the weather ".repeat(20_000)),
  { parts: [{ role: "assistant", text: "- a: b" }], tools: ["search", "__proto__"] },
];

async function predictionsOf(specialist: Specialist, inputs: readonly TaskInput[]): Promise<Prediction[]> {
  const predictions: Prediction[] = [];
  for (const input of inputs) predictions.push(await specialist.predict(input));
  return predictions;
}

// A fit of a small language model takes seconds, and many on a busy machine.
const PATIENCE = { timeout: 180_000 };

describe.each(families.map((family) => [family.kind, family] as const))("%s", PATIENCE, (_, family) => {
  // A fit that wants all cores takes seconds even for these.
  const examples = smallTask(family.threads === "all" ? 24 : 60);
  const fitted = family.fit(examples, SEED);
  const loaded = async (): Promise<Specialist> => family.load(await fitted);

  test("fit() twice gives the same bytes", async () => {
    expect(Buffer.from(await family.fit(examples, SEED)).equals(Buffer.from(await fitted))).toBe(true);
  });

  test("load() gives the same predictions from a copy at an odd offset", async () => {
    const bytes = await fitted;
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    const other = await family.load(shifted.subarray(3));
    const one = await loaded();
    const inputs = [...examples.map(({ input }) => input), ...ODD_INPUTS];
    expect(await predictionsOf(other, inputs)).toEqual(await predictionsOf(one, inputs));
  });

  test("predict() does not depend on what was asked before", async () => {
    const one = await loaded();
    const first = await one.predict(examples[0].input);
    await predictionsOf(one, ODD_INPUTS);
    expect(await one.predict(examples[0].input)).toEqual(first);
  });

  test("predict() learns the small task", async () => {
    const one = await loaded();
    const predictions = await predictionsOf(
      one,
      examples.map(({ input }) => input),
    );
    const wrong = predictions.filter(
      ({ answer }, at) => JSON.stringify(answer) !== JSON.stringify(examples[at].answer),
    );
    expect(wrong.length).toBeLessThanOrEqual(3);
  });

  test("predict() scores lie in [0, 1], also on empty, broken and huge inputs", async () => {
    const one = await loaded();
    const inputs = [...ODD_INPUTS, ...examples.map(({ input }) => input)];
    const predictions = await predictionsOf(one, inputs);
    expect(predictions.filter(({ score }) => !(score >= 0 && score <= 1))).toEqual([]);
  });

  test("load() refuses foreign and cut bytes with bad-input", async () => {
    const bytes = await fitted;
    const foreign = [
      new Uint8Array(0),
      new TextEncoder().encode("{}"),
      bytes.slice(0, 40),
      bytes.slice(0, bytes.length - 16),
    ];
    const codes = foreign.map(async (artifact) => {
      try {
        await family.load(artifact);
        return "loaded";
      } catch (error) {
        return error instanceof HouseError ? error.code : String(error);
      }
    });
    expect(await Promise.all(codes)).toEqual(foreign.map(() => "bad-input"));
  });

  test("fit() says nothing-to-do without examples", async () => {
    await expect(family.fit([], SEED)).rejects.toMatchObject({ code: "nothing-to-do" });
  });
});
