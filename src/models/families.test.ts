import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  HouseError,
  type HeldOut,
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

/** The predictions of the artifact in a process of its own. */
function predictionsElsewhere(
  kind: string,
  artifact: Uint8Array,
  inputs: readonly TaskInput[],
): Prediction[] {
  const folder = mkdtempSync(join(tmpdir(), "understudy-contract-"));
  const file = join(folder, "artifact");
  writeFileSync(file, artifact);
  const program = `
    import { readFileSync } from "node:fs";
    const { familyOf } = await import(${JSON.stringify(new URL("./families.ts", import.meta.url).href)});
    const specialist = await familyOf(${JSON.stringify(kind)}).load(readFileSync(${JSON.stringify(file)}));
    const predictions = [];
    for (const input of JSON.parse(readFileSync(0, "utf8"))) predictions.push(await specialist.predict(input));
    await specialist.close?.();
    process.stdout.write(JSON.stringify(predictions));`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
    input: JSON.stringify(inputs),
    encoding: "utf8",
  });
  rmSync(folder, { recursive: true });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Prediction[];
}

/** What a saved specialist may weigh, in MB: the acceptance of the project. */
const MAX_MEGABYTES = 20;

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

  test("fit() gives the same bytes for any number of threads, and tells of held-out examples each at most once", async () => {
    const told: HeldOut[] = [];
    const onHeldOut = (held: HeldOut): void => void told.push(held);
    const threaded = await family.fit(examples, { ...SEED, threads: 2, onHeldOut });
    expect(Buffer.from(threaded).equals(Buffer.from(await fitted))).toBe(true);
    const places = told.map(({ place }) => place);
    expect(new Set(places).size).toBe(places.length);
    expect(places.filter((place) => examples[place] === undefined)).toEqual([]);
    const shares = told.flatMap(({ prediction, rank }) => [prediction.score, rank ?? 0]);
    expect(shares.filter((share) => !(share >= 0 && share <= 1))).toEqual([]);
  });

  test("fit() stops when it is cancelled", async () => {
    const fit = family.fit(examples, { ...SEED, signal: AbortSignal.abort() });
    await expect(fit).rejects.toMatchObject({ code: "cancelled" });
  });

  test("a specialist tells what it is, and weighs no more than it may", async () => {
    const one = await loaded();
    await one.close?.();
    const { description } = one;
    expect(description.kind).toBe(family.kind);
    expect(description.parameters).toBeGreaterThan(0);
    expect((await fitted).length).toBeLessThanOrEqual(MAX_MEGABYTES * 1e6);
  });

  test("load() in another process gives the same predictions", async () => {
    const inputs = [...examples.slice(0, 8).map(({ input }) => input), ...ODD_INPUTS.slice(0, 4)];
    const one = await loaded();
    const here = JSON.parse(JSON.stringify(await predictionsOf(one, inputs))) as Prediction[];
    expect(predictionsElsewhere(family.kind, await fitted, inputs)).toEqual(here);
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
