import type { Protocol } from "../../protocol.ts";
import { foldOf } from "../fold-steps.ts";
import { usageAtEnd } from "../reading.ts";
import { countsInResponses, responsesReader } from "./reader.ts";
import { parseResponsesRequest } from "./request.ts";
import { writeResponsesRequest } from "./request-write.ts";
import { responsesError, responsesStreamError, responsesWriter } from "./writer.ts";

/** OpenAI Responses. */
export const responses: Protocol = {
  name: "responses",
  parse: parseResponsesRequest,
  writeRequest: writeResponsesRequest,
  fold: (status, isStream) => foldOf(responsesReader(status, isStream)),
  usageOf: (pieces, isStream) => usageAtEnd(pieces, isStream, "usage", countsInResponses),
  reader: responsesReader,
  writer: responsesWriter,
  writeError: responsesError,
  streamError: responsesStreamError,
};
