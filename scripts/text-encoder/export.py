"""Writes the student as base/encoder/encoder.bin, and reference values for the tests.

Usage: python export.py MODEL_FOLDER WORK_FOLDER REPOSITORY"""
import hashlib
import json
import struct
import sys

import numpy as np
import torch

from teacher import read_tokenizer
from train import DIMENSIONS, HEADS, INNER, LAYERS, UNKNOWN, forward, kept_pieces, pack

# Numbers of a text's vector: the directions in which the teacher's vectors of the corpus lie most.
OUTPUT = 192
# Tokens that see each other when the encoder is used; it was trained with more, which cost more time than they gain.
WINDOW = 20
MAGIC = 0x50535355
TYPES = {np.dtype("int8"): "Int8Array", np.dtype("float32"): "Float32Array"}
TEXTS = [
    "what is my balance",
    "Book a table at Café Zoë for 7:30 pm!",
    "x",
    "transfer $1,000 from savings to my checking account, please",
    "日本 naïve fine 😀",
    "don't",
    "",
    "unbelievably counterproductive zzzqqq",
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen",
]


def aligned(size):
    return -(-size // 8) * 8


def packed(meta, arrays):
    """The bytes of `packArtifact` in src/learn/families/artifact.ts."""
    layout = [{"name": n, "type": TYPES[a.dtype], "length": int(a.size)} for n, a in arrays.items()]
    header = {"kind": "text-encoder", "version": 1, "meta": meta, "arrays": layout}
    head = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    out = bytearray(struct.pack("<II", MAGIC, len(head)) + head)
    for array in arrays.values():
        out += bytes(aligned(len(out)) - len(out)) + array.tobytes()
    return bytes(out) + bytes(aligned(len(out)) - len(out))


def layer_of(p, layer):
    names = ["norm_heads", "heads", "out", "norm_middle", "middle", "middle_bias", "back"]
    return np.concatenate([p[f"{name}{layer}"].ravel() for name in names])


def ends(ids):
    return ids if len(ids) <= WINDOW else ids[: WINDOW // 2] + ids[-WINDOW // 2 :]


def vector(p, axes, ids):
    """The tokens at the ends of a text in context, all of them on their own."""
    if not ids:
        return np.zeros(OUTPUT)
    seen = np.array(ends(ids), np.int32)
    tensors = {name: torch.tensor(value) for name, value in p.items()}
    said = forward(tensors, *[torch.tensor(part) for part in pack([seen])])[0].numpy()
    said = said + (p["pieces"][np.array(ids)].mean(0) - p["pieces"][seen].mean(0)) @ p["plain"]
    said = said @ axes
    return said / np.linalg.norm(said)


def main():
    folder, work, repository = sys.argv[1:4]
    vocabulary, kept, number = kept_pieces(folder)
    p = {name: value.astype(np.float32) for name, value in np.load(work + "/student.npz").items()}
    sample = np.load(work + "/corpus.npy").astype(np.float32)[::3]
    axes = np.linalg.svd(sample, full_matrices=False)[2][:OUTPUT].T
    scales = np.abs(p["pieces"]).max(1) / 127
    scales[scales == 0] = 1
    levels = np.round(p["pieces"] / scales[:, None]).astype(np.int8)
    arrays = {
        "levels": levels.ravel(),
        "scales": scales.astype(np.float32),
        "positions": p["positions"][:WINDOW].ravel(),
        "layers": np.concatenate([layer_of(p, layer) for layer in range(LAYERS)]),
        "norm": p["norm"].ravel(),
        "contextual": (p["contextual"] @ axes).ravel(),
        "plain": (p["plain"] @ axes).ravel(),
        "bias": p["bias"] @ axes,
    }
    digest = hashlib.sha256(b"".join(array.tobytes() for array in arrays.values())).hexdigest()[:16]
    shape = {"dimensions": DIMENSIONS, "layers": LAYERS, "heads": HEADS, "inner": INNER, "window": WINDOW, "output": OUTPUT}
    meta = {
        "id": digest,
        "shape": shape,
        "unknown": int(number[UNKNOWN]),
        "vocabulary": [vocabulary[at] for at in kept],
    }
    with open(repository + "/base/encoder/encoder.bin", "wb") as file:
        file.write(packed(meta, arrays))
    shipped = dict(p, pieces=(levels * scales[:, None]).astype(np.float32))
    cases = []
    for text, encoded in zip(TEXTS, read_tokenizer(folder).encode_batch(TEXTS, add_special_tokens=False)):
        ids = [int(number[at]) for at in encoded.ids]
        start = [round(float(value), 6) for value in vector(shipped, axes, ids)[:8]]
        cases.append({"text": text, "ids": ids, "start": start})
    with open(repository + "/test/golden/text-encoder.json", "w", encoding="utf8") as file:
        json.dump({"encoder": digest, "cases": cases}, file, ensure_ascii=False, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
