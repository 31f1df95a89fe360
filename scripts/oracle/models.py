"""Tiny random decoders as transformers saves them, with its logits, loss and gradients in float32."""

import shutil
from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel, Qwen2Config, Qwen2ForCausalLM
from transformers import Qwen3Config, Qwen3ForCausalLM

from common import GOLDEN, VOCABULARY, batch, normal, weighted_cross_entropy, write_tensors

SHAPE = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
    "tie_word_embeddings": True,
    "attn_implementation": "eager",
}
PLAIN_ROPE = {"rope_type": "default", "rope_theta": 10000.0}
# 64 positions originally: of the four rotary wavelengths (6, 63, 628, 6283) one is kept, one blended, two stretched.
LLAMA3_ROPE = {
    "rope_type": "llama3",
    "rope_theta": 10000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}


def llama(**changes: object) -> LlamaForCausalLM:
    config = {**SHAPE, "rms_norm_eps": 1e-5, "head_dim": 8, "rope_parameters": PLAIN_ROPE, **changes}
    return LlamaForCausalLM(LlamaConfig(**config))


def qwen2(**changes: object) -> Qwen2ForCausalLM:
    rope = {"rope_type": "default", "rope_theta": 1000000.0}
    return Qwen2ForCausalLM(Qwen2Config(**{**SHAPE, "rms_norm_eps": 1e-6, "rope_parameters": rope, **changes}))


def qwen3(**changes: object) -> Qwen3ForCausalLM:
    rope = {"rope_type": "default", "rope_theta": 1000000.0}
    return Qwen3ForCausalLM(Qwen3Config(**{**SHAPE, "rms_norm_eps": 1e-6, "rope_parameters": rope, **changes}))


# name: (builder, its changes, seed)
CASES = {
    "llama": (llama, {}, 100),
    "llama3-rope-scaling": (llama, {"rope_parameters": LLAMA3_ROPE}, 200),
    "llama-untied": (llama, {"tie_word_embeddings": False}, 300),
    "qwen2": (qwen2, {}, 400),
    "qwen3": (qwen3, {"head_dim": 16}, 500),
    "qwen3-untied": (qwen3, {"head_dim": 8, "tie_word_embeddings": False}, 600),
}


def build(name: str) -> PreTrainedModel:
    builder, changes, seed = CASES[name]
    model = builder(**changes).float().eval()
    randomize(model, seed)
    return model


def randomize(model: PreTrainedModel, seed: int) -> None:
    """Larger than transformers' initial weights, so that a wrong norm, bias or rotation moves the logits well over 5e-3."""
    for index, (name, parameter) in enumerate(sorted(model.named_parameters())):
        noise = normal(seed + index, *parameter.shape)
        with torch.no_grad():
            if "norm" in name:
                parameter.copy_(1 + 0.2 * noise)
            elif name.endswith("bias"):
                parameter.copy_(0.5 * noise)
            elif "embed" in name or "lm_head" in name:
                parameter.copy_(0.4 * noise)
            else:
                parameter.copy_(noise / parameter.shape[1] ** 0.5)


def record_model(name: str) -> None:
    model = build(name)
    folder = GOLDEN / name
    save(model, folder)
    given = batch(CASES[name][2] + 90)
    output = model(input_ids=given["input_ids"], output_hidden_states=True)
    loss = weighted_cross_entropy(output.logits, given["targets"], given["weights"])
    loss.backward()
    gradients = {f"grad.{parameter}": value.grad for parameter, value in model.named_parameters()}
    states = {"hidden": output.hidden_states[-1], "logits": output.logits, "loss": loss}
    write_tensors(folder / "expected.safetensors", {**given, **states, **gradients})


def record_bfloat16() -> None:
    """Weights stored as bfloat16, once whole and once in shards; the arithmetic stays float32."""
    model = build("llama").to(torch.bfloat16)
    save(model, GOLDEN / "llama-bf16")
    save(model, GOLDEN / "llama-bf16-sharded", max_shard_size="24KB")
    given = batch(CASES["llama"][2] + 90)
    with torch.no_grad():
        logits = model.float()(input_ids=given["input_ids"]).logits
    expected = {"input_ids": given["input_ids"], "logits": logits}
    write_tensors(GOLDEN / "llama-bf16" / "expected.safetensors", expected)


def record_linear_rope() -> None:
    """Linear rotary scaling on the weights of `llama`: a configuration of its own, no second copy of the weights."""
    rope = {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0}
    model = llama(rope_parameters=rope).float().eval()
    model.load_state_dict(build("llama").state_dict())
    given = batch(CASES["llama"][2] + 90)
    with torch.no_grad():
        logits = model(input_ids=given["input_ids"]).logits
    folder = GOLDEN / "llama-linear-rope"
    model.config.architectures = ["LlamaForCausalLM"]
    model.config.save_pretrained(folder)
    write_tensors(folder / "expected.safetensors", {"input_ids": given["input_ids"], "logits": logits})


def save(model: PreTrainedModel, folder: Path, **options: object) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder, **options)
    # What an answer samples with is no part of the oracle.
    (folder / "generation_config.json").unlink(missing_ok=True)


def record() -> None:
    for name in CASES:
        record_model(name)
    record_bfloat16()
    record_linear_rope()
