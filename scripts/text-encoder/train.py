"""The student: a small encoder of two layers that is made to say of a text what the teacher says.

Usage: python train.py MODEL_FOLDER CORPUS WORK_FOLDER [epochs=5]
Reads what teacher.py wrote into WORK_FOLDER, writes student.npz there."""
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np

from teacher import WIDTH, read_tokenizer

DIMENSIONS, LAYERS, HEADS, INNER, WINDOW = 128, 2, 4, 256, 32
BATCH, RATE, WARM_UP = 256, 2e-3, 200
# Texts that a run is watched on.
HELD = 1024
EVERY = 3
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
    ids = np.zeros((len(sequences), WINDOW), np.int32)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = sequence
    return ids, np.array([len(sequence) for sequence in sequences], np.int32)


def first_weights(tokens):
    """Pieces start as what the teacher says of each alone, on the axes of most variance; the context starts at nothing."""
    draw = np.random.default_rng(0)

    def random(*shape):
        return (draw.standard_normal(shape) / np.sqrt(shape[0])).astype(np.float32)

    def plain_norm():
        return np.stack([np.ones(DIMENSIONS), np.zeros(DIMENSIONS)]).astype(np.float32)

    centred = tokens - tokens.mean(0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:DIMENSIONS]
    pieces = centred @ axes.T
    scale = pieces.std() / 0.3
    weights = {
        "pieces": (pieces / scale).astype(np.float32),
        "positions": (0.02 * draw.standard_normal((WINDOW, DIMENSIONS))).astype(np.float32),
        "plain": (axes * scale).astype(np.float32),
        "contextual": np.zeros((DIMENSIONS, WIDTH), np.float32),
        "bias": tokens.mean(0),
        "norm": plain_norm(),
    }
    for layer in range(LAYERS):
        weights |= {
            f"heads{layer}": random(DIMENSIONS, 3 * DIMENSIONS),
            f"out{layer}": random(DIMENSIONS, DIMENSIONS) * 0.5,
            f"middle{layer}": random(DIMENSIONS, INNER),
            f"middle_bias{layer}": np.zeros(INNER, np.float32),
            f"back{layer}": random(INNER, DIMENSIONS) * 0.5,
            f"norm_heads{layer}": plain_norm(),
            f"norm_middle{layer}": plain_norm(),
        }
    return weights


def norm(x, p):
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(variance + 1e-5) * p[0] + p[1]


def forward(p, ids, lengths):
    batch, length = ids.shape
    size = DIMENSIONS // HEADS
    mask = (jnp.arange(length)[None] < lengths[:, None]).astype(jnp.float32)
    hide = (1 - mask)[:, None, None, :] * -1e9
    alone = p["pieces"][ids]
    x = alone + p["positions"][:length]
    for layer in range(LAYERS):
        split = jnp.split(norm(x, p[f"norm_heads{layer}"]) @ p[f"heads{layer}"], 3, -1)
        q, k, v = [part.reshape(batch, length, HEADS, size).transpose(0, 2, 1, 3) for part in split]
        seen = jax.nn.softmax(q @ k.transpose(0, 1, 3, 2) / np.sqrt(size) + hide, -1) @ v
        x = x + seen.transpose(0, 2, 1, 3).reshape(batch, length, DIMENSIONS) @ p[f"out{layer}"]
        middle = norm(x, p[f"norm_middle{layer}"]) @ p[f"middle{layer}"] + p[f"middle_bias{layer}"]
        x = x + jax.nn.relu(middle) @ p[f"back{layer}"]
    count = lengths[:, None].astype(jnp.float32)
    in_context = (norm(x, p["norm"]) * mask[..., None]).sum(1) / count
    plain = (alone * mask[..., None]).sum(1) / count
    return in_context @ p["contextual"] + plain @ p["plain"] + p["bias"]


def unit(y):
    return y / (jnp.linalg.norm(y, axis=-1, keepdims=True) + 1e-6)


def loss(p, ids, lengths, wanted):
    """One less the cosine to the teacher, and how far the likenesses of the batch's texts are from the teacher's."""
    said = unit(forward(p, ids, lengths))
    cosine = (said * wanted).sum(-1).mean()
    apart = said @ said.T - wanted @ wanted.T
    return 1 - cosine + 2 * (apart * apart).mean(), cosine


@jax.jit
def step(p, m, v, t, rate, ids, lengths, wanted):
    (_, cosine), gradient = jax.value_and_grad(loss, has_aux=True)(p, ids, lengths, wanted)
    m = jax.tree.map(lambda a, b: 0.9 * a + 0.1 * b, m, gradient)
    v = jax.tree.map(lambda a, b: 0.99 * a + 0.01 * b * b, v, gradient)

    def move(q, a, b):
        return q - rate * (a / (1 - 0.9**t)) / (jnp.sqrt(b / (1 - 0.99**t)) + 1e-7)

    return jax.tree.map(move, p, m, v), m, v, cosine


def batches(lengths, draw):
    """Texts of like length together, in random order."""
    order = draw.permutation(len(lengths))
    order = order[np.argsort(lengths[order] + draw.random(len(lengths)) * 6, kind="stable")]
    cut = [order[at : at + BATCH] for at in range(0, len(order) - BATCH + 1, BATCH)]
    draw.shuffle(cut)
    return cut


def fit(p, material, held, epochs):
    ids, lengths, wanted = material
    draw = np.random.default_rng(0)
    m = jax.tree.map(jnp.zeros_like, p)
    v = jax.tree.map(jnp.zeros_like, p)
    watch = jax.jit(lambda p: (unit(forward(p, held[0], held[1])) * held[2]).sum(-1).mean())
    total, t, started = int(epochs * len(ids) / BATCH), 0, time.time()
    while t < total:
        for batch in batches(lengths, draw):
            if t >= total:
                break
            t += 1
            longest = lengths[batch].max()
            width = 8 if longest <= 8 else 16 if longest <= 16 else WINDOW
            rate = RATE * min(1, t / WARM_UP) * 0.5 * (1 + np.cos(np.pi * t / total))
            p, m, v, cosine = step(p, m, v, float(t), rate, ids[batch][:, :width], lengths[batch], wanted[batch])
            if t % 200 == 0:
                print(t, total, round(float(cosine), 4), round(float(watch(p)), 4), round(time.time() - started), flush=True)
    return p


def main():
    folder, corpus, work = sys.argv[1:4]
    epochs = float(sys.argv[4]) if len(sys.argv) > 4 else 5
    _, kept, number = kept_pieces(folder)
    tokens = np.load(work + "/tokens.npy")[kept]
    texts = open(corpus, encoding="utf8").read().split("\n")[::EVERY]
    wanted = np.load(work + "/corpus.npy").astype(np.float32)
    ids, lengths = pack(pieces_of(read_tokenizer(folder), number, texts))
    watched = np.random.default_rng(0).permutation(len(ids))[:HELD]
    rest = np.setdiff1d(np.arange(len(ids)), watched)
    alone = np.pad(np.arange(len(kept), dtype=np.int32)[:, None], ((0, 0), (0, WINDOW - 1)))
    material = (
        np.concatenate([ids[rest], alone]),
        np.concatenate([lengths[rest], np.ones(len(kept), np.int32)]),
        np.concatenate([wanted[rest], tokens]),
    )
    start = jax.tree.map(jnp.asarray, first_weights(tokens))
    made = fit(start, material, (ids[watched], lengths[watched], wanted[watched]), epochs)
    np.savez(work + "/student.npz", **{name: np.asarray(value) for name, value in made.items()})


if __name__ == "__main__":
    main()
