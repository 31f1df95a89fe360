"""The teacher: all-MiniLM-L6-v2 in torch, and what it says of the corpus.

Usage: python teacher.py MODEL_FOLDER CORPUS OUT_FOLDER
Writes tokens.npy (each piece of the vocabulary alone) and corpus.npy (every text)."""
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from tokenizers import Tokenizer

LAYERS, HEADS, WIDTH = 6, 12, 384
CLS, SEP = 101, 102
LONGEST = 64


def read_teacher(folder):
    weights = load_file(folder + "/model.safetensors")
    return {name: value for name, value in weights.items() if value.is_floating_point()}


def read_tokenizer(folder):
    tokenizer = Tokenizer.from_file(folder + "/tokenizer.json")
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


@torch.inference_mode()
def forward(weights, ids, mask, watch=lambda layer, read, middle: None):
    """watch is told of each layer what its heads read, and the middle of its feed-forward part."""
    batch, length = ids.shape

    def linear(x, name):
        return F.linear(x, weights[name + ".weight"], weights[name + ".bias"])

    def normed(x, name):
        return F.layer_norm(x, (WIDTH,), weights[name + ".weight"], weights[name + ".bias"], 1e-12)

    x = weights["embeddings.word_embeddings.weight"][ids]
    x = x + weights["embeddings.position_embeddings.weight"][:length]
    x = normed(x + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    live = mask[:, None, None, :] > 0
    for layer in range(LAYERS):
        p = f"encoder.layer.{layer}."
        read = x
        q, k, v = [
            linear(x, p + "attention.self." + name).view(batch, length, HEADS, WIDTH // HEADS).transpose(1, 2)
            for name in ("query", "key", "value")
        ]
        seen = F.scaled_dot_product_attention(q, k, v, attn_mask=live).transpose(1, 2).reshape(batch, length, WIDTH)
        x = normed(x + linear(seen, p + "attention.output.dense"), p + "attention.output.LayerNorm")
        middle = F.gelu(linear(x, p + "intermediate.dense"))
        watch(layer, read, middle)
        x = normed(x + linear(middle, p + "output.dense"), p + "output.LayerNorm")
    return F.normalize((x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True), dim=-1)


def read_texts(weights, tokenizer, texts, size=256):
    ids = [e.ids if len(e.ids) <= LONGEST else e.ids[: LONGEST - 1] + [SEP] for e in tokenizer.encode_batch(texts)]
    order = np.argsort([len(e) for e in ids], kind="stable")
    out = np.zeros((len(texts), WIDTH), np.float32)
    started = time.time()
    for at in range(0, len(order), size):
        part = order[at : at + size]
        length = max(len(ids[j]) for j in part)
        batch, mask = torch.zeros(len(part), length, dtype=torch.long), torch.zeros(len(part), length)
        for row, j in enumerate(part):
            batch[row, : len(ids[j])] = torch.tensor(ids[j])
            mask[row, : len(ids[j])] = 1
        out[part] = forward(weights, batch, mask).numpy()
        if at // size % 100 == 0:
            print(at, len(order), round(time.time() - started), file=sys.stderr, flush=True)
    return out


def read_tokens(weights, count, size=1024):
    """Every piece alone, between the marks of start and end."""
    out = np.zeros((count, WIDTH), np.float32)
    for at in range(0, count, size):
        ids = torch.tensor([[CLS, piece, SEP] for piece in range(at, min(at + size, count))])
        out[at : at + size] = forward(weights, ids, torch.ones(ids.shape)).numpy()
    return out


if __name__ == "__main__":
    model, corpus, out = sys.argv[1:4]
    teacher, pieces = read_teacher(model), read_tokenizer(model)
    count = len(open(model + "/vocab.txt", encoding="utf8").read().splitlines())
    np.save(out + "/tokens.npy", read_tokens(teacher, count))
    lines = open(corpus, encoding="utf8").read().split("\n")
    np.save(out + "/corpus.npy", read_texts(teacher, pieces, lines).astype(np.float16))
