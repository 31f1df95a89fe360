import type { ProviderFile } from "../upstream/types.ts";
import { openai } from "./openai.ts";

/** The kinds of providers, by their type in the config. */
export const providerFiles: ReadonlyMap<string, ProviderFile> = new Map(
  [openai].map((file) => [file.type, file]),
);
