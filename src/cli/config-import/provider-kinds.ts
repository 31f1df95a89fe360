import type { providerForm } from "../gateway-config.ts";
import type { z } from "zod";

export type ProviderType = z.infer<typeof providerForm>["type"];

/** A provider as other gateways name it: our type, its address where it is not the type's own, the usual variable of its key. */
export type ProviderKind = { readonly type: ProviderType; readonly url?: string; readonly keyEnv?: string };

const compatible = (url: string, keyEnv: string): ProviderKind => ({ type: "openai", url, keyEnv });

/** By the names LiteLLM and Portkey use. Addresses as the providers document them (November 2026). */
const KINDS: { readonly [name: string]: ProviderKind } = {
  openai: { type: "openai", keyEnv: "OPENAI_API_KEY" },
  anthropic: { type: "anthropic", keyEnv: "ANTHROPIC_API_KEY" },
  azure: { type: "azure", keyEnv: "AZURE_API_KEY" },
  "azure-openai": { type: "azure", keyEnv: "AZURE_API_KEY" },
  gemini: { type: "gemini", keyEnv: "GEMINI_API_KEY" },
  google: { type: "gemini", keyEnv: "GEMINI_API_KEY" },
  bedrock: { type: "bedrock" },
  groq: compatible("https://api.groq.com/openai/v1", "GROQ_API_KEY"),
  together_ai: compatible("https://api.together.xyz/v1", "TOGETHER_API_KEY"),
  "together-ai": compatible("https://api.together.xyz/v1", "TOGETHER_API_KEY"),
  deepseek: compatible("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
  mistral: compatible("https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
  "mistral-ai": compatible("https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
  openrouter: compatible("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
  fireworks_ai: compatible("https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
  "fireworks-ai": compatible("https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
  xai: compatible("https://api.x.ai/v1", "XAI_API_KEY"),
  "x-ai": compatible("https://api.x.ai/v1", "XAI_API_KEY"),
  perplexity: compatible("https://api.perplexity.ai", "PERPLEXITY_API_KEY"),
  "perplexity-ai": compatible("https://api.perplexity.ai", "PERPLEXITY_API_KEY"),
  cerebras: compatible("https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
  nvidia_nim: compatible("https://integrate.api.nvidia.com/v1", "NVIDIA_API_KEY"),
  ollama: { type: "openai", url: "http://127.0.0.1:11434/v1" },
  ollama_chat: { type: "openai", url: "http://127.0.0.1:11434/v1" },
  hosted_vllm: { type: "openai" },
  vllm: { type: "openai" },
  lm_studio: { type: "openai" },
  openai_like: { type: "openai" },
  litellm_proxy: { type: "openai" },
};

/** The kind of that name; null where there is none we can reach. */
export function kindOf(name: string): ProviderKind | null {
  return Object.hasOwn(KINDS, name) ? KINDS[name] : null;
}

/** The provider of a model that is named without one, by the name. */
export function providerOfModel(model: string): string {
  if (/^claude/i.test(model)) return "anthropic";
  return /^gemini/i.test(model) ? "gemini" : "openai";
}
