import { describe, expect, test } from "vitest";
import { agrees, type TrainingExample } from "../../core/index.ts";
import { expressible, spanCopy } from "./span-copy.ts";

const NAMES = ["Ann Lee", "Bo Dahl", "Cy Young", "Di Marsh", "Ed Moss", "Flo Hill", "Gus Berg", "Ida Falk"];
const DAYS = ["monday", "friday", "tomorrow", "next week", "june 3rd"];

/** Bookings: a name, a day, or a bare answer whose meaning the question before it decides. */
function bookings(n: number, offset: number): TrainingExample[] {
  return Array.from({ length: n }, (_, index) => {
    const at = index + offset;
    const name = NAMES[(at * 5) % NAMES.length];
    const day = DAYS[(at * 3) % DAYS.length];
    const number = `${1 + (at % 9)}`;
    const cases: [string, string, { [key: string]: string }][] = [
      ["", `a table for ${number} on ${day} please`, { people: number, date: day }],
      ["", `it is for ${name}, ${day}`, { name, date: day }],
      ["how many people?", number, { people: number }],
      ["at what time?", number, { time: number }],
      ["", "hello there", {}],
    ];
    const [question, text, values] = cases[at % cases.length];
    const asked = question === "" ? [] : [{ role: "assistant" as const, text: question }];
    return {
      input: { parts: [...asked, { role: "user" as const, text }], tools: ["book"] },
      answer: { type: "tool-calls" as const, calls: [{ name: "book", arguments: values }], text: "" },
    };
  });
}

describe("spanCopy", () => {
  const fitted = spanCopy.fit(bookings(100, 0), { seed: 1 });

  test("answers new bookings exactly, bare answers by the question before them", async () => {
    const specialist = spanCopy.load(await fitted);
    const fresh = bookings(50, 1000);
    const right = fresh.filter(({ input, answer }) => agrees(specialist.predict(input).answer, answer));
    expect(right.length).toBeGreaterThanOrEqual(48);
  });

  test("is less sure of an input with words that no example has", async () => {
    const specialist = spanCopy.load(await fitted);
    const score = (text: string): number =>
      specialist.predict({ parts: [{ role: "user", text }], tools: ["book"] }).score;
    expect(score("a table for 4 on friday please")).toBeGreaterThan(
      score("a schedule for 4 on friday unless closed"),
    );
  });

  test("has a score of 0 where the input was cut", async () => {
    const specialist = spanCopy.load(await fitted);
    const input = { parts: [{ role: "user" as const, text: "a table for 4 ".repeat(500) }], tools: ["book"] };
    expect(specialist.predict(input).score).toBe(0);
  });

  test("keeps no text of the examples in the artifact", async () => {
    expect(new TextDecoder("latin1").decode(await fitted)).not.toMatch(/Ann|Dahl|Marsh|friday|hello/i);
  });

  test("fit() refuses tasks whose answers are not copied", async () => {
    const free = bookings(40, 0).map(({ input }, index) => ({
      input,
      answer: { type: "text" as const, text: `free text number ${index * 7919}` },
    }));
    await expect(spanCopy.fit(free, { seed: 1 })).rejects.toMatchObject({ code: "nothing-to-do" });
    expect(expressible(free)).toBeLessThan(0.6);
  });

  test("fit() gives the same bytes with two threads", async () => {
    const two = await spanCopy.fit(bookings(100, 0), { seed: 1, threads: 2 });
    expect(Buffer.from(two).equals(Buffer.from(await fitted))).toBe(true);
  });

  test("fit() stops its threads when cancelled", async () => {
    const stop = new AbortController();
    const running = spanCopy.fit(bookings(100, 0), { seed: 1, threads: 2, signal: stop.signal });
    stop.abort();
    await expect(running).rejects.toMatchObject({ code: "cancelled" });
  });

  test("fit() stops when cancelled", async () => {
    const signal = AbortSignal.abort();
    await expect(spanCopy.fit(bookings(40, 0), { seed: 1, signal })).rejects.toMatchObject({
      code: "cancelled",
    });
  });
});
