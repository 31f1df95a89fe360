"""Loads what Understudy wrote with transformers, PEFT and llama.cpp and compares their logits with ours.

`python check-ours.py FOLDER`: every `case.json` below FOLDER is a case; its fields are in README.md.
"""

import json
import sys
import warnings
from pathlib import Path

import torch
from peft import PeftModel, get_peft_model_state_dict
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM
from transformers.utils import logging

from llama_cpp import ask, request

TOLERANCE = 5e-3
FIELDS = {"model", "adapter", "inputIds", "logits", "tolerance", "texts"}


def main(folder: Path) -> int:
    # A tensor that a library does not know or does not find is only a warning to it; here it is a failure.
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("error", message=".*(missing|unexpected).*key.*")
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    paths = sorted(folder.rglob("case.json"))
    if not paths:
        print(f"Nothing to check: no case.json under {folder}")
        return 1
    failures = 0
    for path in paths:
        problem, difference = check(path)
        failures += problem is not None
        shown = "" if difference is None else f", largest difference {difference:.2e}"
        print(f"{'ok  ' if problem is None else 'FAIL'} {path.parent.relative_to(folder)}{shown}{problem or ''}")
    print(f"{len(paths) - failures} of {len(paths)} agree")
    return 1 if failures else 0


def check(path: Path) -> tuple[str | None, float | None]:
    """What is wrong, or None; and the largest difference of a logit."""
    try:
        case = json.loads(path.read_text())
        if unknown := set(case) - FIELDS:
            return f": unknown fields {sorted(unknown)}", None
        ours = torch.tensor(case["logits"], dtype=torch.float32)
        theirs, ids = answer(path.parent, case)
    except Exception as error:  # noqa: BLE001: a file that a library refuses is the finding
        return f": {type(error).__name__}: {error}", None
    if ours.shape != theirs.shape:
        return f": our logits are {list(ours.shape)}, theirs {list(theirs.shape)}", None
    difference = (ours - theirs).abs().max().item()
    tolerance = case.get("tolerance", TOLERANCE)
    # Written so that NaN fails.
    if not difference <= tolerance:
        return f", at most {tolerance} expected", difference
    for text, expected in zip(case.get("texts", []), ids, strict=True):
        if text["ids"] != expected:
            return f": text {text['text']!r} is {text['ids']} to us, {expected} to them", difference
    return None, difference


def answer(folder: Path, case: dict) -> tuple[torch.Tensor, list[list[int]]]:
    model = (folder / case["model"]).resolve()
    adapter = (folder / case["adapter"]).resolve() if case.get("adapter") else None
    ids, texts = torch.tensor(case["inputIds"]), [text["text"] for text in case.get("texts", [])]
    if model.suffix == ".gguf":
        found = ask([request(model, adapter, ids, texts)])[0]
        return torch.tensor(found["logits"]), found["ids"]
    return by_transformers(model, adapter, ids), by_tokenizers(model, texts)


def by_transformers(folder: Path, adapter: Path | None, ids: torch.Tensor) -> torch.Tensor:
    model, loading = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    if any(loading.values()):
        raise ValueError(f"tensors do not fit: { {key: value for key, value in loading.items() if value} }")
    if adapter:
        model = PeftModel.from_pretrained(model, adapter)
        # PEFT warns of tensors that it misses, and passes over those that it has no place for.
        if unused := set(load_file(adapter / "adapter_model.safetensors")) - set(get_peft_model_state_dict(model)):
            raise ValueError(f"tensors without a place: {sorted(unused)}")
    with torch.no_grad():
        return model.eval()(input_ids=ids).logits


def by_tokenizers(folder: Path, texts: list[str]) -> list[list[int]]:
    if not texts:
        return []
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
