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
  /** The line under way, in pieces: a long one that comes in small pieces is put together once. */
  let rest: string[] = [];
  let restChars = 0;
  let data: string[] = [];
  let dataChars = 0;
  let afterCarriageReturn = false;

  const keep = (text: string): void => {
    if (text === "" || restChars > MAX_EVENT_CHARS) return;
    rest.push(text);
    restChars += text.length;
  };
  const taken = (text: string): string => {
    if (rest.length === 0) return text;
    const whole = rest.join("") + text;
    rest = [];
    restChars = 0;
    return whole;
  };
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
      const text = decoder.decode(bytes, { stream: true });
      const events: string[] = [];
      const lineEnd = lineEnds(text);
      let from = 0;
      for (let at = lineEnd(from); at >= 0; at = lineEnd(from)) {
        // The LF of a CRLF ends nothing: the CR has ended the line, perhaps in an earlier push.
        const isSecondHalf = afterCarriageReturn && at === from && text[at] === "\n";
        afterCarriageReturn = text[at] === "\r";
        const event = isSecondHalf ? null : line(taken(text.slice(from, at)));
        if (event !== null) events.push(event);
        from = at + 1;
      }
      if (from < text.length) afterCarriageReturn = false;
      keep(text.slice(from));
      return events;
    },
  };
}

/** Finds the next line end. Where a text has no carriage returns that is found out once, not once a line. */
function lineEnds(text: string): (from: number) => number {
  let carriage = text.indexOf("\r");
  return (from) => {
    if (carriage >= 0 && carriage < from) carriage = text.indexOf("\r", from);
    const feed = text.indexOf("\n", from);
    return feed < 0 || carriage < 0 ? Math.max(feed, carriage) : Math.min(feed, carriage);
  };
}
