/** A provider as other gateways name it: our type, its address where it is not the type's own, the usual variable of its key. */
export type ProviderKind = { readonly type: string; readonly url?: string; readonly keyEnv?: string };

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
  groq: { type: "groq", keyEnv: "GROQ_API_KEY" },
  together_ai: { type: "together", keyEnv: "TOGETHER_API_KEY" },
  "together-ai": { type: "together", keyEnv: "TOGETHER_API_KEY" },
  deepseek: { type: "deepseek", keyEnv: "DEEPSEEK_API_KEY" },
  mistral: { type: "mistral", keyEnv: "MISTRAL_API_KEY" },
  "mistral-ai": { type: "mistral", keyEnv: "MISTRAL_API_KEY" },
  openrouter: { type: "openrouter", keyEnv: "OPENROUTER_API_KEY" },
  fireworks_ai: { type: "fireworks", keyEnv: "FIREWORKS_API_KEY" },
  "fireworks-ai": { type: "fireworks", keyEnv: "FIREWORKS_API_KEY" },
  xai: { type: "xai", keyEnv: "XAI_API_KEY" },
  "x-ai": { type: "xai", keyEnv: "XAI_API_KEY" },
  perplexity: compatible("https://api.perplexity.ai", "PERPLEXITY_API_KEY"),
  "perplexity-ai": compatible("https://api.perplexity.ai", "PERPLEXITY_API_KEY"),
  cerebras: compatible("https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
  nvidia_nim: compatible("https://integrate.api.nvidia.com/v1", "NVIDIA_API_KEY"),
  ollama: { type: "ollama" },
  ollama_chat: { type: "ollama" },
  hosted_vllm: { type: "vllm" },
  vllm: { type: "vllm" },
  lm_studio: { type: "lmstudio" },
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
