import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createSseParser, MAX_EVENT_CHARS } from "./sse.ts";

const STREAM =
  ': hello\r\ndata: {"a":"é😀"}\r\n\r\nevent: x\ndata:two\ndata: lines\n\n\rdata: [DONE]\r\rdata: cut off';
const EVENTS = ['{"a":"é😀"}', "two\nlines", "[DONE]"];

function parse(pieces: readonly Uint8Array[]): string[] {
  const parser = createSseParser();
  return pieces.flatMap((piece) => parser.push(piece));
}

test("createSseParser() reads LF, CR and CRLF, comments and several data lines, and no event that is not complete", () => {
  expect(parse([Buffer.from(STREAM)])).toEqual(EVENTS);
});

test("createSseParser() reads the same events from bytes cut at every position", () => {
  const bytes = Buffer.from(STREAM);
  const positions = Array.from({ length: bytes.length + 1 }, (_, at) => at);
  const different = positions.filter(
    (at) => JSON.stringify(parse([bytes.subarray(0, at), bytes.subarray(at)])) !== JSON.stringify(EVENTS),
  );
  expect(different).toEqual([]);
});

test("createSseParser() reads the same events from bytes cut into any pieces", () => {
  const bytes = Buffer.from(STREAM);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
      const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
      const pieces = edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
      expect(parse(pieces)).toEqual(EVENTS);
    }),
  );
});

test("createSseParser() does not grow with an endless line", () => {
  const parser = createSseParser();
  const piece = Buffer.alloc(1024 * 1024, 97);
  for (let count = 0; count < 12; count += 1) parser.push(piece);
  const [event] = [...parser.push(Buffer.from("\n\ndata: x\n\n"))];
  expect(MAX_EVENT_CHARS).toBeLessThan(12 * piece.length);
  expect(event).toBe("x");
});
