import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HouseError } from "../../core/index.ts";
import { ggufTokenizerOf, tokenizerFromGguf } from "./gguf-tokenizer.ts";
import { makeTokenizer, parseTokenizer } from "./tokenizer.ts";
import { tokenizerJson, type PreTokenizerName } from "./tokenizer-json.ts";
import { tokenizerFiles, trainBpe } from "./train-bpe.ts";

const TEXTS = [
  'play the song "blue moon" on monday at 10:30',
  '{"intent":"play","song":"blue moon","day":"monday"}',
  "book a table for 12 at the blue moon\n\n\tnaïve café 😀 don't",
];
const pairs = trainBpe(TEXTS.concat(TEXTS), {
  vocabularySize: 400,
  specials: ["<pad>", "<bos>", "<eos>", "<sep>"],
});
const files = tokenizerFiles(pairs, { bos: "<bos>", eos: "<eos>", pad: "<pad>" });
const own = makeTokenizer(files.tokenizer, files.config, "own");
const anyText = fc.string({ unit: "grapheme" });

describe("makeTokenizer()", () => {
  test("decode undoes encode on any text", () => {
    fc.assert(fc.property(anyText, (text) => own.decode(own.encode(text)) === text.toWellFormed()));
  });
  test("the bytes of the tokens are the bytes of the text", () => {
    const ids = own.encode("naïve café 😀");
    expect(Buffer.concat(ids.map((id) => own.tokenBytes(id))).toString()).toBe("naïve café 😀");
  });
  test("names of special tokens in a text are plain text", () => {
    expect(own.encode("<eos>")).not.toContain(own.eosTokenId);
    expect(own.decode(own.encode("a<eos>b"))).toBe("a<eos>b");
    expect(own.encodeTemplate("<bos><eos>")).toEqual([1, 2]);
  });
  test("special tokens have no text", () => {
    expect(own.decode([1, ...own.encode("blue"), 2])).toBe("blue");
    expect(own.tokenBytes(3)).toHaveLength(0);
    expect(own.specialIds).toEqual([0, 1, 2, 3]);
  });
  test("a SentencePiece vocabulary gives bytes and text", () => {
    const tokenizer = makeTokenizer(SENTENCE_PIECE, { bos_token: "<s>" }, "small");
    const ids = tokenizer.encode("a b\n");
    expect(tokenizer.decode(ids)).toBe("a b\n");
    expect(tokenizer.tokenBytes(3)).toEqual(Uint8Array.of(0x0a));
    expect(tokenizer.bosTokenId).toBe(1);
    expect(tokenizer.bytePairs).toBeNull();
  });
});

describe("parseTokenizer()", () => {
  const refusal = (tokenizer: string): string => {
    try {
      parseTokenizer({ tokenizer, config: null }, "tiny");
    } catch (error) {
      if (error instanceof HouseError) return `${error.code}: ${error.message}`;
    }
    return "taken";
  };
  test("refuses a broken file in one line", () => {
    expect(refusal("{")).toBe(
      "bad-input: Cannot read tokenizer.json of tiny: it is not JSON, fetch the file again",
    );
    expect(refusal("{}")).toMatch(/^bad-input: Cannot read tokenizer.json of tiny: model: .+$/);
    expect(refusal('{"model":{"type":"BPE","vocab":{"a":0}}}')).toMatch(
      /^bad-input: Cannot use tokenizer.json of tiny: .+$/,
    );
    expect(refusal('{"model":{"type":"Foreign","vocab":{"a":0},"merges":[]}}')).toMatch(
      /^bad-input: Cannot read tokenizer.json of tiny: model.type: .+$/,
    );
  });
});

describe("tokenizerFromGguf()", () => {
  test("cuts as the tokenizer.json it came from, for every known cut", () => {
    const text = "It's 2026, don't 12345 wait…\n\n  naïve  ";
    for (const pre of ["gpt-2", "llama-bpe", "qwen2", "smollm"] satisfies PreTokenizerName[]) {
      const tokenizer = makeTokenizer(tokenizerJson({ ...pairs, pre }), files.config, pre);
      const copy = tokenizerFromGguf(ggufTokenizerOf(tokenizer), "a.gguf");
      expect(ggufTokenizerOf(copy)).toEqual(ggufTokenizerOf(tokenizer));
      expect(copy.encode(text)).toEqual(tokenizer.encode(text));
      expect(copy.decode(copy.encode(text))).toBe(text);
    }
  });
  test("refuses a foreign cut aloud", () => {
    expect(() => tokenizerFromGguf({ ...ggufTokenizerOf(own), pre: "bloom" }, "a.gguf")).toThrow(
      'Cannot read the tokenizer of a.gguf: tokenizer.ggml.pre is "bloom", expected gpt-2, llama-bpe, qwen2 or smollm',
    );
  });
});

const SENTENCE_PIECE = {
  added_tokens: [{ id: 1, content: "<s>", special: true }],
  normalizer: {
    type: "Sequence",
    normalizers: [
      { type: "Prepend", prepend: "▁" },
      { type: "Replace", pattern: { String: " " }, content: "▁" },
    ],
  },
  pre_tokenizer: null,
  post_processor: null,
  decoder: {
    type: "Sequence",
    decoders: [
      { type: "Replace", pattern: { String: "▁" }, content: " " },
      { type: "ByteFallback" },
      { type: "Fuse" },
      { type: "Strip", content: " ", start: 1, stop: 0 },
    ],
  },
  model: {
    type: "BPE",
    byte_fallback: true,
    unk_token: "<unk>",
    vocab: { "<unk>": 0, "<s>": 1, "▁": 2, "<0x0A>": 3, a: 4, b: 5, "▁a": 6, "▁b": 7 },
    merges: ["▁ a", "▁ b"],
  },
};
