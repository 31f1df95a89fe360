import { describe, expect, test } from "vitest";
import { seededRandom, type Example, type SpecialistFamily } from "../core/index.ts";
import { doubtsOf, type Evidence } from "./doubts.ts";
import { sameThread } from "./pool.ts";
import { trainTask } from "./train.ts";

const LABELS = Array.from({ length: 20 }, (_, at) => `label-${at}`);

/** n recorded answers of which every fiftieth is wrong, and a model that is right on nine of ten and knows when. */
function log(n: number): Evidence[] {
  const random = seededRandom("doubts");
  return Array.from({ length: n }, (_, at): Evidence => {
    const right = LABELS[at % LABELS.length];
    const wrong = LABELS[(at + 7) % LABELS.length];
    const isWrong = at % 50 === 0;
    const isSure = random.next() < 0.8;
    const isRight = isSure || random.next() < 0.5;
    const example: Example = {
      callId: `c${at}`,
      taskId: "t",
      session: `s${at}`,
      at: null,
      part: "train",
      input: { parts: [{ role: "user", text: String(at) }], tools: [] },
      answer: { type: "text", text: isWrong ? wrong : right },
    };
    const said = isRight ? right : LABELS[(at + 1) % LABELS.length];
    const agrees = said === (isWrong ? wrong : right);
    const rank = agrees ? null : isWrong ? random.next() : random.next() / 20;
    return {
      example,
      prediction: { answer: { type: "text", text: said }, score: isSure ? 0.97 : 0.5 },
      rank,
    };
  });
}

describe("doubtsOf()", () => {
  test("suspects the wrong answers, and hardly any right one", () => {
    const { noise, n, suspects } = doubtsOf(log(2000), []);
    const wrong = suspects.filter(({ callId }) => Number(callId.slice(1)) % 50 === 0);
    expect(n).toBe(2000);
    expect(noise).toBeGreaterThan(0.012);
    expect(noise).toBeLessThan(0.028);
    expect(wrong.length).toBeGreaterThan(25);
    expect(wrong.length / suspects.length).toBeGreaterThan(0.8);
  });

  test("says nothing from a handful of examples", () => {
    expect(doubtsOf(log(60), [])).toEqual({ noise: null, n: 60, suspects: [] });
  });
});

describe("trainTask()", () => {
  test("learns from no suspect in the end, and calibrates on all", async () => {
    const evidence = log(400);
    const fits: number[] = [];
    const family: SpecialistFamily = {
      kind: "told",
      rank: 1,
      suits: () => true,
      fit: async (examples, { onHeldOut }) => {
        fits.push(examples.length);
        if (onHeldOut !== undefined)
          for (const [place, { prediction, rank }] of evidence.entries())
            onHeldOut({ place, prediction, rank });
        return new Uint8Array([1]);
      },
      load: () => ({
        description: { kind: "told", parameters: 1 },
        predict: () => ({ answer: { type: "text", text: LABELS[0] }, score: 0.5 }),
      }),
    };
    const { trained, doubts } = await trainTask({
      taskId: "t",
      taskName: "t",
      train: evidence.map(({ example }) => example),
      calibration: [],
      families: [family],
      pool: sameThread,
      style: { json: "compact", fenced: false },
      form: null,
      seed: 1,
      attempt: 1,
      madeFrom: "m",
      clockMs: () => 0,
    });
    expect(doubts.suspects.length).toBeGreaterThan(3);
    expect(fits).toEqual([400, 400 - doubts.suspects.length]);
    expect(trained?.row.info["suspects"]).toBe(doubts.suspects.length);
  });
});
