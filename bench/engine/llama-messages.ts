import type { Measured } from "./measure.ts";

/** What the process with llama.cpp is asked, one at a time. */
export type LlamaRequest =
  | { readonly kind: "open"; readonly library: string; readonly grammar: string; readonly maxTokens: number }
  | { readonly kind: "model"; readonly path: string }
  | { readonly kind: "decode"; readonly path: string; readonly prompts: readonly (readonly number[])[] }
  | { readonly kind: "prefill"; readonly path: string; readonly tokens: readonly number[] };

export type LlamaReply =
  | { readonly kind: "done" }
  | {
      readonly kind: "decoded";
      readonly measured: Measured;
      readonly answers: readonly (readonly number[])[];
    }
  | { readonly kind: "prefilled"; readonly measured: Measured }
  | { readonly kind: "failed"; readonly reason: string };
