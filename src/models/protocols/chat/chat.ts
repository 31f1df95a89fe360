import type { Protocol } from "../../protocol.ts";
import { usageAtEnd } from "../reading.ts";
import { countsInChat } from "../response-steps.ts";
import { plainFold, streamFold } from "./fold.ts";
import { chatReader } from "./reader.ts";
import { writeChatRequest } from "./request-write.ts";
import { parseChatRequest } from "./request.ts";
import { chatError, chatStreamError, chatWriter } from "./writer.ts";

/** OpenAI Chat Completions, in which the house itself thinks. */
export const chat: Protocol = {
  name: "chat",
  parse: parseChatRequest,
  writeRequest: writeChatRequest,
  fold: (status, isStream) => (isStream ? streamFold() : plainFold(status)),
  usageOf: (pieces, isStream) => usageAtEnd(pieces, isStream, "usage", countsInChat),
  reader: chatReader,
  writer: chatWriter,
  writeError: chatError,
  streamError: chatStreamError,
};
