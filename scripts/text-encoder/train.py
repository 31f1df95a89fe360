"""The student: a small encoder that is made to say of a text what the teacher says.

Usage: python train.py MODEL_FOLDER CORPUS WORK_FOLDER [epochs=14]
Reads what teacher.py wrote into WORK_FOLDER, writes student.npz there."""
import math
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

from teacher import WIDTH, read_tokenizer

DIMENSIONS, LAYERS, HEADS, INNER, WINDOW = 128, 3, 4, 384, 32
BATCH, RATE, WARM_UP = 512, 2e-3, 300
# Texts that a run is watched on.
HELD = 2048
UNKNOWN = 100


def kept_pieces(folder):
    """Places in the vocabulary of the pieces kept, those of plain ASCII; and for every place its number among them."""
    vocabulary = open(folder + "/vocab.txt", encoding="utf8").read().split("\n")
    vocabulary = vocabulary[:-1] if vocabulary[-1] == "" else vocabulary

    def is_plain(piece):
        return all(33 <= ord(c) < 127 for c in piece) and not (piece[0] == "[" and len(piece) > 1)

    kept = [at for at, piece in enumerate(vocabulary) if piece == "[UNK]" or is_plain(piece)]
    number = np.full(len(vocabulary), -1, np.int32)
    number[kept] = np.arange(len(kept))
    number[number < 0] = number[UNKNOWN]
    return vocabulary, kept, number


