/** Longer words are one unknown piece, as in BERT. */
const LONGEST_WORD = 100;
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
  return (text) => {
    const ids: number[] = [];
    for (const word of basicWords(text)) cutWord(word, idOf, unknown, ids);
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

function cutWord(word: string, idOf: ReadonlyMap<string, number>, unknown: number, into: number[]): void {
  const first = into.length;
  if (word.length > LONGEST_WORD) {
    into.push(unknown);
    return;
  }
  let start = 0;
  while (start < word.length) {
    let end = word.length;
    let id: number | undefined;
    for (; end > start; end -= 1) {
      id = idOf.get((start > 0 ? "##" : "") + word.slice(start, end));
      if (id !== undefined) break;
    }
    if (id === undefined) {
      into.length = first;
      into.push(unknown);
      return;
    }
    into.push(id);
    start = end;
  }
}
