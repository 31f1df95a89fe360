"""Records the engine's golden files: `python record.py [part …]`, by default all parts."""

import hashlib
import importlib
import platform
import sys
from importlib.metadata import version
from pathlib import Path

import torch

from common import GOLDEN, write_json

PARTS = ["models", "adapters", "objectives", "encoder"]
PACKAGES = ["torch", "transformers", "peft", "safetensors", "tokenizers", "gguf", "numpy"]


def main(parts: list[str]) -> None:
    # One thread and no reduced precision: the same numbers on every run of one machine.
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for part in parts or PARTS:
        importlib.import_module(part).record()
        print(f"recorded {part}")
    write_json(GOLDEN / "versions.json", versions())


def versions() -> dict[str, object]:
    return {
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "scriptSha256": script_hash(),
    }


def script_hash() -> str:
    """Over the recording scripts, in the order of their names."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    main(sys.argv[1:])
