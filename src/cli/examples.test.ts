import { afterAll, describe, expect, test } from "vitest";
import type { Call, Example, Task } from "../core/index.ts";
import { openStore } from "../store/index.ts";
import { describeExamples, readExamples } from "./examples.ts";

const TASK: Task = { id: "t", name: "triage", kind: "label", variants: [], calls: 3, sessions: 3 };
const example = (callId: string, text: string, answer: string): Example => ({
  callId,
  taskId: "t",
  session: callId,
  at: null,
  part: "train",
  input: { parts: [{ role: "user", text }], tools: [] },
  answer: { type: "text", text: answer },
});
const EXAMPLES = [
  example("a", "my card\nis \u001b[2Jgone", "card-lost"),
  example("b", "top up", "card-lost"),
  example("c", "write <EMAIL_1>", "contact"),
];
const CALLS: Call[] = EXAMPLES.map(({ callId, session }) => ({
  id: callId,
  session,
  at: null,
  origin: null,
  source: "import",
  request: { model: "m", messages: [] },
  response: null,
  status: 200,
  error: null,
  latencyMs: null,
  usage: { inputTokens: null, outputTokens: null },
  servedBy: "provider",
  taskId: null,
  foreign: {},
}));
const suspect = (callId: string, chance: number) => ({
  callId,
  said: { type: "text", text: "top-up" },
  score: 0.97,
  chance,
});

const store = openStore({ dir: ":memory:", nowMs: () => 0 });
store.calls.add(CALLS);
store.tasks.replaceAll([TASK], []);
store.examples.replaceForTask("t", EXAMPLES, []);
store.runs.put("trained:t", "latest", {
  specialistId: "s",
  why: null,
  doubts: { noise: 0.02, n: 200, suspects: [suspect("a", 0.6), suspect("b", 0.9)] },
});
afterAll(() => store.close());

describe("readExamples()", () => {
  test("lists suspects, the likeliest first, with what the specialist would say", () => {
    const { shown, of } = readExamples(store, "triage", { suspect: true });
    expect(of).toBe(2);
    expect(shown.map(({ callId, recorded, said, chance }) => ({ callId, recorded, said, chance }))).toEqual([
      { callId: "b", recorded: "card-lost", said: "top-up", chance: 0.9 },
      { callId: "a", recorded: "card-lost", said: "top-up", chance: 0.6 },
    ]);
  });

  test("shows no more than asked for, and says how many there are", () => {
    expect(readExamples(store, undefined, { limit: 2 })).toMatchObject({ of: 3, shown: [{}, {}] });
    const { shown, of } = readExamples(store, "t", { suspect: true, limit: 1 });
    expect(describeExamples(shown, of, true)).toContain("1 of 2");
  });

  test("lets no line end and no escape sequence of a log through", () => {
    const [{ input }] = readExamples(store, "t", { limit: 1 }).shown;
    expect(input).toBe("my card is [2Jgone");
  });

  test("is noted in the audit trail", () => {
    const before = [...store.audit.iterate()].length;
    readExamples(store, "t", {});
    expect([...store.audit.iterate()].slice(before)).toMatchObject([
      { action: "content-read", detail: { what: "examples", tasks: ["t"] } },
    ]);
  });

  test.each([
    ["an unknown task", "nobody", {}, /Cannot find task "nobody"/],
    ["a limit of none", "t", { limit: 0 }, /Cannot use --limit "0"/],
  ])("refuses %s in a line", (_, name, flags, line) => {
    expect(() => readExamples(store, name, flags)).toThrow(line);
  });
});
