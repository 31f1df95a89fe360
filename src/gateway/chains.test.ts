import { describe, expect, test } from "vitest";
import type { CallInput } from "../call.ts";
import { OWN_RESPONSE_PREFIX, protocols, writeResponse } from "../models/index.ts";
import { createChains, MAX_HELD_CHARS, MAX_HELD_RESPONSES, MAX_IDLE_MS, MAX_ONE_CHARS } from "./chains.ts";

const who = { keyId: "key_1", hasOwnKey: true, headers: {} };
const protocol = protocols.get("responses") ?? expect.fail("no protocol");

function open() {
  const clock = { nowMs: 0 };
  const chains = createChains(() => clock.nowMs);
  /** Keeps an answer to this body as the gateway does; returns its id. */
  const keep = (id: string, body: Uint8Array, said = "yes"): string => {
    const request = { model: "m", messages: [] };
    const response = { message: { role: "assistant", content: said }, finish_reason: "stop" };
    const identity = { id: `${OWN_RESPONSE_PREFIX}${id}`, createdS: 0, model: "m" };
    const kept = [...writeResponse(protocol, request, response, identity)];
    const question = { body, hasOwnKey: true, headers: {} };
    const input = { keyId: "key_1", protocol, question } as unknown as CallInput;
    chains.keep(input, { kept, isStream: false, isCut: false, hasFailed: false });
    return identity.id;
  };
  const rebuilt = (body: Uint8Array) => chains.rebuilt(body, who);
  return { clock, chains, keep, rebuilt };
}

const asking = (input: unknown, previous?: string, more: object = {}): Uint8Array =>
  Buffer.from(JSON.stringify({ model: "m", input, previous_response_id: previous, ...more }));
/** The texts of a rebuilt input, or the code of the refusal. */
function textsOf(body: ReturnType<ReturnType<typeof open>["rebuilt"]>): unknown {
  if ("code" in body) return body.code;
  const { input } = JSON.parse(Buffer.from(body).toString()) as { input: { content: unknown }[] };
  return input.map(({ content }) =>
    typeof content === "string" ? content : (content as { text: string }[]).map(({ text }) => text).join(""),
  );
}
const NOT_FOUND = "previous-response-not-found";

describe("createChains()", () => {
  test("gives back the very same bytes where nothing of ours is meant", () => {
    const { keep, rebuilt } = open();
    const id = keep("a", asking("Hi"));
    for (const body of [
      asking("Hi"),
      asking("And?", "resp_1"),
      asking(`"${id}" and "item_reference"`),
      asking([{ type: "item_reference", id: "msg_1" }], "resp_1"),
      asking("And?", id, { conversation: "conv_1" }),
    ])
      expect(rebuilt(body)).toBe(body);
  });

  test("knows nothing of what went before once it was cleared", () => {
    const { chains, keep, rebuilt } = open();
    const id = keep("a", asking("Hi"));
    chains.clear();
    expect(textsOf(rebuilt(asking("And?", id)))).toBe(NOT_FOUND);
  });

  test("goes back over several answers, branches included", () => {
    const { keep, rebuilt } = open();
    const go = (id: string, input: string, previous: string): string => {
      const body = rebuilt(asking(input, previous));
      return "code" in body ? expect.fail(body.message) : keep(id, body, `${id}!`);
    };
    const a = keep("a", asking("1"), "a!");
    const b = go("b", "2", a);
    const c = go("c", "3", b);
    const d = go("d", "4", b);
    expect(textsOf(rebuilt(asking("5", c)))).toEqual(["1", "a!", "2", "b!", "3", "c!", "5"]);
    expect(textsOf(rebuilt(asking([{ role: "user", content: "5" }], d)))).toEqual([
      "1",
      "a!",
      "2",
      "b!",
      "4",
      "d!",
      "5",
    ]);
    expect(textsOf(rebuilt(asking(undefined, a)))).toEqual(["1", "a!"]);
  });

  test("holds a bounded number; what was gone on from stays, with all before it", () => {
    const { keep, rebuilt } = open();
    const a = keep("a", asking("1"), "a!");
    const body = rebuilt(asking("2", a));
    const b = "code" in body ? expect.fail(body.message) : keep("b", body, "b!");
    const fill = (from: number, count: number): void => {
      for (let at = from; at < from + count; at += 1) keep(`x${at}`, asking("x"));
    };
    fill(0, MAX_HELD_RESPONSES - 3);
    expect(textsOf(rebuilt(asking("3", b)))).toEqual(["1", "a!", "2", "b!", "3"]);
    fill(MAX_HELD_RESPONSES, 1000);
    expect(textsOf(rebuilt(asking("3", b)))).toEqual(["1", "a!", "2", "b!", "3"]);
    expect(textsOf(rebuilt(asking("3", `${OWN_RESPONSE_PREFIX}x0`)))).toBe(NOT_FOUND);
    fill(0, MAX_HELD_RESPONSES);
    expect([a, b].map((id) => textsOf(rebuilt(asking("3", id))))).toEqual([NOT_FOUND, NOT_FOUND]);
  });

  test("holds a bounded amount, and no single answer of more than its share", () => {
    const { keep, rebuilt } = open();
    const large = "x".repeat(MAX_ONE_CHARS / 2);
    const held = (ids: readonly string[]): number =>
      ids.filter((id) => textsOf(rebuilt(asking("?", id))) !== NOT_FOUND).length;
    const ids = Array.from({ length: 20 }, (_, at) => keep(`l${at}`, asking(large)));
    expect(held(ids)).toBe(Math.floor(MAX_HELD_CHARS / (large.length + 300)));
    expect(held([keep("huge", asking(large + large))])).toBe(0);
  });

  test("forgets what nobody went on from for a day", () => {
    const { clock, keep, rebuilt } = open();
    const [a, b] = [keep("a", asking("1")), keep("b", asking("1"))];
    clock.nowMs = MAX_IDLE_MS / 2;
    expect(textsOf(rebuilt(asking("2", a)))).toEqual(["1", "yes", "2"]);
    clock.nowMs = MAX_IDLE_MS + 1;
    expect(textsOf(rebuilt(asking("2", a)))).toEqual(["1", "yes", "2"]);
    expect(textsOf(rebuilt(asking("2", b)))).toBe(NOT_FOUND);
  });

  test("one caller's answer is no other's", () => {
    const { chains, keep } = open();
    const id = keep("a", asking("1"));
    const others = [
      { ...who, keyId: "key_2" },
      { ...who, hasOwnKey: false, headers: { authorization: "Bearer x" } },
    ];
    for (const other of others) expect(textsOf(chains.rebuilt(asking("2", id), other))).toBe(NOT_FOUND);
  });
});
