"""LoRA and DoRA adapters of `llama` as PEFT saves them: logits, loss, gradients, and AdamW steps with and without clipping.

PEFT treats DoRA's norm |W + BA| as a constant in the gradient (DoRA paper, section 4.3); these gradients do too.
"""

import json
import shutil
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model

from common import GOLDEN, batch, normal, weighted_cross_entropy, write_json, write_tensors
from models import build

MODULES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
KINDS = {"lora": (False, 1000), "dora": (True, 2000)}
ALPHA = 8
STEPS = 3
CLIP = 0.5
ADAMW = {"lr": 1e-2, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01}


def adapted(kind: str, base_name: str = "llama") -> PeftModel:
    """A model under an adapter with random A, B and magnitudes, ready to train."""
    is_dora, seed = KINDS[kind]
    config = LoraConfig(
        r=4, lora_alpha=ALPHA, target_modules=MODULES, lora_dropout=0.0, use_dora=is_dora, task_type="CAUSAL_LM"
    )
    # The base's place is written into adapter_config.json: a folder beside this one, not one of this machine.
    base = build(base_name)
    base.config._name_or_path = base.name_or_path = f"../{base_name}"
    model = get_peft_model(base, config)
    for index, (name, parameter) in enumerate(sorted(trained(model).items())):
        noise = normal(seed + index, *parameter.shape)
        with torch.no_grad():
            if "magnitude" in name:
                # PEFT starts with the norms of W's rows; a trained one has left them.
                parameter.mul_(1 + 0.2 * noise)
            else:
                parameter.copy_(noise * (0.2 if name.endswith("lora_B") else parameter.shape[1] ** -0.5))
    return model


def trained(model: PeftModel) -> dict[str, torch.nn.Parameter]:
    """Trainable tensors by our names: `model.layers.0.self_attn.q_proj.lora_A`."""
    return {our_name(name): value for name, value in model.named_parameters() if value.requires_grad}


def our_name(name: str) -> str:
    return name.removeprefix("base_model.model.").removesuffix(".weight").replace(".default", "")


def record_kind(kind: str) -> None:
    folder = GOLDEN / f"peft-{kind}"
    shutil.rmtree(folder, ignore_errors=True)
    model = adapted(kind)
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    sort_targets(folder / "adapter_config.json")
    given = batch(KINDS[kind][1] + 90)
    logits = model(input_ids=given["input_ids"]).logits
    loss = weighted_cross_entropy(logits, given["targets"], given["weights"])
    loss.backward()
    gradients = {f"grad.{name}": value.grad for name, value in trained(model).items()}
    write_tensors(folder / "expected.safetensors", {**given, "logits": logits, "loss": loss, **gradients})
    write_tensors(folder / "steps.safetensors", optimize(kind, None))
    write_tensors(folder / "steps-clipped.safetensors", optimize(kind, CLIP))


def sort_targets(path: Path) -> None:
    """PEFT writes a set, in another order on every run."""
    config = json.loads(path.read_text())
    write_json(path, {**config, "target_modules": sorted(config["target_modules"])})


def optimize(kind: str, clip: float | None) -> dict[str, torch.Tensor]:
    """Three steps on three batches: after one step alone AdamW's update hardly depends on the gradient's size."""
    model = adapted(kind)
    parameters = trained(model)
    optimizer = torch.optim.AdamW(parameters.values(), **ADAMW)
    batches = [batch(KINDS[kind][1] + 90 + 10 * step) for step in range(STEPS)]
    recorded = {name: torch.stack([given[name] for given in batches]) for name in batches[0]}
    losses, norms = [], []
    for step, given in enumerate(batches):
        optimizer.zero_grad()
        logits = model(input_ids=given["input_ids"]).logits
        loss = weighted_cross_entropy(logits, given["targets"], given["weights"])
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(parameters.values(), clip or float("inf")))
        losses.append(loss.detach())
        optimizer.step()
        if step in (0, STEPS - 1):
            recorded |= {f"after{step + 1}.{name}": value.detach().clone() for name, value in parameters.items()}
    return {**recorded, "losses": torch.stack(losses), "norms": torch.stack(norms)}


def record() -> None:
    for kind in KINDS:
        record_kind(kind)
