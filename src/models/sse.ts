/** A longer event is cut off: no provider sends one, and a parser beside a stream must not grow with it. */
export const MAX_EVENT_CHARS = 8 * 1024 * 1024;

export type SseParser = {
  /** The data of the events that these bytes complete, in order. */
  push(bytes: Uint8Array): string[];
};

/**
 * Reads server-sent events from bytes cut anywhere, also inside a character or a line end. Lines end with LF, CR or CRLF;
 * comments and fields other than `data` are skipped; an event without an empty line after it is not complete
 * (WHATWG HTML, section 9.2.6).
 */
export function createSseParser(): SseParser {
  const decoder = new TextDecoder();
  let rest = "";
  let data: string[] = [];
  let dataChars = 0;
  let afterCarriageReturn = false;

  const line = (text: string): string | null => {
    if (text === "") {
      const event = data.length > 0 ? data.join("\n") : null;
      data = [];
      dataChars = 0;
      return event;
    }
    if (text.startsWith("data:") && dataChars <= MAX_EVENT_CHARS) {
      data.push(text.slice(text.startsWith("data: ") ? 6 : 5));
      dataChars += text.length;
    }
    return null;
  };

  return {
    push(bytes) {
      const text = rest + decoder.decode(bytes, { stream: true });
      const events: string[] = [];
      let from = 0;
      for (let at = lineEnd(text, from); at >= 0; at = lineEnd(text, from)) {
        // The LF of a CRLF ends nothing: the CR has ended the line, perhaps in an earlier push.
        const isSecondHalf = afterCarriageReturn && at === from && text[at] === "\n";
        afterCarriageReturn = text[at] === "\r";
        const event = isSecondHalf ? null : line(text.slice(from, at));
        if (event !== null) events.push(event);
        from = at + 1;
      }
      rest = text.slice(from);
      if (rest !== "") afterCarriageReturn = false;
      if (rest.length > MAX_EVENT_CHARS) rest = rest.slice(0, MAX_EVENT_CHARS);
      return events;
    },
  };
}

function lineEnd(text: string, from: number): number {
  const feed = text.indexOf("\n", from);
  const carriage = text.indexOf("\r", from);
  if (feed < 0 || carriage < 0) return Math.max(feed, carriage);
  return Math.min(feed, carriage);
}
