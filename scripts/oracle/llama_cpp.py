"""GGUF models and adapters with the logits of llama.cpp, which node-llama-cpp brings along (see run.ts)."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import torch

from adapters import ALPHA, adapted, trained
from common import GOLDEN, LENGTH, ROWS, token_ids, write_json, write_tensors
from gguf_files import write_adapter, write_model
from models import build
from strings import STRINGS
from tokens import ascii_words, write_lines

FOLDER = GOLDEN / "gguf"
# Model and precision; the last three are there for rotary scaling, biases and a free head.
FILES = [
    *[(name, precision) for name in ("llama", "qwen3") for precision in ("f32", "f16", "q8_0")],
    ("llama3-rope-scaling", "f16"),
    ("qwen2", "f16"),
    ("llama-untied", "q8_0"),
]
ADAPTED = ["llama", "qwen3"]
# Beyond these the file or the reading of it is wrong: q8_0 rounds the activations too, f16 multiplies in half precision.
LIMITS = {"f32": 1e-4, "f16": 2e-2, "q8_0": 0.3}


def installed_version() -> str:
    package = Path(os.environ["ORACLE_LLAMA"]) / "node_modules" / "node-llama-cpp" / "package.json"
    return json.loads(package.read_text())["version"]


def ask(requests: list[dict[str, object]]) -> list[dict[str, list]]:
    """Runs llama-logits.ts; ORACLE_NODE is a Node that runs TypeScript, ORACLE_LLAMA a folder with node-llama-cpp."""
    script = Path(__file__).parent / "llama-logits.ts"
    command = [os.environ.get("ORACLE_NODE", "node"), str(script), os.environ["ORACLE_LLAMA"]]
    done = subprocess.run(command, input=json.dumps(requests), stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def request(model: Path, adapter: Path | None, ids: torch.Tensor, texts: list[str]) -> dict[str, object]:
    return {"model": str(model), "adapter": adapter and str(adapter), "inputIds": ids.tolist(), "texts": texts}


def record() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    tokenizer = ascii_words()
    tokenizer.save(str(FOLDER / "tokenizer.json"))
    ids = token_ids(6000, ROWS, LENGTH)
    texts = [text for text in STRINGS if all(32 <= ord(letter) < 127 or letter in "\n\t" for letter in text)]
    references = {}
    requests = {}
    for name, precision in FILES:
        file = f"{name}-{precision}"
        model = build(name)
        rounded = write_model(FOLDER / f"{file}.gguf", model, tokenizer, precision)
        references[file] = logits_with(model, rounded, ids)
        requests[file] = request(FOLDER / f"{file}.gguf", None, ids, texts)
    for name in ADAPTED:
        file = f"{name}-lora"
        model = adapted("lora", name)
        write_adapter(FOLDER / f"{file}.gguf", model.base_model.model.config, ALPHA, trained(model))
        references[file] = logits_with(model, {}, ids)
        requests[file] = request(FOLDER / f"{name}-f32.gguf", FOLDER / f"{file}.gguf", ids, [])
    answers = dict(zip(requests, ask(list(requests.values())), strict=True))
    record_logits(answers, references, ids)
    record_words(answers["llama-f32"]["ids"], texts)


def logits_with(model: torch.nn.Module, weights: dict[str, torch.Tensor], ids: torch.Tensor) -> torch.Tensor:
    model.load_state_dict(weights, strict=False)
    with torch.no_grad():
        return model(input_ids=ids).logits


def record_logits(
    answers: dict[str, dict[str, list]], references: dict[str, torch.Tensor], ids: torch.Tensor
) -> None:
    """Stops where llama.cpp and transformers disagree: then the file is wrong, and a test against it would be, too."""
    differences = {}
    for file, answer in answers.items():
        logits = torch.tensor(answer["logits"])
        differences[file] = (logits - references[file]).abs().max().item()
        limit = LIMITS.get(file.rsplit("-", 1)[1], LIMITS["f32"])
        if differences[file] > limit:
            raise SystemExit(f"{file}: llama.cpp and transformers differ by {differences[file]}, at most {limit} expected")
        values = {"input_ids": ids, "logits": logits}
        if differences[file] > LIMITS["f32"]:
            values["transformers"] = references[file]
        write_tensors(FOLDER / f"{file}.expected.safetensors", values)
    write_json(FOLDER / "differences.json", differences)


def record_words(by_llama: list[list[int]], texts: list[str]) -> None:
    tokenizer = ascii_words()
    by_tokenizers = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    if by_llama != by_tokenizers:
        raise SystemExit("llama.cpp and tokenizers disagree on the ids of a text")
    write_lines(
        FOLDER / "tokenizer.expected.json",
        [{"text": text, "ids": ids} for text, ids in zip(texts, by_llama, strict=True)],
    )
