import type { Protocol } from "../../protocol.ts";
import { foldOf } from "../fold-steps.ts";
import { usageAtEnd } from "../reading.ts";
import { converseReader, countsInConverse } from "./reader.ts";
import { parseConverseRequest } from "./request.ts";
import { writeConverseRequest } from "./request-write.ts";
import { converseError, converseStreamError, converseWriter } from "./writer.ts";

/** Amazon Bedrock's Converse and ConverseStream. */
export const converse: Protocol = {
  name: "converse",
  parse: parseConverseRequest,
  writeRequest: writeConverseRequest,
  fold: (status, isStream) => foldOf(converseReader(status, isStream), { compactArguments: true }),
  // Payloads of frames are JSON texts, and can be found between the bytes around them.
  usageOf: (pieces, isStream) => usageAtEnd(pieces, isStream, "usage", countsInConverse),
  reader: converseReader,
  writer: converseWriter,
  writeError: converseError,
  streamError: converseStreamError,
};
