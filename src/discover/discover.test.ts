import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Call, ChatRequest, Message } from "../core/index.ts";
import { createAssigner } from "./assign.ts";
import { openStore } from "../store/index.ts";
import { discover, findTasks } from "./discover.ts";
import { fingerprintOf, Interner } from "./fingerprint.ts";
import { maskLine } from "./lines.ts";
import { fillPattern, mergePattern } from "./pattern.ts";

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 2, 2);

type Ask = {
  readonly system?: string;
  readonly user: string;
  readonly answer: string;
  readonly day?: number;
  readonly tools?: readonly string[];
};

function callOf({ system, user, answer, day = 0, tools = [] }: Ask, index: number): Call {
  const messages: Message[] = [
    ...(system === undefined ? [] : [{ role: "system", content: system }]),
    { role: "user", content: user },
  ];
  return {
    id: `c${index}`,
    session: `s${index}`,
    at: new Date(START_MS + day * DAY_MS + index).toISOString(),
    origin: null,
    source: "import",
    request: {
      model: "m",
      messages,
      ...(tools.length > 0 ? { tools: tools.map((name) => ({ function: { name } })) } : {}),
    },
    response: { message: { role: "assistant", content: answer }, finish_reason: "stop" },
    status: 200,
    error: null,
    latencyMs: null,
    usage: { inputTokens: null, outputTokens: null },
    servedBy: "provider",
    taskId: null,
    foreign: {},
  };
}

const repeat = (times: number, ask: (index: number) => Ask): Ask[] =>
  Array.from({ length: times }, (_, index) => ask(index));
const COLOURS = ["red", "green", "blue", "black", "white"];
const WORDS = "apple bridge candle desert engine forest garden hammer island jungle kettle ladder".split(" ");
const ROUTER = "You sort requests of a paint shop by colour.\nAnswer with the colour name and nothing else.";
const NEXT_ROUTER =
  "Colour desk, second edition: read what the customer wants.\nGive back one colour word. No explanation at all, please.";

function tasksIn(asks: readonly Ask[]): ReturnType<typeof findTasks> {
  const interners = { masked: new Interner(), raw: new Interner() };
  return findTasks(
    asks.map((ask, index) => fingerprintOf(callOf(ask, index), interners)),
    interners,
  );
}

const colourAsk = (index: number): Ask => ({
  system: ROUTER,
  user: `I want ${WORDS[index % 12]} paint ${index}`,
  answer: COLOURS[index % 5],
});

describe("findTasks()", () => {
  test("finds a recurring prompt and leaves one-offs out", () => {
    const oneOffs = repeat(40, (index) => ({
      user: `${WORDS[index % 12]} ${WORDS[(index * 7) % 12]} tell me story ${index}`,
      answer: `Story ${index}`,
    }));
    const tasks = tasksIn([...repeat(60, colourAsk), ...oneOffs]);
    expect(tasks.map(({ kind, calls }) => ({ kind, calls }))).toEqual([{ kind: "label", calls: 60 }]);
  });

  test("puts a prompt version that replaces another into the same task", () => {
    const later = repeat(60, (index) => ({ ...colourAsk(index), system: NEXT_ROUTER, day: 8 }));
    const tasks = tasksIn([...repeat(60, colourAsk), ...later]);
    expect(tasks.map(({ calls, variants }) => ({ calls, variants: variants.length }))).toEqual([
      { calls: 120, variants: 2 },
    ]);
  });

  test("keeps prompts that are in use side by side apart", () => {
    const asks = repeat(120, (index) => ({
      ...colourAsk(index),
      system: index % 2 === 0 ? ROUTER : NEXT_ROUTER,
      day: index % 9,
    }));
    expect(tasksIn(asks)).toHaveLength(2);
  });

  test("tells agents with one prompt apart by their tools", () => {
    const asks = repeat(120, (index) => ({
      ...colourAsk(index),
      tools: index % 2 === 0 ? ["pay", "refund"] : ["read_mail", "send_mail"],
    }));
    expect(tasksIn(asks)).toHaveLength(2);
  });

  test("sees through changing dates, ids and names in the prompt", () => {
    const names = ["Casa Olmo", "Sakura", "Chez Luc et Fils"];
    const asks = repeat(60, (index) => ({
      system: `You take orders by phone for ${names[index % 3]} and write them down. Today is 2026-03-${10 + (index % 9)}.\nTicket ${1000 + index * 37}`,
      user: `two ${WORDS[index % 12]}`,
      answer: "ok",
    }));
    expect(tasksIn(asks)).toHaveLength(1);
  });

  test("finds the same tasks in the same calls", () => {
    const asks = repeat(60, colourAsk);
    expect(tasksIn(asks)).toEqual(tasksIn(asks));
  });
});

