"""The teacher: all-MiniLM-L6-v2 in jax, and what it says of the corpus.

Usage: python teacher.py MODEL_FOLDER CORPUS OUT_FOLDER [every=3]
Writes tokens.npy (each piece of the vocabulary alone) and corpus.npy (every third text)."""
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

LAYERS, HEADS, WIDTH = 6, 12, 384
CLS, SEP = 101, 102
LONGEST = 64


def norm(x, scale, shift):
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) / jnp.sqrt(variance + 1e-12) * scale + shift


@jax.jit
def forward(weights, ids, mask):
    batch, length = ids.shape

    def linear(x, name):
        return x @ weights[name + ".weight"].T + weights[name + ".bias"]

    def normed(x, name):
        return norm(x, weights[name + ".weight"], weights[name + ".bias"])

    def heads(x):
        return x.reshape(batch, length, HEADS, WIDTH // HEADS).transpose(0, 2, 1, 3)

    x = weights["embeddings.word_embeddings.weight"][ids]
    x = x + weights["embeddings.position_embeddings.weight"][:length][None]
    x = normed(x + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    hide = (1 - mask)[:, None, None, :] * -1e9
    for layer in range(LAYERS):
        p = f"encoder.layer.{layer}."
        q, k, v = [heads(linear(x, p + "attention.self." + name)) for name in ("query", "key", "value")]
        seen = jax.nn.softmax(q @ k.transpose(0, 1, 3, 2) / np.sqrt(WIDTH // HEADS) + hide, -1) @ v
        seen = seen.transpose(0, 2, 1, 3).reshape(batch, length, WIDTH)
        x = normed(x + linear(seen, p + "attention.output.dense"), p + "attention.output.LayerNorm")
        middle = jax.nn.gelu(linear(x, p + "intermediate.dense"), approximate=False)
        x = normed(x + linear(middle, p + "output.dense"), p + "output.LayerNorm")
    mean = (x * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
    return mean / jnp.linalg.norm(mean, axis=-1, keepdims=True)


def read_teacher(folder):
    weights = load_file(folder + "/model.safetensors")
    return {name: value for name, value in weights.items() if value.dtype != np.int64}


def read_tokenizer(folder):
    tokenizer = Tokenizer.from_file(folder + "/tokenizer.json")
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def read_texts(weights, tokenizer, texts, size=128):
    ids = [e.ids if len(e.ids) <= LONGEST else e.ids[: LONGEST - 1] + [SEP] for e in tokenizer.encode_batch(texts)]
    order = np.argsort([len(e) for e in ids], kind="stable")
    out = np.zeros((len(texts), WIDTH), np.float32)
    started = time.time()
    for at in range(0, len(order), size):
        part = order[at : at + size]
        length = -(-max(len(ids[j]) for j in part) // 4) * 4
        batch = np.zeros((size, length), np.int32)
        mask = np.zeros((size, length), np.float32)
        mask[len(part) :, 0] = 1
        for row, j in enumerate(part):
            batch[row, : len(ids[j])] = ids[j]
            mask[row, : len(ids[j])] = 1
        out[part] = np.asarray(forward(weights, batch, mask))[: len(part)]
        if at // size % 100 == 0:
            print(at, len(order), round(time.time() - started), file=sys.stderr, flush=True)
    return out


def read_tokens(weights, count, size=512):
    """Every piece alone, between the marks of start and end."""
    out = np.zeros((count, WIDTH), np.float32)
    for at in range(0, count, size):
        n = min(size, count - at)
        ids = np.zeros((size, 4), np.int32)
        ids[:, 0], ids[:, 2] = CLS, SEP
        ids[:n, 1] = np.arange(at, at + n)
        mask = np.zeros((size, 4), np.float32)
        mask[:, :3] = 1
        out[at : at + n] = np.asarray(forward(weights, ids, mask))[:n]
    return out


if __name__ == "__main__":
    model, corpus, out = sys.argv[1:4]
    every = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    teacher, pieces = read_teacher(model), read_tokenizer(model)
    count = len(open(model + "/vocab.txt", encoding="utf8").read().splitlines())
    np.save(out + "/tokens.npy", read_tokens(teacher, count))
    lines = open(corpus, encoding="utf8").read().split("\n")[::every]
    np.save(out + "/corpus.npy", read_texts(teacher, pieces, lines).astype(np.float16))
