"""The student: a smaller encoder cut out of the teacher, that is then made to say of a text what the teacher says.

Usage: python train.py MODEL_FOLDER CORPUS WORK_FOLDER
Reads what teacher.py wrote into WORK_FOLDER, writes student.npz there."""
import math
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

from teacher import CLS, HEADS, SEP, WIDTH, read_teacher, read_tokenizer
from teacher import forward as read_by_teacher

# Layers of the teacher that are kept; numbers of a head, and of a word piece in the table.
LAYERS, HEAD, PIECES = (0, 2, 4, 5), 16, 192
# Numbers in the middle of a feed-forward part: at first, and once those that do least are cut.
FIRST_INNER, INNER = 576, 384
# Word pieces of a text that are read; the marks of start and end come on top.
WINDOW, MARKS = 32, 2
BATCH = 512
# Steps that the rate is planned for, steps that are made, highest rate, steps until it is reached: before the cut and behind it.
BEFORE = (2800, 1400, 2e-3, 100)
BEHIND = (1500, 1500, 1.2e-3, 30)
# Texts that a run is watched on, and texts that tell what matters in the teacher.
HELD, LOOKED_AT = 2048, 1024
UNKNOWN = 100
# GELU as x · clamp(1/2 + SLOPE · x, 0, 1): torch has it as hardswish(STEEP · x) / STEEP, and STEEP goes into the matrices beside it.
SLOPE = 0.3
STEEP = 6 * SLOPE
EPSILON = 1e-5


def kept_pieces(folder):
    """The vocabulary; the places in it of the pieces kept, those of plain ASCII, then the two marks; for every place its number among them."""
    vocabulary = open(folder + "/vocab.txt", encoding="utf8").read().split("\n")
    vocabulary = vocabulary[:-1] if vocabulary[-1] == "" else vocabulary

    def is_plain(piece):
        return all(33 <= ord(c) < 127 for c in piece) and not (piece[0] == "[" and len(piece) > 1)

    kept = [at for at, piece in enumerate(vocabulary) if piece == "[UNK]" or is_plain(piece)]
    number = np.full(len(vocabulary), -1, np.int32)
    number[kept] = np.arange(len(kept))
    number[number < 0] = number[UNKNOWN]
    return vocabulary, kept + [CLS, SEP], number


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


def marked(ids, lengths, first, last):
    """Rows of ids with a mark before the first and behind the last of each."""
    batch, width = ids.shape
    out = torch.cat([torch.full((batch, 1), first), ids, torch.zeros((batch, 1), dtype=torch.long)], 1)
    out[torch.arange(batch), lengths + 1] = last
    return out, torch.arange(width + MARKS)[None] < lengths[:, None] + MARKS


def seen_by_teacher(teacher, ids, live):
    """Of each layer: the second moments of what its heads read (and of a 1 beside it), and how much comes of each middle number."""
    moments, weight = [], []

    def watch(layer, read, middle):
        read = read[live].double()
        read = torch.cat([read, torch.ones(len(read), 1, dtype=torch.double)], 1)
        moments.append((read.T @ read / len(read)).numpy())
        out = teacher[f"encoder.layer.{layer}.output.dense.weight"]
        weight.append(((middle.abs() * live[..., None]).sum((0, 1)) * out.norm(dim=0)).numpy())

    read_by_teacher(teacher, ids, live.float(), watch)
    return moments, weight


def root(moments):
    """The square root of a matrix of moments, and the inverse of that."""
    values, axes = np.linalg.eigh(moments)
    values = np.maximum(values, values.max() * 1e-6)
    return (axes * np.sqrt(values)) @ axes.T, (axes / np.sqrt(values)) @ axes.T


def cut(left, right, rank, before, after=None):
    """The best product of this rank in place of left · right, for inputs with the roots `before` (and `after`, on the right)."""
    a = before[0] @ left
    b = right @ after[0] if after else right
    a_axes, a_rest = np.linalg.qr(a)
    b_axes, b_rest = np.linalg.qr(b.T)
    u, sizes, v = np.linalg.svd(a_rest @ b_rest.T)
    shares = np.sqrt(sizes[:rank])
    b = (shares[:, None] * v[:rank]) @ b_axes.T
    return before[1] @ (a_axes @ u[:, :rank]) * shares, b @ after[1] if after else b


