import type { Random } from "../../src/core/index.ts";
import { pick } from "./grammar.ts";

// Invented people. First and last names are drawn apart, so that no pair is meant to be anybody.
const FIRST =
  "Nora Ivo Maren Tobias Aisha Declan Priya Lars Yusuf Clara Mateo Ingrid Oskar Leila Bram Sofia Kwame Hanna Felix Rosa Emeka Greta Pavel Noor Silas Alma Jonas Mireia Tariq Elin Hugo Wanda Idris Petra Luca Saskia Owen Daria Koji Beatriz".split(
    " ",
  );
const LAST =
  "Fennick Albrandt Okoro Lindqvist Marlowe Vasari Tremblay Haddad Quist Bellweather Castellan Dunmore Eriksen Farrow Galvan Hollis Ilves Janowitz Kessler Lorimer Mbeki Norling Ostrander Pellegrin Rask Sandoval Thackeray Ulvang Verhoeven Winslade Yarrow Zeller".split(
    " ",
  );
const STREETS =
  "Alder Lane|Mill Road|Canal Street|Harbour Row|Birchweg|Rue des Tilleuls|Station Road|Lindenallee|Fern Close|Quay Street".split(
    "|",
  );

// Published test numbers of the card networks: they pass the Luhn check and can be charged nowhere.
export const TEST_CARDS = [
  "4111 1111 1111 1111",
  "4242 4242 4242 4242",
  "5555 5555 5555 4444",
  "5105-1051-0510-5100",
  "4012888888881881",
  "6011 1111 1111 1117",
  "3782 822463 10005",
  "4000 0566 5566 5556",
];
// The examples of the public IBAN registry: valid check digits, no account behind them.
export const TEST_IBANS = [
  "DE89 3704 0044 0532 0130 00",
  "GB29NWBK60161331926819",
  "NL91 ABNA 0417 1643 00",
  "ES9121000418450200051332",
  "AT61 1904 3002 3457 3201",
  "BE68 5390 0754 7034",
  "IE29 AIBK 9311 5212 3456 78",
];

export const firstName = (random: Random): string => pick(FIRST, random);
export const lastName = (random: Random): string => pick(LAST, random);
export const fullName = (random: Random): string => `${firstName(random)} ${lastName(random)}`;

/** An address under the domains reserved for examples (RFC 2606). */
export function email(name: string, random: Random): string {
  const [first, last] = name.toLowerCase().split(" ");
  const local = pick(
    [`${first}.${last}`, `${first[0]}${last}`, `${last}.${first}`, `${first}${10 + random.below(90)}`],
    random,
  );
  return `${local}@example.${pick(["com", "org", "net"], random)}`;
}

/** A number of the block 555-0100 to 555-0199, reserved for fiction. */
export function phone(random: Random): string {
  const line = `01${String(random.below(100)).padStart(2, "0")}`;
  const area = String(201 + random.below(700));
  return pick(
    [
      `555-${line}`,
      `(${area}) 555-${line}`,
      `+1 ${area} 555 ${line}`,
      `${area}-555-${line}`,
      `1-${area}-555-${line}`,
    ],
    random,
  );
}

export const card = (random: Random): string => pick(TEST_CARDS, random);
export const iban = (random: Random): string => pick(TEST_IBANS, random);
export const street = (random: Random): string => `${1 + random.below(140)} ${pick(STREETS, random)}`;

/** A key that says of itself that it is none. */
export function fakeKey(random: Random): string {
  const alphabet = "abcdefghjkmnpqrstuvwxyz23456789";
  const tail = Array.from({ length: 20 }, () => alphabet[random.below(alphabet.length)]).join("");
  return pick(
    [`sk-EXAMPLE-${tail}`, `sk_test_FAKE${tail}`, `pk_test_EXAMPLE${tail}`, `api-key-not-real-${tail}`],
    random,
  );
}
