import type { Licence } from "./open-model.ts";

// SPDX identifiers where there is one, else the licence's own name.
export const APACHE: Licence = { name: "Apache-2.0", link: "https://www.apache.org/licenses/LICENSE-2.0" };
export const MIT: Licence = { name: "MIT", link: "https://opensource.org/license/mit" };
export const CC_BY_NC_4: Licence = {
  name: "CC-BY-NC-4.0",
  link: "https://creativecommons.org/licenses/by-nc/4.0/",
};
export const LLAMA_32: Licence = {
  name: "Llama 3.2 Community",
  link: "https://github.com/meta-llama/llama-models/blob/main/models/llama3_2/LICENSE",
};
export const MIT_ON_LLAMA_31: Licence = {
  name: "MIT; base: Llama 3.1 Community",
  link: "https://github.com/meta-llama/llama-models/blob/main/models/llama3_1/LICENSE",
};
export const GEMMA: Licence = { name: "Gemma Terms", link: "https://ai.google.dev/gemma/terms" };
export const FALCON: Licence = {
  name: "Falcon LLM 2.0",
  link: "https://falconllm.tii.ae/falcon-terms-and-conditions.html",
};
export const LFM: Licence = { name: "LFM Open 1.0", link: null };
export const NVIDIA_OPEN: Licence = {
  name: "NVIDIA Open Model",
  link: "https://developer.download.nvidia.com/licenses/nvidia-open-model-license-agreement-june-2024.pdf",
};
export const NVIDIA_RESEARCH: Licence = { name: "NVIDIA Internal Research", link: null };
export const MISTRAL_RESEARCH: Licence = { name: "Mistral Research", link: null };
