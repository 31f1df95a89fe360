"""`llama` read in both directions: every token sees every real token, before and after it; mean pooling."""

import torch

from common import GOLDEN, LENGTH, ROWS, normal, token_ids, write_tensors
from models import build

LENGTHS = [12, 7]


def record() -> None:
    model = build("llama").model
    mask = (torch.arange(LENGTH)[None, :] < torch.tensor(LENGTHS)[:, None]).float()
    ids = token_ids(5000, ROWS, LENGTH) * mask.long()
    # Added to the scores, [rows, 1, queries, keys]: without the causal part that transformers would add to a 2D mask.
    added = ((1 - mask) * torch.finfo(torch.float32).min)[:, None, None, :].expand(ROWS, 1, LENGTH, LENGTH)
    hidden = model(input_ids=ids, attention_mask=added).last_hidden_state * mask[..., None]
    pooled = hidden.sum(dim=1) / mask.sum(dim=1, keepdim=True)
    direction = normal(5001, *pooled.shape)
    (pooled * direction).sum().backward()
    values = {"input_ids": ids, "mask": mask, "hidden": hidden, "pooled": pooled, "direction": direction}
    gradients = {f"grad.model.{name}": value.grad for name, value in model.named_parameters()}
    write_tensors(GOLDEN / "encoder" / "expected.safetensors", {**values, **gradients})
