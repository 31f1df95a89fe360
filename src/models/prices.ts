import type { Usage } from "../core/index.ts";

/** USD per million tokens. */
export type Price = { readonly inputUsd: number; readonly outputUsd: number };
export type PriceTable = { readonly asOf: string; readonly models: { readonly [model: string]: Price } };

/** List prices of the providers' own endpoints, without cache, batch or volume discounts; override them in the config. */
export const LIST_PRICES: PriceTable = {
  asOf: "2025-11-01",
  models: {
    "gpt-5": { inputUsd: 1.25, outputUsd: 10 },
    "gpt-5-mini": { inputUsd: 0.25, outputUsd: 2 },
    "gpt-5-nano": { inputUsd: 0.05, outputUsd: 0.4 },
    "gpt-4.1": { inputUsd: 2, outputUsd: 8 },
    "gpt-4.1-mini": { inputUsd: 0.4, outputUsd: 1.6 },
    "gpt-4.1-nano": { inputUsd: 0.1, outputUsd: 0.4 },
    "gpt-4o": { inputUsd: 2.5, outputUsd: 10 },
    "gpt-4o-2024-05-13": { inputUsd: 5, outputUsd: 15 },
    "gpt-4o-mini": { inputUsd: 0.15, outputUsd: 0.6 },
    "gpt-4-turbo": { inputUsd: 10, outputUsd: 30 },
    "gpt-4-0125-preview": { inputUsd: 10, outputUsd: 30 },
    "gpt-4-1106-preview": { inputUsd: 10, outputUsd: 30 },
    "gpt-4": { inputUsd: 30, outputUsd: 60 },
    "gpt-3.5-turbo": { inputUsd: 0.5, outputUsd: 1.5 },
    o1: { inputUsd: 15, outputUsd: 60 },
    "o1-mini": { inputUsd: 1.1, outputUsd: 4.4 },
    o3: { inputUsd: 2, outputUsd: 8 },
    "o3-mini": { inputUsd: 1.1, outputUsd: 4.4 },
    "o4-mini": { inputUsd: 1.1, outputUsd: 4.4 },
    "claude-opus-4-5": { inputUsd: 5, outputUsd: 25 },
    "claude-opus-4-1": { inputUsd: 15, outputUsd: 75 },
    "claude-opus-4": { inputUsd: 15, outputUsd: 75 },
    "claude-sonnet-4-5": { inputUsd: 3, outputUsd: 15 },
    "claude-sonnet-4": { inputUsd: 3, outputUsd: 15 },
    "claude-haiku-4-5": { inputUsd: 1, outputUsd: 5 },
    "claude-3-7-sonnet": { inputUsd: 3, outputUsd: 15 },
    "claude-3-5-sonnet": { inputUsd: 3, outputUsd: 15 },
    "claude-3-5-haiku": { inputUsd: 0.8, outputUsd: 4 },
    "claude-3-opus": { inputUsd: 15, outputUsd: 75 },
    "claude-3-sonnet": { inputUsd: 3, outputUsd: 15 },
    "claude-3-haiku": { inputUsd: 0.25, outputUsd: 1.25 },
    "gemini-2.5-pro": { inputUsd: 1.25, outputUsd: 10 },
    "gemini-2.5-flash": { inputUsd: 0.3, outputUsd: 2.5 },
    "gemini-2.5-flash-lite": { inputUsd: 0.1, outputUsd: 0.4 },
    "gemini-2.0-flash": { inputUsd: 0.1, outputUsd: 0.4 },
    "gemini-1.5-pro": { inputUsd: 1.25, outputUsd: 5 },
    "gemini-1.5-flash": { inputUsd: 0.075, outputUsd: 0.3 },
    "mistral-large": { inputUsd: 2, outputUsd: 6 },
    "mistral-small": { inputUsd: 0.1, outputUsd: 0.3 },
    "deepseek-chat": { inputUsd: 0.28, outputUsd: 0.42 },
    "deepseek-reasoner": { inputUsd: 0.28, outputUsd: 0.42 },
  },
};

// `gpt-4o-2024-08-06`, `claude-3-5-sonnet-20241022`, `gpt-3.5-turbo-0125`, `gemini-1.5-pro-002`, `mistral-large-latest`;
// not `gpt-4o-audio-preview`, which is another model with another price.
const VERSION = /^-(\d{4}-\d{2}-\d{2}|\d{8}|\d{4}|\d{3}|latest)$/;

/** The price of a model, also under a dated name or behind a provider's name (`openai/gpt-4o`); null when unknown. */
export function priceOf(model: string, table: PriceTable = LIST_PRICES): Price | null {
  const name = model.slice(model.lastIndexOf("/") + 1);
  if (Object.hasOwn(table.models, name)) return table.models[name];
  const family = Object.keys(table.models).find(
    (known) => name.startsWith(known) && VERSION.test(name.slice(known.length)),
  );
  return family === undefined ? null : table.models[family];
}

/** What a call cost, in USD; null when the price or a token count is unknown, never 0. */
export function costOf(model: string, usage: Usage, table: PriceTable = LIST_PRICES): number | null {
  const price = priceOf(model, table);
  if (price === null || usage.inputTokens === null || usage.outputTokens === null) return null;
  return (usage.inputTokens * price.inputUsd + usage.outputTokens * price.outputUsd) / 1e6;
}
