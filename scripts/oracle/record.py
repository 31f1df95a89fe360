"""Records the engine's golden files: `python record.py [part …]`, by default all parts."""

import hashlib
import importlib
import platform
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import torch
from transformers.utils import logging

from common import GOLDEN, write_json
from llama_cpp import installed_version

HERE = Path(__file__).resolve().parent
PARTS = ["models", "adapters", "objectives", "encoder", "tokens", "llama_cpp"]
PACKAGES = ["torch", "transformers", "peft", "safetensors", "tokenizers", "gguf", "numpy"]


def main(parts: list[str]) -> None:
    # One thread and no reduced precision: the same numbers on every run of one machine.
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    warnings.filterwarnings("ignore", category=FutureWarning)
    logging.disable_progress_bar()
    for part in parts or PARTS:
        importlib.import_module(part).record()
        print(f"recorded {part}")
    write_json(GOLDEN / "versions.json", versions())


def versions() -> dict[str, object]:
    return {
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "node-llama-cpp": installed_version(),
        "scriptSha256": script_hash(),
    }


def script_hash() -> str:
    """Over the recording scripts, in the order of their names."""
    digest = hashlib.sha256()
    for path in sorted([*HERE.glob("*.py"), *HERE.glob("*.ts")]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    main(sys.argv[1:])
