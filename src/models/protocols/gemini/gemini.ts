import type { Protocol } from "../../protocol.ts";
import { foldOf } from "../fold-steps.ts";
import { usageAtEnd } from "../reading.ts";
import { countsInGemini, geminiReader } from "./reader.ts";
import { parseGeminiRequest } from "./request.ts";
import { writeGeminiRequest } from "./request-write.ts";
import { geminiError, geminiStreamError, geminiWriter } from "./writer.ts";

/** Gemini's generateContent, v1beta. */
export const gemini: Protocol = {
  name: "gemini",
  parse: parseGeminiRequest,
  writeRequest: writeGeminiRequest,
  fold: (status, isStream) => foldOf(geminiReader(status, isStream)),
  usageOf: (pieces, isStream) => usageAtEnd(pieces, isStream, "usageMetadata", countsInGemini),
  reader: geminiReader,
  writer: geminiWriter,
  writeError: geminiError,
  streamError: geminiStreamError,
};