describe("discover()", () => {
  test("keeps ids when a task is found again among more calls, and gives no id twice", () => {
    const store = openStore({ dir: ":memory:", nowMs: () => 0 });
    const early = repeat(60, (index) => ({ ...colourAsk(index), day: index % 7 }));
    store.calls.add(early.map(callOf));
    const [before] = discover(store).tasks;
    const later = repeat(90, (index) => ({ ...colourAsk(index), system: NEXT_ROUTER, day: 8 + (index % 3) }));
    const aside = repeat(60, (index) => ({
      ...colourAsk(index),
      system: `Shelf keeper of the shop.\n${ROUTER}`,
      day: index % 9,
    }));
    store.calls.add([...later, ...aside].map((ask, index) => callOf(ask, 100 + index)));
    const after = discover(store).tasks;
    expect(after.find(({ variants }) => variants.some(({ id }) => id === before.variants[0].id))?.id).toBe(
      before.id,
    );
    expect(new Set(after.map(({ id }) => id)).size).toBe(after.length);
    store.close();
  });
});

describe("createAssigner()", () => {
  const asks = repeat(60, (index) => ({
    ...colourAsk(index),
    system: `${ROUTER}\nTicket ${index * 91}`,
    user: `Ticket text:\n"""\nI want ${WORDS[index % 12]} ${index}\n"""`,
  }));
  const assign = createAssigner(tasksIn(asks));
  const requestOf = (ask: Ask): ChatRequest => callOf(ask, 0).request;

  test("gives only what varies", () => {
    const assignment = assign(
      requestOf({ ...asks[0], user: 'Ticket text:\n"""\nGreen, please.\nTwo cans.\n"""' }),
    );
    expect(assignment?.input.parts.findLast(({ role }) => role === "user")).toEqual({
      role: "user",
      text: "Green, please.\nTwo cans.",
    });
  });

  test("takes a request with a changed prompt for novel", () => {
    expect(
      assign(requestOf({ ...asks[0], system: `${ROUTER}\nTicket 7\nAlways answer in French.` })),
    ).toBeNull();
    expect(assign(requestOf({ ...asks[0], system: ROUTER.split("\n")[0] }))).toBeNull();
  });

  test("takes a request for another model, or with other parameters of a tool, for novel", () => {
    const request = requestOf(asks[0]);
    expect(assign({ ...request, model: "another" })).toBeNull();
    const tools = [
      { function: { name: "pay", parameters: { type: "object", properties: { sum: { type: "number" } } } } },
    ];
    const paying = asks
      .map((ask, index) => callOf({ ...ask, tools: ["pay"] }, index))
      .map((call) => ({ ...call, request: { ...call.request, tools } }));
    const interners = { masked: new Interner(), raw: new Interner() };
    const assignPaying = createAssigner(
      findTasks(
        paying.map((call) => fingerprintOf(call, interners)),
        interners,
      ),
    );
    expect(assignPaying(paying[0].request)).not.toBeNull();
    const changed = [
      { function: { name: "pay", parameters: { type: "object", properties: { sum: { type: "string" } } } } },
    ];
    expect(assignPaying({ ...paying[0].request, tools: changed })).toBeNull();
  });

  test("takes a request with other tools or another output form for novel", () => {
    const request = requestOf(asks[0]);
    expect(assign({ ...request, tools: [{ function: { name: "pay" } }] })).toBeNull();
    expect(assign({ ...request, response_format: { type: "json_object" } })).toBeNull();
  });
});

describe("patterns", () => {
  test("mergePattern() keeps the shared words and opens gaps", () => {
    const merged = mergePattern(
      "take orders by phone for Casa Olmo and write".split(" "),
      "take orders by phone for Sakura and write".split(" "),
    );
    expect(merged).toEqual(["take", "orders", "by", "phone", "for", null, "and", "write"]);
  });

  test("mergePattern() refuses lines that only begin alike", () => {
    expect(
      mergePattern("take orders by phone".split(" "), "take orders and then go home".split(" ")),
    ).toBeNull();
  });

  test("fillPattern() finds what merging left out, for any two lines that merge", () => {
    const line = fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 4, maxLength: 10 });
    fc.assert(
      fc.property(line, line, (first, second) => {
        const merged = mergePattern(first, second);
        fc.pre(merged !== null);
        const words = merged.filter((word) => word !== null).length;
        // A gap ends at the first place the next fixed words fit, so a fill can fail on repeated words; it must not lie.
        const filled = fillPattern(merged, first);
        expect(filled === null || filled.length === first.length - words).toBe(true);
      }),
    );
  });

  test("maskLine() keeps the number of words", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const line = text.replace(/\s+/g, " ").trim();
        expect(maskLine(line).split(" ").length).toBe(line.split(" ").length);
      }),
    );
  });
});
