import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../src/core/index.ts";
import { readSeeds } from "./corpus.ts";
import { readReply } from "./exchange.ts";
import { fuzz } from "./fuzz.ts";
import { faultOf } from "./judge.ts";
import { mutated } from "./mutate.ts";
import { nextCase, plain } from "./requests.ts";
import { GENERATE } from "./surfaces.ts";

test("the corpus, cases that once failed and 400 changes of it: no 500, no crash, every answer in the caller's protocol", async () => {
  const { failures, cases, statuses, servedBy } = await fuzz({ seed: 20261127, cases: 430, ms: 60_000 });
  expect(failures.map(({ fault, case: one }) => `${one?.name ?? ""}: ${fault}`)).toEqual([]);
  // Also the fuzzer does its work: much is refused, much is served.
  expect(cases).toBeGreaterThan(400);
  expect(statuses["200"]).toBeGreaterThan(50);
  expect(statuses["400"]).toBeGreaterThan(50);
  expect(statuses["401"]).toBeGreaterThan(10);
  expect(servedBy["specialist"]).toBeGreaterThan(3);
}, 120_000);

describe("the fuzzer", () => {
  test("makes the same cases for the same seed, and others for another", () => {
    const casesOf = (seed: number): string[] => {
      const random = seededRandom(seed);
      return Array.from({ length: 50 }, () => nextCase(readSeeds(), random).bytes.toString("latin1"));
    };
    expect(casesOf(1)).toEqual(casesOf(1));
    expect(casesOf(1)).not.toEqual(casesOf(2));
  });

  test("changes bodies without ever failing, and seldom leaves one as it was", () => {
    const seeds = readSeeds();
    const same = Array.from({ length: 400 }, (_, at) => {
      const { body } = seeds[at % seeds.length];
      return mutated(body, seededRandom(at)).toString() === JSON.stringify(body);
    });
    expect(same.filter(Boolean).length).toBeLessThan(40);
  });

  const reply = (status: number, body: string, type = "application/json"): ReturnType<typeof readReply> =>
    readReply(
      Buffer.from(
        `HTTP/1.1 ${status} X\r\ncontent-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      ),
    );
  const chat = plain("x", "/v1/chat/completions", Buffer.from("{}"));
  const messages = plain("x", "/v1/messages", Buffer.from("{}"));
  const openai = '{"error":{"message":"m","type":"t"}}';

  test.each([
    ["a 500", chat, reply(500, openai)],
    ["a 503 that does not say when to come back", chat, reply(503, openai)],
    ["an error in another protocol", messages, reply(400, openai)],
    ["an error page", chat, reply(404, "<html>")],
    ["a stream that breaks off", chat, reply(200, "data: {}\n\n", "text/event-stream")],
    ["an answer that is no JSON", chat, reply(200, "ok")],
    ["a closed connection", chat, { kind: "closed" } as const],
    ["no answer", chat, { kind: "silent" } as const],
    ["no HTTP", chat, readReply(Buffer.from("SSH-2.0\r\n\r\n"))],
  ])("finds %s", (_, one, got) => expect(faultOf(one, got)).not.toBeNull());

  test.each([
    ["an answer", chat, reply(200, '{"choices":[]}')],
    ["an error in its protocol", messages, reply(400, '{"type":"error","error":{"message":"m","type":"t"}}')],
    ["a stream to its end", chat, reply(200, "data: {}\n\ndata: [DONE]\n\n", "text/event-stream")],
  ])("lets %s pass", (_, one, got) => expect(faultOf(one, got)).toBeNull());

  test("reads answers strictly, however they are chunked", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { maxLength: 5 }), (parts) => {
        const chunks = parts.map((part) => `${Buffer.byteLength(part).toString(16)}\r\n${part}\r\n`).join("");
        const got = readReply(
          Buffer.from(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`),
        );
        expect(got.kind === "reply" && got.body.toString()).toBe(parts.join(""));
      }),
    );
  });

  test("has a seed for every surface of a model", () => {
    const paths = new Set(readSeeds().map(({ path }) => path));
    expect(GENERATE.filter(({ path }) => !paths.has(path))).toEqual([]);
  });
});
