import type { ProviderFile } from "../upstream/types.ts";
import { anthropic } from "./anthropic.ts";
import { azure } from "./azure.ts";
import { bedrockProvider } from "./bedrock.ts";
import { gemini } from "./gemini.ts";
import { openai } from "./openai.ts";
import { PRESETS, presetFile } from "./presets.ts";

/** The kinds of providers, by their type in the config. */
export const providerFiles: ReadonlyMap<string, ProviderFile> = new Map(
  [openai, anthropic, azure, gemini, bedrockProvider(), ...PRESETS.map(presetFile)].map((file) => [
    file.type,
    file,
  ]),
);
