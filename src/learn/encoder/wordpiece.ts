/** Longer words are one unknown piece, as in BERT. */
const LONGEST_WORD = 100;
// Words recur: their pieces are kept, and dropped as a whole when there are so many. A few MB.
const MAX_CUT_WORDS = 20_000;
const CHINESE = "\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff";
// Signs that stand alone: Unicode's punctuation, the ASCII signs that Unicode calls symbols ("$", "+"), Chinese characters.
const SIGN = `\\p{P}$+<=>^\`|~${CHINESE}`;
const WORD = new RegExp(`[${SIGN}]|[^\\s${SIGN}]+`, "gu");
// Control and format characters, and what cannot be decoded, are dropped; blanks among them part words.
const DROPPED = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\ufffd]/gu;
const BLANK = /[\t\n\r]/g;

/** Ids of the pieces of a text by a BERT vocabulary. */
export type Pieces = (text: string) => number[];

/**
 * The word pieces of uncased BERT (Devlin et al. 2019): lower case, accents dropped, signs apart, each word cut from the left into the
 * longest pieces known; a word that cannot be is `unknown`. Pieces inside a word start with "##" in the vocabulary.
 */
export function makePieces(vocabulary: readonly string[], unknown: number): Pieces {
  const idOf = new Map(vocabulary.map((piece, id) => [piece, id]));
  const cut = new Map<string, readonly number[]>();
  const piecesOf = (word: string): readonly number[] => {
    let ids = cut.get(word);
    if (ids === undefined) {
      ids = cutWord(word, idOf, unknown);
      if (cut.size >= MAX_CUT_WORDS) cut.clear();
      cut.set(word, ids);
    }
    return ids;
  };
  return (text) => {
    const ids: number[] = [];
    for (const word of basicWords(text)) for (const id of piecesOf(word)) ids.push(id);
    return ids;
  };
}

function basicWords(text: string): string[] {
  const clean = text.replace(BLANK, " ").replace(DROPPED, "").toLowerCase();
  return (
    clean
      .normalize("NFD")
      .replace(/\p{Mn}/gu, "")
      .match(WORD) ?? []
  );
}

function cutWord(word: string, idOf: ReadonlyMap<string, number>, unknown: number): readonly number[] {
  if (word.length > LONGEST_WORD) return [unknown];
  const ids: number[] = [];
  let start = 0;
  while (start < word.length) {
    let end = word.length;
    let id: number | undefined;
    for (; end > start; end -= 1) {
      id = idOf.get((start > 0 ? "##" : "") + word.slice(start, end));
      if (id !== undefined) break;
    }
    if (id === undefined) return [unknown];
    ids.push(id);
    start = end;
  }
  return ids;
}
