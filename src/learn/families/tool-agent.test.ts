import { describe, expect, test } from "vitest";
import { agrees, seededRandom, type Answer, type TaskInput, type TrainingExample } from "../../core/index.ts";
import { outputFormOf } from "./output-form.ts";
import { toolAgent } from "./tool-agent.ts";

const TOOLS = ["cancel_order", "get_order", "get_user", "send_note"];
const call = (...calls: [string, { [name: string]: string | number }][]): Answer => ({
  type: "tool-calls",
  calls: calls.map(([name, args]) => ({ name, arguments: args })),
  text: "",
});
const written = (name: string, args: object): string => `${name}(${JSON.stringify(args)})`;

/** Runs of a shop agent: the user, then each of the orders in the list, then a text, then a cancelling on a day that is said. */
function run(at: number): TrainingExample[] {
  const random = seededRandom(`run ${at}`);
  const user = `user_${1000 + random.below(9000)}`;
  const orders = Array.from({ length: 2 }, () => `#W${100_000 + random.below(900_000)}`);
  const day = 1 + random.below(28);
  const opening = [`hi, this is ${user}, about my orders`, `my id is ${user}. what did I order`][
    random.below(2)
  ];
  const parts: { role: "user" | "assistant" | "tool"; text: string }[] = [];
  const examples: TrainingExample[] = [];
  const example = (answer: Answer): void => {
    examples.push({ input: { parts: [...parts], tools: TOOLS }, answer });
  };
  parts.push({ role: "user", text: opening });
  example(call(["get_user", { user_id: user }]));
  parts.push({ role: "assistant", text: written("get_user", { user_id: user }) });
  parts.push({ role: "tool", text: JSON.stringify({ name: `N${at}`, orders }) });
  for (const order of orders) {
    example(call(["get_order", { order_id: order }]));
    parts.push({ role: "assistant", text: written("get_order", { order_id: order }) });
    parts.push({ role: "tool", text: JSON.stringify({ order_id: order, status: "open" }) });
  }
  example({ type: "text", text: `You have two orders, ${random.below(1e9)}, which one?` });
  parts.push({ role: "assistant", text: "Which one, and when?" });
  parts.push({ role: "user", text: `cancel ${orders[1]} on March ${day}th and write me a note` });
  const date = `2024-03-${String(day).padStart(2, "0")}`;
  example(call(["cancel_order", { order_id: orders[1], date }], ["send_note", { user_id: user }]));
  return examples;
}

const runs = (from: number, n: number): TrainingExample[] =>
  Array.from({ length: n }, (_, at) => run(from + at)).flat();

describe("toolAgent", { timeout: 60_000 }, () => {
  const fitted = toolAgent.fit(runs(0, 40), { seed: 1 });

  test("answers the calls of new runs exactly: ids, the next of a list, days, two calls at once", async () => {
    const specialist = toolAgent.load(await fitted);
    const calls = runs(5000, 20).filter(({ answer }) => answer.type === "tool-calls");
    const wrong = calls.filter(({ input, answer }) => !agrees(specialist.predict(input).answer, answer));
    expect(wrong.length).toBeLessThanOrEqual(2);
  });

  test("leaves what has to be written to the large model, with a score of 0", async () => {
    const specialist = toolAgent.load(await fitted);
    const texts = runs(5000, 20).filter(({ answer }) => answer.type === "text");
    const scores = texts.map(({ input }) => specialist.predict(input).score);
    expect(scores.filter((score) => score > 0).length).toBeLessThanOrEqual(1);
  });

  test("calls no tool that the request does not offer", async () => {
    const specialist = toolAgent.load(await fitted);
    const [{ input }] = run(5000);
    const without: TaskInput = { ...input, tools: ["get_order"] };
    const { answer } = specialist.predict(without);
    expect(answer.type === "tool-calls" ? answer.calls.map(({ name }) => name) : []).not.toContain(
      "get_user",
    );
  });

  test("is less sure where the wanted id is not in the request", async () => {
    const specialist = toolAgent.load(await fitted);
    const [{ input }] = run(5000);
    const bare: TaskInput = { ...input, parts: [{ role: "user", text: "hi, about my orders" }] };
    expect(specialist.predict(bare).score).toBeLessThan(specialist.predict(input).score);
  });

  test("takes names of prototypes as names", async () => {
    const odd = Array.from({ length: 40 }, (_, at): TrainingExample => {
      const name = `name${at}`;
      return {
        input: { parts: [{ role: "user", text: `make ${name}` }], tools: ["constructor", "__proto__"] },
        answer: call([
          "constructor",
          JSON.parse(`{"toString": "${name}", "__proto__": 1}`) as { [k: string]: string },
        ]),
      };
    });
    await expect(toolAgent.fit(odd, { seed: 1 })).rejects.toMatchObject({ code: "nothing-to-do" });
    const even = odd.map((one): TrainingExample => ({
      ...one,
      answer: call(["constructor", { toString: one.input.parts[0].text.slice(5) }]),
    }));
    const specialist = toolAgent.load(await toolAgent.fit(even, { seed: 1 }));
    const { answer } = specialist.predict({
      parts: [{ role: "user", text: "make name77" }],
      tools: ["constructor"],
    });
    expect(agrees(answer, call(["constructor", { toString: "name77" }]))).toBe(true);
  });

  test("uses values that only the schema names", async () => {
    const form = {
      schema: null,
      tools: [
        {
          name: "set",
          description: null,
          parameters: { type: "object", properties: { level: { enum: ["low", "middle", "high"] } } },
        },
      ],
    };
    const levels = Array.from({ length: 40 }, (_, at): TrainingExample => ({
      input: { parts: [{ role: "user", text: `make it ${["low", "high"][at % 2]} ${at}` }], tools: ["set"] },
      answer: call(["set", { level: ["low", "high"][at % 2] }]),
    }));
    const specialist = toolAgent.load(await toolAgent.fit(levels, { seed: 1, form }));
    const { answer } = specialist.predict({
      parts: [{ role: "user", text: "make it middle 3" }],
      tools: ["set"],
    });
    expect(agrees(answer, call(["set", { level: "middle" }]))).toBe(true);
  });

  test("fit() refuses tasks whose answers are all written", async () => {
    const free = Array.from({ length: 60 }, (_, at): TrainingExample => ({
      input: { parts: [{ role: "user", text: `question ${at}` }], tools: TOOLS },
      answer: { type: "text", text: `a text of its own ${at}` },
    }));
    await expect(toolAgent.fit(free, { seed: 1 })).rejects.toMatchObject({ code: "nothing-to-do" });
  });

  test("its output form can say calls, and no text that has to be written", () => {
    const form = outputFormOf("tool-agent", runs(0, 20));
    const asked = run(5000);
    expect(form?.canSay(asked)).toEqual(asked.map(({ answer }) => answer.type === "tool-calls"));
  });
});
