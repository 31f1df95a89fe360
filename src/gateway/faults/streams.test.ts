import { describe, expect, test } from "vitest";
import {
  ask,
  chunk,
  DONE,
  event,
  EVENTS,
  LAST_CHUNK,
  openFault,
  STREAM_HEAD,
  type Behave,
} from "../../../test/raw-upstream.ts";

const STREAMED = { stream: true };
const read = { status: 200, response: { message: { content: "Hé" }, finish_reason: "stop" } };
const unread = { status: 502, response: null };
const whole = EVENTS + DONE;

/** Sends the pieces as chunks of one write each, then the end. */
const streams =
  (pieces: readonly (string | Buffer)[], end: string = LAST_CHUNK): Behave =>
  (socket) => {
    socket.setNoDelay(true);
    socket.write(STREAM_HEAD);
    for (const piece of pieces) socket.write(chunk(piece));
    socket.write(end);
  };
const inBytes = (text: string, size: number): Buffer[] => {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.subarray(at * size, (at + 1) * size),
  );
};

describe("a stream passes as it came, and is logged for what it says", () => {
  test.each<[string, readonly (string | Buffer)[], object]>([
    ["one byte a chunk, so half a character each", inBytes(whole, 1), read],
    ["three bytes a chunk", inBytes(whole, 3), read],
    ["all in one chunk", [whole], read],
    ["lines that end with CRLF", [whole.replaceAll("\n", "\r\n")], read],
    ["comments between the events", [": ping\n\n", EVENTS, ": ping\n\n", DONE], read],
    ["no [DONE]", [EVENTS], read],
    ["neither a finish nor [DONE]", [event({ content: "Hé" })], unread],
    ["comments only", [": processing\n\n".repeat(50)], unread],
    ["nothing", [], unread],
    [
      "an error first",
      ['data: {"error":{"message":"busy","code":"overloaded"}}\n\n'],
      { ...unread, error: { code: "overloaded" } },
    ],
    [
      "an error in the middle",
      [event({ content: "H" }), 'data: {"error":{"code":"broken"}}\n\n', DONE],
      { ...unread, error: { code: "broken" } },
    ],
    ["events that are no JSON", ["data: {oops\n\n", EVENTS, DONE], read],
    ["something after [DONE]", [whole, ": bye\n\n"], read],
    [
      "[DONE] within a text",
      [event({ content: "H" }), event({ content: "é" }), event({ content: "" }, "stop"), DONE],
      read,
    ],
    ["[DONE] cut in two", [EVENTS, "data: [DO", "NE]\n\n"], read],
    [
      "chunks of 10 MB",
      [
        event({ content: "H" }),
        event({ content: "é", padding: "x".repeat(10 << 20) }),
        event({}, "stop"),
        DONE,
      ],
      read,
    ],
  ])("%s", async (_, pieces, logged) => {
    const { url, calls } = await openFault(streams(pieces));
    const outcome = await ask(url, STREAMED);
    const sent = Buffer.concat(pieces.map((piece) => Buffer.from(piece)));
    expect([outcome.status, outcome.isWhole, outcome.body.equals(sent)]).toEqual([200, true, true]);
    expect(calls()).toMatchObject([logged]);
  });

  test("a text that says [DONE] is no end", async () => {
    const pieces = [
      event({ content: "say [DONE] " }),
      event({ content: "and go on" }),
      event({}, "stop"),
      DONE,
    ];
    const { url, calls } = await openFault(streams(pieces));
    const outcome = await ask(url, STREAMED);
    expect(outcome.body.toString()).toBe(pieces.join(""));
    expect(calls()[0].response?.message.content).toBe("say [DONE] and go on");
  });
});

describe("a stream that breaks off ends with an error event, and is logged as failed", () => {
  test.each<[string, Behave, string, object?]>([
    [
      "resets",
      (socket) =>
        void (socket.write(STREAM_HEAD + chunk(EVENTS).toString()),
        setTimeout(() => socket.resetAndDestroy(), 20)),
      "502 upstream_broken",
    ],
    [
      "closes without the last chunk",
      (socket) => void socket.end(STREAM_HEAD + chunk(EVENTS).toString()),
      "502 upstream_broken",
    ],
    ["sends a broken chunk", streams([EVENTS], "zz\r\n"), "502 upstream_broken"],
    ["stalls", streams([EVENTS], ""), "504 upstream_timeout", { idleMs: 30 }],
    ["takes too long in all", streams([EVENTS], ""), "504 upstream_timeout", { totalMs: 60 }],
  ])("the provider %s", async (_, behave, expected, timeouts = {}) => {
    const { url, calls } = await openFault(behave, timeouts);
    const outcome = await ask(url, STREAMED);
    const text = outcome.body.toString();
    expect([outcome.status, outcome.isWhole, text.startsWith(EVENTS)]).toEqual([200, true, true]);
    expect(text).toContain(`"code":"${expected.slice(4)}"`);
    expect(text).not.toContain("[DONE]");
    expect(calls()).toMatchObject([{ status: Number(expected.slice(0, 3)), response: null }]);
  });

  test("but not when its last event has come: then it is whole", async () => {
    const { url, calls } = await openFault(
      (socket) => void socket.end(STREAM_HEAD + chunk(whole).toString()),
    );
    const outcome = await ask(url, STREAMED);
    expect([outcome.body.toString(), outcome.isWhole]).toEqual([whole, true]);
    expect(calls()).toMatchObject([read]);
  });
});