def cut_heads(teacher, name, moments):
    """Query-key-value of all heads with its bias as last row, and out: each head in HEAD numbers instead of the teacher's."""

    def read(part):
        return teacher[name + part].numpy().astype(np.float64)

    def with_bias(part):
        return np.concatenate([read(f"attention.self.{part}.weight").T, read(f"attention.self.{part}.bias")[None]])

    size = WIDTH // HEADS
    # What a head weighs is divided by the root of its size.
    scale = (HEAD / size) ** 0.25
    roots = root(moments)
    query, key, value = [with_bias(part) for part in ("query", "key", "value")]
    out = read("attention.output.dense.weight").T
    parts = ([], [], [], [])
    for head in range(HEADS):
        of = slice(head * size, (head + 1) * size)
        a, b = cut(query[:, of], key[:, of].T, HEAD, roots, roots)
        c, d = cut(value[:, of], out[of], HEAD, roots)
        for into, part in zip(parts, (a * scale, b.T * scale, c, d)):
            into.append(part)
    return np.concatenate([np.concatenate(part, 1) for part in parts[:3]], 1), np.concatenate(parts[3])


def first_weights(teacher, kept, counts, ids, live):
    """counts: how often each piece kept comes in the corpus. ids, live: texts as the teacher reads them."""
    moments, weight = seen_by_teacher(teacher, ids, live)

    def read(name):
        return teacher[name].numpy().astype(np.float64)

    def norm(name):
        return np.stack([read(name + ".weight"), read(name + ".bias")])

    pieces = read("embeddings.word_embeddings.weight")[kept]
    share = (counts + 3.0)[:, None]
    mean = (pieces * share).sum(0) / share.sum()
    axes = np.linalg.svd((pieces - mean) * np.sqrt(share), full_matrices=False)[2][:PIECES]
    table = (pieces - mean) @ axes.T
    scale = table.std() / 0.3
    places = read("embeddings.position_embeddings.weight")[: WINDOW + MARKS]
    weights = {
        "pieces": table / scale,
        "up": axes * scale,
        "positions": places + read("embeddings.token_type_embeddings.weight")[0] + mean,
        "norm": norm("embeddings.LayerNorm"),
        "contextual": np.eye(WIDTH),
        "plain": np.zeros((PIECES, WIDTH)),
        "bias": np.zeros(WIDTH),
    }
    for at, layer in enumerate(LAYERS):
        p = f"encoder.layer.{layer}."
        heads, out = cut_heads(teacher, p, moments[layer])
        most = np.sort(np.argsort(-weight[layer])[:FIRST_INNER])
        weights |= {
            f"heads{at}": heads[:WIDTH],
            f"heads_bias{at}": heads[WIDTH],
            f"out{at}": out,
            f"out_bias{at}": read(p + "attention.output.dense.bias"),
            f"middle{at}": read(p + "intermediate.dense.weight")[most].T * STEEP,
            f"middle_bias{at}": read(p + "intermediate.dense.bias")[most] * STEEP,
            f"back{at}": read(p + "output.dense.weight")[:, most].T / STEEP,
            f"back_bias{at}": read(p + "output.dense.bias"),
            f"norm_heads{at}": norm(p + "attention.output.LayerNorm"),
            f"norm_middle{at}": norm(p + "output.LayerNorm"),
        }
    return {
        name: torch.tensor(np.ascontiguousarray(value), dtype=torch.float32, requires_grad=True)
        for name, value in weights.items()
    }


def norm(x, p):
    return F.layer_norm(x, (WIDTH,), p[0], p[1], EPSILON)


def forward(p, ids, lengths, levelled=lambda x: x, swish=F.hardswish):
    """levelled: what the runtime does to rows before it multiplies them; nothing while the student learns."""
    batch, width = ids.shape
    first = p["pieces"].shape[0] - MARKS
    all_ids, live = marked(ids, lengths, first, first + 1)
    length = width + MARKS
    count = lengths[:, None].float()
    said = F.embedding(all_ids, p["pieces"])
    alone = said[:, 1 : width + 1] * (torch.arange(width)[None] < lengths[:, None])[..., None].float()

    def linear(x, name):
        return torch.addmm(p[name.replace("#", "_bias")], levelled(x), p[name.replace("#", "")])

    x = (said.view(batch * length, -1) @ p["up"]).view(batch, length, WIDTH)
    x = norm(x + p["positions"][:length], p["norm"]).view(batch * length, WIDTH)
    for at in range(len(LAYERS)):
        q, k, v = [
            part.view(batch, length, HEADS, HEAD).transpose(1, 2)
            for part in linear(x, f"heads#{at}").view(batch, length, -1).chunk(3, -1)
        ]
        seen = F.scaled_dot_product_attention(q, k, v, attn_mask=live[:, None, None, :])
        seen = seen.transpose(1, 2).reshape(batch * length, HEADS * HEAD)
        x = norm(x + linear(seen, f"out#{at}"), p[f"norm_heads{at}"])
        x = norm(x + linear(swish(linear(x, f"middle#{at}")), f"back#{at}"), p[f"norm_middle{at}"])
    in_context = (x.view(batch, length, WIDTH) * live[..., None].float()).sum(1) / (count + MARKS)
    return in_context @ p["contextual"] + (alone.sum(1) / count) @ p["plain"] + p["bias"]


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


