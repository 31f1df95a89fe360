import type { Protocol } from "../../protocol.ts";
import { foldOf } from "../fold-steps.ts";
import { usageAtEnd } from "../reading.ts";
import { countsInMessages, messagesReader } from "./reader.ts";
import { parseMessagesRequest } from "./request.ts";
import { writeMessagesRequest } from "./request-write.ts";
import { messagesError, messagesStreamError, messagesWriter } from "./writer.ts";

/** Anthropic Messages, version 2023-06-01. */
export const messages: Protocol = {
  name: "messages",
  parse: parseMessagesRequest,
  writeRequest: writeMessagesRequest,
  fold: (status, isStream) => foldOf(messagesReader(status, isStream), { compactArguments: true }),
  usageOf: (pieces, isStream) => usageAtEnd(pieces, isStream, "usage", countsInMessages),
  reader: messagesReader,
  writer: messagesWriter,
  writeError: messagesError,
  streamError: messagesStreamError,
};
