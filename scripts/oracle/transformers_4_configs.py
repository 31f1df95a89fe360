"""Writes every config.json once more as transformers 4 would have: most models on the Hub are described that way.

Runs under requirements-transformers-4.txt, after record.py; needs no torch.
"""

import json
import tempfile
from pathlib import Path

import transformers

GOLDEN = Path(__file__).resolve().parents[2] / "test" / "golden" / "engine"
SKIPPED = {"rope_parameters", "transformers_version", "dtype", "layer_types"}
CLASSES = {
    "llama": transformers.LlamaConfig,
    "qwen2": transformers.Qwen2Config,
    "qwen3": transformers.Qwen3Config,
}


def main() -> None:
    for path in sorted(GOLDEN.glob("*/config.json")):
        given = json.loads(path.read_text())
        rope = dict(given["rope_parameters"])
        config = {name: value for name, value in given.items() if name not in SKIPPED}
        config |= {"rope_theta": rope.pop("rope_theta"), "torch_dtype": given.get("dtype", "float32")}
        if rope["rope_type"] != "default":
            config["rope_scaling"] = rope
        with tempfile.TemporaryDirectory() as folder:
            CLASSES[given["model_type"]](**config).save_pretrained(folder)
            (path.parent / "config.transformers-4.json").write_text((Path(folder) / "config.json").read_text())
    print("recorded transformers_4_configs")


if __name__ == "__main__":
    main()