@torch.no_grad()
def cut_middle(p, material):
    """Keeps the INNER numbers in the middle of each feed-forward part that do most on some texts."""
    rows = np.random.default_rng(2).permutation(len(material[0]) - p["pieces"].shape[0])[:LOOKED_AT]
    sizes = []

    def watch(x):
        sizes.append(F.hardswish(x).abs().mean(0))
        return F.hardswish(x)

    forward(p, *part_of(material, rows)[:2], swish=watch)
    out = dict(p)
    for at, size in enumerate(sizes):
        most = torch.sort(torch.argsort(-size * p[f"back{at}"].norm(dim=1))[:INNER])[0]
        out[f"middle{at}"] = p[f"middle{at}"][:, most]
        out[f"middle_bias{at}"] = p[f"middle_bias{at}"][most]
        out[f"back{at}"] = p[f"back{at}"][most]
    return {name: value.contiguous().clone().requires_grad_(True) for name, value in out.items()}


def fit(p, material, held, plan):
    planned, steps, highest, warm_up = plan
    draw = np.random.default_rng(0)
    adam = torch.optim.Adam(p.values(), lr=highest, betas=(0.9, 0.99), eps=1e-7, fused=True)
    t, started = 0, time.time()
    while t < steps:
        for rows in batches(material[1], draw)[: steps - t]:
            t += 1
            rate = highest * min(1, t / warm_up) * 0.5 * (1 + math.cos(math.pi * t / planned))
            for group in adam.param_groups:
                group["lr"] = rate
            adam.zero_grad(set_to_none=True)
            error, cosine = loss(p, *part_of(material, rows))
            error.backward()
            adam.step()
            if t % 200 == 0:
                seconds = round(time.time() - started)
                print(t, steps, round(float(cosine.detach()), 4), round(likeness(p, held), 4), seconds, flush=True)
    return p


def main():
    folder, corpus, work = sys.argv[1:4]
    _, kept, number = kept_pieces(folder)
    plain = len(kept) - MARKS
    tokens = np.load(work + "/tokens.npy")[kept[:plain]]
    texts = open(corpus, encoding="utf8").read().split("\n")
    wanted = np.load(work + "/corpus.npy")
    ids, lengths = pack(pieces_of(read_tokenizer(folder), number, texts))
    order = np.random.default_rng(0).permutation(len(ids))
    watched, rest = order[:HELD], order[HELD:]
    alone = np.pad(np.arange(plain)[:, None], ((0, 0), (0, WINDOW - 1)))
    material = (
        np.concatenate([ids[rest], alone]),
        np.concatenate([lengths[rest], np.ones(plain, np.int64)]),
        np.concatenate([wanted[rest], tokens.astype(np.float16)]),
    )
    counts = np.bincount(ids[rest][np.arange(WINDOW)[None] < lengths[rest][:, None]], minlength=plain)
    # The marks are in every text.
    counts = np.concatenate([counts, [2 * counts.max()] * MARKS])
    looked_at = np.random.default_rng(1).permutation(len(rest))[:LOOKED_AT]
    of_teacher = torch.tensor(np.array(kept)[material[0][looked_at]])
    whole, live = marked(of_teacher, torch.tensor(material[1][looked_at]), CLS, SEP)
    p = first_weights(read_teacher(folder), kept, counts, whole * live, live)
    held = (ids[watched], lengths[watched], wanted[watched])
    made = fit(cut_middle(fit(p, material, held, BEFORE), material), material, held, BEHIND)
    np.savez(work + "/student.npz", **{name: value.detach().numpy() for name, value in made.items()})


if __name__ == "__main__":
    main()
