"""Writes the student as base/encoder/encoder.bin, and reference values for the tests.

Usage: python export.py MODEL_FOLDER WORK_FOLDER REPOSITORY"""
import hashlib
import json
import struct
import sys

import numpy as np
import torch

from teacher import HEADS, WIDTH, read_tokenizer
from train import HEAD, INNER, LAYERS, MARKS, PIECES, UNKNOWN, forward, kept_pieces, pack

# Numbers of a text's vector: the directions in which the teacher's vectors of the corpus lie most.
OUTPUT = 192
# Word pieces that see each other when the encoder is used, and of a longer text; it was trained with more, which cost more time than they gain.
WINDOW, ENDS = 20, 16
# Whole numbers of a matrix lie between minus this and this, and are written with ZERO more.
MOST, ZERO = 63, 64
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
    header = {"kind": "text-encoder", "version": 2, "meta": meta, "arrays": layout}
    head = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    out = bytearray(struct.pack("<II", MAGIC, len(head)) + head)
    for array in arrays.values():
        out += bytes(aligned(len(out)) - len(out)) + array.tobytes()
    return bytes(out) + bytes(aligned(len(out)) - len(out))


def in_levels(matrix):
    """Whole numbers for a matrix, and the scale of each column."""
    scales = np.abs(matrix).max(0) / MOST
    scales[scales == 0] = 1
    return np.round(matrix / scales), scales.astype(np.float32)


def laid(levels):
    """Whole numbers as the kernel reads them: blocks of eight columns, in them fours of rows, the four of each column together."""
    inner, columns = levels.shape
    blocks = (levels + ZERO).astype(np.int8).reshape(inner // 4, 4, columns // 8, 8)
    return np.ascontiguousarray(blocks.transpose(2, 0, 3, 1)).ravel()


def rows_in_levels(x):
    """What the runtime does to the rows of a product."""
    scales = x.abs().amax(-1, keepdim=True)
    scales = torch.where(scales > 0, scales, 1)
    return torch.round(x * (127 / scales)) * (scales / 127)


def ends(ids):
    return ids if len(ids) <= WINDOW else ids[: ENDS // 2] + ids[-ENDS // 2 :]


def vector(p, axes, ids):
    """The tokens at the ends of a text in context, all of them on their own."""
    if not ids:
        return np.zeros(OUTPUT)
    seen = np.array(ends(ids), np.int32)
    tensors = {name: torch.tensor(value) for name, value in p.items()}
    with torch.no_grad():
        said = forward(tensors, *[torch.tensor(part) for part in pack([seen])], rows_in_levels)[0].numpy()
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
    shipped = dict(p, pieces=(levels * scales[:, None]).astype(np.float32))
    matrices, columns = [], []
    for name in ["up"] + [f"{part}#{layer}" for layer in range(len(LAYERS)) for part in ("heads", "out", "middle", "back")]:
        matrix = p[name.replace("#", "")]
        bias = p[name.replace("#", "_bias")] if "#" in name else np.zeros(matrix.shape[1], np.float32)
        whole, of_columns = in_levels(matrix)
        shipped[name.replace("#", "")] = (whole * of_columns).astype(np.float32)
        matrices.append(laid(whole))
        columns += [of_columns, bias]
    norms = [p["norm"]] + [p[f"norm_{part}{layer}"] for layer in range(len(LAYERS)) for part in ("heads", "middle")]
    arrays = {
        "levels": levels.ravel(),
        "scales": scales.astype(np.float32),
        "positions": p["positions"][: WINDOW + MARKS].ravel(),
        "matrices": np.concatenate(matrices),
        "columns": np.concatenate(columns),
        "norms": np.concatenate([norm.ravel() for norm in norms]),
        "contextual": (p["contextual"] @ axes).ravel(),
        "plain": (p["plain"] @ axes).ravel(),
        "bias": p["bias"] @ axes,
    }
    digest = hashlib.sha256(b"".join(array.tobytes() for array in arrays.values())).hexdigest()[:16]
    shape = {
        "pieces": PIECES,
        "dimensions": WIDTH,
        "layers": len(LAYERS),
        "heads": HEADS,
        "headSize": HEAD,
        "inner": INNER,
        "window": WINDOW,
        "ends": ENDS,
        "output": OUTPUT,
    }
    meta = {
        "id": digest,
        "shape": shape,
        "unknown": int(number[UNKNOWN]),
        "start": len(kept) - MARKS,
        "end": len(kept) - 1,
        "vocabulary": [vocabulary[at] for at in kept],
    }
    with open(repository + "/base/encoder/encoder.bin", "wb") as file:
        file.write(packed(meta, arrays))
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
