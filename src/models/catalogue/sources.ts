// Where the facts were read, in 2026-11. Dates are those of the copies that were read, not of the models.
export const CONFIGS = "config.json, as in github.com/Lightning-AI/litgpt litgpt/config.py (2026-06-29)";
export const HUB_FACTS =
  "the hub's own figures, as in github.com/AlexsJones/llmfit hf_models.json (2026-05-17)";
export const LOCALAI = "licence, as in github.com/mudler/LocalAI gallery/index.yaml (2026-08-22)";
export const DOCKER_CARDS = "github.com/docker/model-cards (2026-02-11)";
export const XINFERENCE = "github.com/xorbitsai/inference llm_family.json (2026-08-23)";
export const MODELS_DEV = "github.com/anomalyco/models.dev (2026-07-02)";
export const XLAM = "model cards; github.com/SalesforceAIResearch/xLAM README.md (2026-06-02)";
export const LLMRUN = "llmrun.dev/model/salesforce-llama-xlam-2-8b-fc-r";
export const MINICPM_CARD = "model cards of huggingface.co/openbmb and litert-community/MiniCPM5-1B";
export const PHI_CARDS = "model cards of huggingface.co/microsoft";
export const NVIDIA_CARDS = "model cards of huggingface.co/nvidia";
export const JETSON = "jetson-ai-lab.com/models/nemotron-nano-9b-v2";
export const LFM_CARD = "model cards of huggingface.co/LiquidAI; transformers documentation, LFM2";
export const MINISTRAL_CARDS = "model cards of mistralai; ollama.com/library/ministral-3";
export const OLMO_CARDS = "model cards of huggingface.co/allenai; aiwiki.ai/wiki/olmo_3 (2026-05-16)";
export const HUNYUAN_CARD = "model cards of huggingface.co/tencent";
