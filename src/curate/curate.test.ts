import { describe, expect, test } from "vitest";
import { textOf, type Assignment, type Call, type ChatRequest, type Part, type Task } from "../core/index.ts";
import { curate } from "./curate.ts";
import { NearIndex } from "./near.ts";
import { PART_SHARES, partOf } from "./split.ts";

const task: Task = { id: "t", name: "t", kind: "label", variants: [], calls: 0, sessions: 0 };
const assign = (request: ChatRequest): Assignment => ({
  taskId: "t",
  variantId: "v",
  input: {
    parts: [{ role: "user", text: textOf(request.messages[request.messages.length - 1]) }],
    tools: [],
  },
});

function call(id: string, user: string, answer: string | null, changes: Partial<Call> = {}): Call {
  return {
    id,
    session: `s-${id}`,
    at: null,
    origin: null,
    source: "import",
    request: {
      model: "m",
      messages: [
        { role: "system", content: "Say red or blue" },
        { role: "user", content: user },
      ],
    },
    response:
      answer === null ? null : { message: { role: "assistant", content: answer }, finish_reason: "stop" },
    status: answer === null ? 429 : 200,
    error: null,
    latencyMs: null,
    usage: { inputTokens: null, outputTokens: null },
    servedBy: "provider",
    taskId: null,
    foreign: {},
    ...changes,
  };
}

const reasons = (calls: readonly Call[], changes: Partial<Task> = {}): Record<string, string> =>
  Object.fromEntries(
    curate({ ...task, ...changes }, calls, { seed: 1, assign }).drops.map(({ callId, reason }) => [
      callId,
      reason,
    ]),
  );

/** The n-th session whose part is this one under the tests' seed. */
function sessionIn(part: Part, n: number): string {
  const names = Array.from({ length: 400 }, (_, index) => `session-${index}`);
  return names.filter((name) => partOf(name, 1) === part)[n];
}

describe("curate()", () => {
  test("makes of every call an example or a drop with its reason", () => {
    const truncated = call("cut", "a rose in the long grass", "re", {
      response: { message: { role: "assistant", content: "re" }, finish_reason: "length" },
    });
    const calls = [
      call("ok", "the fire engine over there", "red"),
      call("fail", "x", null),
      truncated,
      call("none", "what of the sea", "", { session: sessionIn("train", 0) }),
    ];
    const { examples, drops } = curate(task, calls, { seed: 1, assign });
    expect(examples.map(({ callId }) => callId)).toEqual(["ok"]);
    expect(Object.fromEntries(drops.map(({ callId, reason }) => [callId, reason]))).toEqual({
      fail: "failed",
      cut: "truncated",
      none: "empty-answer",
    });
  });

  test("keeps the first of repeated calls, and trains on the majority of conflicting ones", () => {
    const calls = [
      call("a", "sky", "blue"),
      call("b", "sky", "blue"),
      call("c", "sky", "red"),
      call("d", "dusk", "red"),
      call("e", "dusk", "blue"),
    ].map((one, index) => ({ ...one, session: sessionIn("train", index) }));
    expect(reasons(calls)).toEqual({ b: "repeated", c: "conflicting", d: "conflicting", e: "conflicting" });
  });

  test("certifies on answers that look wrong, too: the model gave them", () => {
    const good = Array.from({ length: 40 }, (_, index) =>
      call(`g${index}`, `thing number ${index * 7919}`, index % 2 === 0 ? "red" : "blue"),
    );
    const odd = (id: string, part: Part): Call =>
      call(id, `a lemon ${id}`, "yellow", { session: sessionIn(part, 0) });
    const against = call("against", "thing number 0", "blue", { session: sessionIn("certification", 1) });
    const { examples, drops } = curate(
      task,
      [
        ...good,
        odd("learnt", "train"),
        odd("judged", "certification"),
        against,
        call("same", "thing number 0", "red"),
      ],
      { seed: 1, assign },
    );
    expect(drops.map(({ callId, reason }) => [callId, reason])).toEqual([
      ["learnt", "answer-not-offered"],
      ["same", "repeated"],
    ]);
    const judged = examples.filter(({ callId }) => callId === "judged" || callId === "against");
    expect(judged.map(({ part }) => part)).toEqual(["certification", "certification"]);
  });

  test("never takes a specialist for a teacher, nor certifies on calls a specialist was unsure of", () => {
    const unsure: Partial<Call> = { source: "gateway", foreign: { reason: "below-threshold" } };
    const calls = Array.from({ length: 40 }, (_, index) =>
      call(`u${index}`, `question number ${index * 7919}`, "red", unsure),
    );
    const { examples, drops } = curate(
      task,
      [call("own", "a cherry", "red", { servedBy: "specialist" }), ...calls],
      { seed: 1, assign },
    );
    expect(new Set(examples.map(({ part }) => part))).toEqual(new Set(["train"]));
    expect(new Set(drops.map(({ reason }) => reason))).toEqual(
      new Set(["served-by-specialist", "chosen-by-score"]),
    );
  });

  test("masks input and answer together", () => {
    const calls = [call("m", "write to ann.lee@example.com today", "ann.lee@example.com")];
    const [example] = curate({ ...task, kind: "text" }, calls, { seed: 1, assign }).examples;
    expect([example.input.parts[0].text, example.answer]).toEqual([
      "write to <EMAIL_1> today",
      { type: "text", text: "<EMAIL_1>" },
    ]);
  });

  test("takes the form of the answers from requests that may be learnt from, and from no other", () => {
    const asking = (part: Part, type: string): Call => ({
      ...call(part, `of ${part}`, "red", { session: sessionIn(part, 0) }),
      request: {
        model: "m",
        messages: [{ role: "user", content: `of ${part}` }],
        response_format: { type: "json_schema", json_schema: { schema: { type } } },
      },
    });
    const seen = asking("train", "string");
    const unseen = asking("certification", "number");
    expect(curate(task, [seen, unseen], { seed: 1, assign }).form).toEqual({
      schema: { type: "string" },
      tools: [],
    });
    expect(curate(task, [unseen], { seed: 1, assign }).form).toBeNull();
  });

  test("drops near-duplicates of other sessions with the same answer, and keeps those with another", () => {
    const long =
      "the quick brown fox jumps over the lazy dog near the old bridge by the river on a fine summer day, and then it rests";
    expect(
      reasons([call("a", long, "red"), call("b", `${long}.`, "red"), call("c", `${long}!`, "blue")]),
    ).toEqual({ b: "repeated" });
  });
});

describe("partOf()", () => {
  test("gives each session one part, in the promised shares", () => {
    const parts = Array.from({ length: 20_000 }, (_, index) => partOf(`session-${index}`, 1));
    const shares = Object.fromEntries(
      Object.keys(PART_SHARES).map((part) => [
        part,
        parts.filter((one) => one === part).length / parts.length,
      ]),
    );
    for (const [part, share] of Object.entries(PART_SHARES)) expect(shares[part]).toBeCloseTo(share, 1);
    expect(parts).toEqual(Array.from({ length: 20_000 }, (_, index) => partOf(`session-${index}`, 1)));
  });
});

describe("NearIndex", () => {
  test("finds texts that differ by a character and not texts that share half their words", () => {
    const index = new NearIndex();
    const text =
      "please move my appointment from monday morning to thursday afternoon if that is at all possible for you";
    index.add(text);
    expect(index.add(`${text}!`)).toEqual([0]);
    expect(
      index.add(
        "please cancel my appointment on monday morning, I will call you again when I know more about next week",
      ),
    ).toEqual([]);
  });
});
