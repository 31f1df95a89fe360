"""What every recording shares: where golden files go, seeded random numbers, and how tensors and JSON are written."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

GOLDEN = Path(__file__).resolve().parents[2] / "test" / "golden" / "engine"
VOCABULARY = 128
ROWS, LENGTH = 2, 12


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(seed: int, *shape: int, scale: float = 1.0) -> torch.Tensor:
    return torch.randn(*shape, generator=generator(seed)) * scale


def token_ids(seed: int, *shape: int) -> torch.Tensor:
    return torch.randint(0, VOCABULARY, shape, generator=generator(seed))


def write_tensors(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Integers as int32 (JavaScript reads int64 as BigInt), reals as float32; a scalar becomes shape [1]."""
    plain = {}
    for name, tensor in tensors.items():
        dtype = torch.float32 if tensor.is_floating_point() else torch.int32
        plain[name] = tensor.detach().to(dtype).reshape(tensor.shape or (1,)).contiguous().clone()
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(plain, path)


def write_json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def batch(seed: int) -> dict[str, torch.Tensor]:
    """Ids, their targets (already shifted: targets[b, t] is what position t should predict) and loss weights.

    A third of the weights is zero (the prompt, padding), the others lie in [0.5, 1.5).
    """
    weights = 0.5 + torch.rand(ROWS, LENGTH, generator=generator(seed + 2))
    weights[:, : LENGTH // 3] = 0
    return {
        "input_ids": token_ids(seed, ROWS, LENGTH),
        "targets": token_ids(seed + 1, ROWS, LENGTH),
        "weights": weights,
    }


def weighted_cross_entropy(logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """sum(weight * -log p(target)) / sum(weight)."""
    log_probs = torch.log_softmax(logits, dim=-1).gather(-1, targets[..., None])[..., 0]
    return -(weights * log_probs).sum() / weights.sum()
