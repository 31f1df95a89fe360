"""Losses beyond cross-entropy, by their formulas: preference (DPO) on `llama`'s LoRA tensors, distillation on bare logits."""

import torch

from adapters import adapted, trained
from common import GOLDEN, LENGTH, ROWS, VOCABULARY, normal, token_ids, write_tensors

BETA = 0.1
TEMPERATURE = 2.0
POSITIONS, TOP = 6, 8
PROMPT = 4


def record_preference() -> None:
    """DPO (Rafailov et al. 2023, equation 7), mean over pairs; the reference is the base without its adapter."""
    model = adapted("lora")
    given = {**answers("chosen", 3000, [12, 10]), **answers("rejected", 3010, [9, 12])}
    with torch.no_grad(), model.disable_adapter():
        reference = {f"reference_{side}": log_prob(model, given, side) for side in ("chosen", "rejected")}
    policy = {f"policy_{side}": log_prob(model, given, side) for side in ("chosen", "rejected")}
    gain = (policy["policy_chosen"] - reference["reference_chosen"]) - (
        policy["policy_rejected"] - reference["reference_rejected"]
    )
    loss = -torch.nn.functional.logsigmoid(BETA * gain).mean()
    loss.backward()
    gradients = {f"grad.{name}": value.grad for name, value in trained(model).items()}
    values = {**given, **reference, **policy, "margins": BETA * gain, "loss": loss, **gradients}
    write_tensors(GOLDEN / "dpo" / "expected.safetensors", values)


def answers(side: str, seed: int, lengths: list[int]) -> dict[str, torch.Tensor]:
    """Two answers to one prompt each, padded with 0 on the right; the weight is 1 where the target is part of the answer."""
    ids = token_ids(seed, ROWS, LENGTH + 1)
    ids[:, :PROMPT] = token_ids(3090, ROWS, PROMPT)
    weights = torch.zeros(ROWS, LENGTH)
    for row, length in enumerate(lengths):
        ids[row, length + 1 :] = 0
        weights[row, PROMPT - 1 : length] = 1
    return {f"{side}_ids": ids[:, :-1], f"{side}_targets": ids[:, 1:], f"{side}_weights": weights}


def log_prob(model: torch.nn.Module, given: dict[str, torch.Tensor], side: str) -> torch.Tensor:
    log_probs = torch.log_softmax(model(input_ids=given[f"{side}_ids"]).logits, dim=-1)
    picked = log_probs.gather(-1, given[f"{side}_targets"][..., None])[..., 0]
    return (picked * given[f"{side}_weights"]).sum(dim=-1)


def record_distillation() -> None:
    """Forward KL at a temperature, times its square (Hinton et al. 2015, section 2)."""
    student = normal(4000, POSITIONS, VOCABULARY, scale=2.0)
    teacher = torch.log_softmax(normal(4001, POSITIONS, VOCABULARY, scale=2.0), dim=-1)
    top = teacher.topk(TOP, dim=-1)
    weights = torch.tensor([1.0, 0.5, 0.0, 2.0, 1.0, 1.0])
    values = {"logits": student, "weights": weights, "teacher": teacher}
    values |= {"top_ids": top.indices, "top_log_probs": top.values}
    for name, ids, log_probs in (("full", None, teacher), ("top", top.indices, top.values)):
        logits = student.clone().requires_grad_()
        per_position = divergence(logits, ids, log_probs)
        loss = TEMPERATURE**2 * (weights * per_position).sum() / weights.sum()
        loss.backward()
        values |= {f"{name}.divergence": per_position, f"{name}.loss": loss, f"{name}.grad": logits.grad}
    write_tensors(GOLDEN / "distillation" / "expected.safetensors", values)


def divergence(logits: torch.Tensor, ids: torch.Tensor | None, log_probs: torch.Tensor) -> torch.Tensor:
    """KL(teacher || student) of each position; a top-k teacher is renormalized over its k, the student over all words."""
    own = torch.log_softmax(logits / TEMPERATURE, dim=-1)
    own = own if ids is None else own.gather(-1, ids)
    target = torch.log_softmax(log_probs / TEMPERATURE, dim=-1)
    return (target.exp() * (target - own)).sum(dim=-1)


def record() -> None:
    record_preference()
    record_distillation()
