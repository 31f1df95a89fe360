import { expect, test } from "vitest";
import type { Example } from "../core/index.ts";
import { formsOf } from "./forms.ts";

const example = (at: number, text: string): Example => ({
  callId: `c${at}`,
  taskId: "t",
  session: `s${at}`,
  at: null,
  part: "train",
  input: { parts: [{ role: "user", text: `about ${at}` }], tools: [] },
  answer: { type: "text", text },
});

test("formsOf() tells the most able family first, with its ceiling, and leaves out what has no form", () => {
  const half = Array.from({ length: 40 }, (_, at) => example(at, at % 2 === 0 ? "yes" : `only ${at}`));
  const forms = formsOf(half, ["option-ranker", "closed-set", "generative"], 1);
  expect(forms.map(({ family, ceiling, n }) => ({ family, ceiling, n }))).toEqual([
    { family: "closed-set", ceiling: 0.5, n: 40 },
    { family: "option-ranker", ceiling: 0, n: 40 },
  ]);
});

test("formsOf() looks at a bounded part of long examples", () => {
  const long = Array.from({ length: 30 }, (_, at) => example(at, "yes")).map((one): Example => ({
    ...one,
    input: { parts: [{ role: "user", text: "word ".repeat(10_000) }], tools: [] },
  }));
  const [form] = formsOf(long, ["closed-set"], 1);
  expect(form.n).toBeLessThan(10);
});