def pieces_of(tokenizer, number, texts):
    out = []
    for encoded in tokenizer.encode_batch(texts, add_special_tokens=False):
        ids = number[np.array(encoded.ids, np.int32)] if encoded.ids else number[[UNKNOWN]]
        out.append(ids if len(ids) <= WINDOW else np.concatenate([ids[: WINDOW // 2], ids[-WINDOW // 2 :]]))
    return out


def pack(sequences):
    ids = np.zeros((len(sequences), WINDOW), np.int64)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = sequence
    return ids, np.array([len(sequence) for sequence in sequences], np.int64)


def first_weights(tokens):
    """Pieces start as what the teacher says of each alone, on the axes of most variance; the context starts at nothing."""
    draw = np.random.default_rng(0)

    def random(*shape):
        return draw.standard_normal(shape) / np.sqrt(shape[0])

    def plain_norm():
        return np.stack([np.ones(DIMENSIONS), np.zeros(DIMENSIONS)])

    centred = tokens - tokens.mean(0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:DIMENSIONS]
    pieces = centred @ axes.T
    scale = pieces.std() / 0.3
    weights = {
        "pieces": pieces / scale,
        "positions": 0.02 * draw.standard_normal((WINDOW, DIMENSIONS)),
        "plain": axes * scale,
        "contextual": np.zeros((DIMENSIONS, WIDTH)),
        "bias": tokens.mean(0),
        "norm": plain_norm(),
    }
    for layer in range(LAYERS):
        weights |= {
            f"heads{layer}": random(DIMENSIONS, 3 * DIMENSIONS),
            f"out{layer}": random(DIMENSIONS, DIMENSIONS) * 0.5,
            f"middle{layer}": random(DIMENSIONS, INNER),
            f"middle_bias{layer}": np.zeros(INNER),
            f"back{layer}": random(INNER, DIMENSIONS) * 0.5,
            f"norm_heads{layer}": plain_norm(),
            f"norm_middle{layer}": plain_norm(),
        }
    return {name: torch.tensor(value, dtype=torch.float32, requires_grad=True) for name, value in weights.items()}


def norm(x, p):
    return F.layer_norm(x, (DIMENSIONS,), p[0], p[1], 1e-5)


def forward(p, ids, lengths):
    batch, length = ids.shape
    live = torch.arange(length)[None] < lengths[:, None]
    mask, count = live[..., None].float(), lengths[:, None].float()
    alone = F.embedding(ids, p["pieces"])
    x = alone + p["positions"][:length]
    for layer in range(LAYERS):
        split = (norm(x, p[f"norm_heads{layer}"]) @ p[f"heads{layer}"]).split(DIMENSIONS, -1)
        q, k, v = [part.view(batch, length, HEADS, DIMENSIONS // HEADS).transpose(1, 2) for part in split]
        seen = F.scaled_dot_product_attention(q, k, v, attn_mask=live[:, None, None, :])
        x = x + seen.transpose(1, 2).reshape(batch, length, DIMENSIONS) @ p[f"out{layer}"]
        middle = norm(x, p[f"norm_middle{layer}"]) @ p[f"middle{layer}"] + p[f"middle_bias{layer}"]
        x = x + F.relu(middle) @ p[f"back{layer}"]
    in_context = (norm(x, p["norm"]) * mask).sum(1) / count
    return in_context @ p["contextual"] + ((alone * mask).sum(1) / count) @ p["plain"] + p["bias"]


def loss(p, ids, lengths, wanted):
    """One less the cosine to the teacher, and how far the likenesses of the batch's texts are from the teacher's."""
    said = F.normalize(forward(p, ids, lengths), dim=-1)
    cosine = (said * wanted).sum(-1).mean()
    apart = said @ said.T - wanted @ wanted.T
    return 1 - cosine + 2 * (apart * apart).mean(), cosine


def batches(lengths, draw):
    """Texts of like length together, in random order."""
    order = draw.permutation(len(lengths))
    order = order[np.argsort(lengths[order] + draw.random(len(lengths)) * 4, kind="stable")]
    cut = [order[at : at + BATCH] for at in range(0, len(order) - BATCH + 1, BATCH)]
    draw.shuffle(cut)
    return cut


def part_of(material, rows):
    ids, lengths, wanted = material
    width = int(lengths[rows].max())
    return torch.tensor(ids[rows, :width]), torch.tensor(lengths[rows]), torch.tensor(wanted[rows].astype(np.float32))


@torch.no_grad()
def likeness(p, held):
    parts = [np.arange(at, min(at + BATCH, HELD)) for at in range(0, HELD, BATCH)]
    return sum(float(loss(p, *part_of(held, rows))[1]) * len(rows) for rows in parts) / HELD


def fit(p, material, held, epochs):
    draw = np.random.default_rng(0)
    adam = torch.optim.Adam(p.values(), lr=RATE, betas=(0.9, 0.99), eps=1e-7, fused=True)
    total, t, started = int(epochs * len(material[0]) / BATCH), 0, time.time()
    while t < total:
        for rows in batches(material[1], draw)[: total - t]:
            t += 1
            rate = RATE * min(1, t / WARM_UP) * 0.5 * (1 + math.cos(math.pi * t / total))
            for group in adam.param_groups:
                group["lr"] = rate
            adam.zero_grad(set_to_none=True)
            error, cosine = loss(p, *part_of(material, rows))
            error.backward()
            adam.step()
            if t % 500 == 0:
                print(t, total, round(float(cosine), 4), round(likeness(p, held), 4), round(time.time() - started), flush=True)
    return p


def main():
    folder, corpus, work = sys.argv[1:4]
    epochs = float(sys.argv[4]) if len(sys.argv) > 4 else 14
    _, kept, number = kept_pieces(folder)
    tokens = np.load(work + "/tokens.npy")[kept]
    texts = open(corpus, encoding="utf8").read().split("\n")
    wanted = np.load(work + "/corpus.npy")
    ids, lengths = pack(pieces_of(read_tokenizer(folder), number, texts))
    order = np.random.default_rng(0).permutation(len(ids))
    watched, rest = order[:HELD], order[HELD:]
    alone = np.pad(np.arange(len(kept))[:, None], ((0, 0), (0, WINDOW - 1)))
    material = (
        np.concatenate([ids[rest], alone]),
        np.concatenate([lengths[rest], np.ones(len(kept), np.int64)]),
        np.concatenate([wanted[rest], tokens.astype(np.float16)]),
    )
    made = fit(first_weights(tokens), material, (ids[watched], lengths[watched], wanted[watched]), epochs)
    np.savez(work + "/student.npz", **{name: value.detach().numpy() for name, value in made.items()})


if __name__ == "__main__":
    main()
