"""Two tiny byte-level BPEs of the `tokenizers` package and what they make of awkward strings; a third for the GGUF files."""

import json
import shutil
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from common import GOLDEN, VOCABULARY
from strings import STRINGS

TEXT = Path(__file__).parent / "training.txt"
# Qwen2's, after the `tokenizer.json` of its models.
QWEN2_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
ASCII = [chr(code) for code in range(32, 127)] + ["\n", "\t"]
ASCII_SPECIALS = ["<pad>", "<s>", "</s>"]


def gpt2(vocabulary: int, alphabet: list[str], specials: list[str], text: str) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.decoder = decoders.ByteLevel()
    return train(tokenizer, vocabulary, alphabet, specials, text)


def qwen2(vocabulary: int, alphabet: list[str], specials: list[str], text: str) -> Tokenizer:
    """Qwen2's normalizer and pre-tokenizer, and a beginning of text that is added as Llama 3 does."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    split = pre_tokenizers.Split(Regex(QWEN2_SPLIT), behavior="isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    train(tokenizer, vocabulary, alphabet, specials, text)
    begin = specials[0]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A", special_tokens=[(begin, tokenizer.token_to_id(begin))]
    )
    return tokenizer


def ascii_words() -> Tokenizer:
    """128 words for the tiny models: pad, begin, end, printable ASCII with newline and tab, and a few merges."""
    lines = TEXT.read_text(encoding="utf-8").splitlines(keepends=True)
    text = "".join(line for line in lines if line.isascii())
    return gpt2(VOCABULARY, [byte_letter(character) for character in ASCII], ASCII_SPECIALS, text)


def byte_letter(character: str) -> str:
    """The letter by which a byte-level BPE writes an ASCII character: a space is Ġ."""
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str(character)[0][0]


def train(tokenizer: Tokenizer, vocabulary: int, alphabet: list[str], specials: list[str], text: str) -> Tokenizer:
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=specials, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([text], trainer)
    return tokenizer


def encoded(tokenizer: Tokenizer, text: str) -> dict[str, object]:
    bare = tokenizer.encode(text, add_special_tokens=False).ids
    return {
        "text": text,
        "ids": bare,
        "withSpecialTokens": tokenizer.encode(text).ids,
        "decoded": tokenizer.decode(bare, skip_special_tokens=False),
    }


def record() -> None:
    folder = GOLDEN / "tokens"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(TEXT, folder / "training.txt")
    alphabet, text = sorted(pre_tokenizers.ByteLevel.alphabet()), TEXT.read_text(encoding="utf-8")
    for name, tokenizer in {
        "gpt2": gpt2(400, alphabet, ["<|endoftext|>"], text),
        "qwen2": qwen2(448, alphabet, ["<|begin|>", "<|im_start|>", "<|im_end|>"], text),
    }.items():
        tokenizer.save(str(folder / f"{name}.tokenizer.json"))
        write_lines(folder / f"{name}.expected.json", [encoded(tokenizer, text) for text in STRINGS])


def write_lines(path: Path, items: list[dict[str, object]]) -> None:
    """A JSON array, one item a line: ids one below the other would be thousands of lines."""
    path.write_text("[\n" + ",\n".join(json.dumps(item) for item in items) + "\n]\n", encoding="utf-8")
