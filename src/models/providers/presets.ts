import type { ProtocolName } from "../protocol.ts";
import type { ProviderFile } from "../upstream/types.ts";
import { openai } from "./openai.ts";

/** A server that speaks OpenAI's protocols, at an address that is always the same. Sources: docs/providers.md. */
export type Preset = {
  readonly type: string;
  readonly url: string;
  readonly protocols: readonly ProtocolName[];
};

const PLAIN: readonly ProtocolName[] = ["chat"];
const BOTH: readonly ProtocolName[] = ["chat", "responses"];
const ALL: readonly ProtocolName[] = ["chat", "responses", "messages"];

export const PRESETS: readonly Preset[] = [
  { type: "vllm", url: "http://127.0.0.1:8000/v1", protocols: ALL },
  { type: "ollama", url: "http://127.0.0.1:11434/v1", protocols: ALL },
  { type: "lmstudio", url: "http://127.0.0.1:1234/v1", protocols: ALL },
  { type: "llamacpp", url: "http://127.0.0.1:8080/v1", protocols: PLAIN },
  { type: "sglang", url: "http://127.0.0.1:30000/v1", protocols: PLAIN },
  { type: "openrouter", url: "https://openrouter.ai/api/v1", protocols: BOTH },
  { type: "groq", url: "https://api.groq.com/openai/v1", protocols: BOTH },
  { type: "together", url: "https://api.together.xyz/v1", protocols: PLAIN },
  { type: "mistral", url: "https://api.mistral.ai/v1", protocols: PLAIN },
  { type: "deepseek", url: "https://api.deepseek.com/v1", protocols: PLAIN },
  { type: "xai", url: "https://api.x.ai/v1", protocols: BOTH },
  { type: "fireworks", url: "https://api.fireworks.ai/inference/v1", protocols: PLAIN },
];

/** The provider file of a preset: OpenAI's, with another address and its own protocols. */
export function presetFile({ type, url, protocols }: Preset): ProviderFile {
  return {
    type,
    protocols,
    defaultUrl: url,
    prepare: (call, account, hasOwnKey) =>
      openai.prepare(call, account.url === null ? { ...account, url } : account, hasOwnKey),
  };
}
