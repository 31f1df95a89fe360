"""GGUF files as the `gguf` package writes them, after llama.cpp's convert_hf_to_gguf.py and convert_lora_to_gguf.py."""

import json
from pathlib import Path

import gguf
import numpy as np
import torch
from tokenizers import Tokenizer

TYPES = {
    "f32": (gguf.GGMLQuantizationType.F32, gguf.LlamaFileType.ALL_F32),
    "f16": (gguf.GGMLQuantizationType.F16, gguf.LlamaFileType.MOSTLY_F16),
    "q8_0": (gguf.GGMLQuantizationType.Q8_0, gguf.LlamaFileType.MOSTLY_Q8_0),
}


def write_model(path: Path, model: torch.nn.Module, tokenizer: Tokenizer, precision: str) -> dict[str, torch.Tensor]:
    """Writes the file; returns the weights under transformers' names as they are after rounding to this precision."""
    config = model.config
    writer = gguf.GGUFWriter(path, config.model_type)
    write_header(writer, config, TYPES[precision][1])
    write_tokenizer(writer, tokenizer)
    scaling = config.rope_parameters
    if scaling["rope_type"] == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_factors(config))
    rounded = {}
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        data = tensor.numpy()
        wanted = TYPES[precision][0] if data.ndim > 1 else gguf.GGMLQuantizationType.F32
        if config.model_type == "llama" and ("q_proj" in name or "k_proj" in name):
            data = interleave(data, heads_of(name, config))
        packed = gguf.quants.quantize(data, wanted)
        writer.add_tensor(gguf_name(name, config), packed, raw_dtype=wanted)
        rounded[name] = torch.from_numpy(gguf.quants.dequantize(packed, wanted).reshape(data.shape).copy())
        if config.model_type == "llama" and ("q_proj" in name or "k_proj" in name):
            rounded[name] = separate(rounded[name], heads_of(name, config))
    finish(writer)
    return rounded


def write_adapter(path: Path, config: object, alpha: float, tensors: dict[str, torch.Tensor]) -> None:
    """A LoRA adapter; Llama's rows of `B` of q and k are interleaved like the weights they are added to."""
    writer = gguf.GGUFWriter(path, config.model_type)
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, alpha)
    for name, tensor in tensors.items():
        module, part = name.rsplit(".", 1)
        data = tensor.detach().numpy()
        is_rotated = "q_proj" in module or "k_proj" in module
        if part == "lora_B" and is_rotated and config.model_type == "llama":
            data = interleave(data, heads_of(module, config))
        writer.add_tensor(f"{gguf_name(module + '.weight', config)}.{part.lower()}", np.ascontiguousarray(data))
    finish(writer)


def finish(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_header(writer: gguf.GGUFWriter, config: object, file_type: gguf.LlamaFileType) -> None:
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_name(f"tiny {config.model_type}")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(head)
    writer.add_value_length(head)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    if config.model_type == "llama":
        writer.add_rope_dimension_count(head)
        writer.add_vocab_size(config.vocab_size)
    writer.add_file_type(file_type)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)


def write_tokenizer(writer: gguf.GGUFWriter, tokenizer: Tokenizer) -> None:
    words = sorted(tokenizer.get_vocab().items(), key=lambda word: word[1])
    specials = tokenizer.get_added_tokens_decoder()
    kinds = [gguf.TokenType.CONTROL if index in specials else gguf.TokenType.NORMAL for _, index in words]
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([word for word, _ in words])
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_pad_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(False)


def gguf_name(name: str, config: object) -> str:
    names = gguf.get_tensor_name_map(getattr(gguf.MODEL_ARCH, config.model_type.upper()), config.num_hidden_layers)
    found = names.get_name(name, try_suffixes=(".weight", ".bias"))
    if found is None:
        raise KeyError(name)
    return found


def heads_of(name: str, config: object) -> int:
    return config.num_attention_heads if "q_proj" in name else config.num_key_value_heads


def interleave(rows: np.ndarray, heads: int) -> np.ndarray:
    """llama.cpp turns neighbours (0, 1), transformers halves (0, n/2): LlamaModel.permute of convert_hf_to_gguf.py."""
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(rows.shape)


def separate(rows: torch.Tensor, heads: int) -> torch.Tensor:
    return rows.reshape(heads, rows.shape[0] // heads // 2, 2, -1).swapaxes(1, 2).reshape(rows.shape)


def llama3_factors(config: object) -> np.ndarray:
    """By what each rotary frequency is divided: LlamaModel.generate_extra_tensors of convert_hf_to_gguf.py."""
    rope = config.rope_parameters
    original = rope["original_max_position_embeddings"]
    low, high = original / rope["low_freq_factor"], original / rope["high_freq_factor"]
    factors = []
    for index in range(0, config.head_dim, 2):
        wavelength = 2 * np.pi * rope["rope_theta"] ** (index / config.head_dim)
        if wavelength < high:
            factors.append(1.0)
        elif wavelength > low:
            factors.append(rope["factor"])
        else:
            smooth = (original / wavelength - rope["low_freq_factor"]) / (
                rope["high_freq_factor"] - rope["low_freq_factor"]
            )
            factors.append(1 / ((1 - smooth) / rope["factor"] + smooth))
    return np.array(factors, dtype=np.float32)
