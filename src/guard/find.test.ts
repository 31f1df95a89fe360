import { describe, expect, test } from "vitest";
import { findAll } from "./find.ts";

/** `TYPE value` of everything found. */
function found(text: string): string[] {
  return findAll(text).map(({ start, end, type }) => `${type} ${text.slice(start, end)}`);
}

const letters = "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zAbCdEfGhIj";
// Put together here, so that no scanner of this repository takes them for real.
const SECRETS: readonly [string, string][] = [
  ["AWS", ["AKIA", "Q3EGRX7LKPT2MBVD"].join("")],
  ["GitHub", ["ghp", letters.slice(0, 36)].join("_")],
  ["OpenAI", ["sk-", letters.slice(0, 20), "T3Blbk", "FJ", letters.slice(5, 25)].join("")],
  ["Anthropic", ["sk-ant", "api03", letters + letters + letters.slice(0, 11) + "AA"].join("-")],
  ["Hugging Face", ["hf", letters.slice(0, 34)].join("_")],
  ["Stripe", ["sk", "live", letters.slice(0, 24)].join("_")],
  ["Slack", ["xoxb", "123456789012", letters.slice(0, 24)].join("-")],
  ["Understudy", ["usk", "q3kxv7m2c5aw", "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst"].join("_")],
  ["Google", ["AI", "za", letters.slice(0, 35)].join("")],
  ["JWT", ["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0NTY3ODkwIn0", letters.slice(0, 30)].join(".")],
];

describe("findAll(): secrets", () => {
  test.each(SECRETS)("finds a key of %s in a sentence", (_, key) => {
    expect(found(`Please use ${key} for now.`)).toEqual([`SECRET ${key}`]);
  });
  test("finds a private key with its lines", () => {
    const dashes = "-----";
    const key = `${dashes}BEGIN RSA PRIVATE KEY${dashes}\nMIIB\nabc+/=\n${dashes}END RSA PRIVATE KEY${dashes}`;
    expect(found(`key:\n${key}\nthanks`)).toEqual([`PRIVATE_KEY ${key}`]);
  });
  test("finds what follows a label, in code, JSON and speech", () => {
    const texts = [
      'API_KEY = "q8Zt3LmW0xR7vKc2"',
      '{"password": "hunter2pass"}',
      "my password is Tr0ub4dor&3.",
    ];
    expect(texts.flatMap(found)).toEqual([
      "SECRET q8Zt3LmW0xR7vKc2",
      "SECRET hunter2pass",
      "SECRET Tr0ub4dor&3",
    ]);
  });
  test("leaves templates, references and plain words", () => {
    const texts = [
      "api_key = ${API_KEY_2}",
      "token: process.env.TOKEN_1",
      "password: {{pass1}}",
      "the secret is out",
    ];
    expect(texts.flatMap(found)).toEqual([]);
  });
});

describe("findAll(): numbers", () => {
  test("finds cards by issuer and Luhn, in every grouping", () => {
    const texts = ["4111 1111 1111 1111", "5500-0000-0000-0004.", "(378282246310005)"];
    expect(texts.flatMap(found)).toEqual([
      "CARD 4111 1111 1111 1111",
      "CARD 5500-0000-0000-0004",
      "CARD 378282246310005",
    ]);
  });
  test("leaves a long number that fails Luhn", () => expect(found("order 4111111111111112")).toEqual([]));
  test("finds an IBAN with and without spaces", () => {
    expect(["GB29 NWBK 6016 1331 9268 19 please", "to DE89370400440532013000."].flatMap(found)).toEqual([
      "IBAN GB29 NWBK 6016 1331 9268 19",
      "IBAN DE89370400440532013000",
    ]);
  });
  test("finds social security numbers by form, or by label", () => {
    expect(["it is 536-22-1234", "SSN: 536221234", "ticket 536221234"].flatMap(found)).toEqual([
      "US_SSN 536-22-1234",
      "US_SSN 536221234",
    ]);
  });
  test("asks a label and a checksum of bare ten digits", () => {
    const texts = ["NPI 1234567893", "NPI 1234567890", "number 1234567893", "NHS number 943 476 5919"];
    expect(texts.flatMap(found)).toEqual(["NPI 1234567893", "NHS 943 476 5919"]);
  });
  test("finds routing, DEA and Medicare numbers and crypto addresses", () => {
    const texts = [
      "routing number 021000021",
      "DEA AB1234563",
      "MBI 1EG4-TE5-MK73",
      "send to 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    ];
    expect(texts.flatMap(found)).toEqual([
      "ABA_ROUTING 021000021",
      "DEA AB1234563",
      "MBI 1EG4-TE5-MK73",
      "CRYPTO_ADDRESS 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    ]);
  });
});

describe("findAll(): contact and network", () => {
  test("finds e-mail addresses without the sentence around them", () => {
    expect(found("Write to <jo.li+x@mail.example.co.uk>, or müller@beispiel.de.")).toEqual([
      "EMAIL jo.li+x@mail.example.co.uk",
      "EMAIL müller@beispiel.de",
    ]);
  });
  test("finds telephone numbers whose form says so", () => {
    const numbers = ["+46 (0)179 459 33", "(978)645-9740x11144", "555-123-4567", "0490 75 40 81"];
    expect(numbers.flatMap((number) => found(`so ${number} it is`))).toEqual(
      numbers.map((n) => `PHONE ${n}`),
    );
  });
  test("asks a label of bare digits", () => {
    expect(["order 5551234567", "my phone number is 5551234567"].flatMap(found)).toEqual([
      "PHONE 5551234567",
    ]);
  });
  test("finds addresses of machines, not versions, times and scopes", () => {
    const texts = [
      "from 203.0.113.7:80",
      "2001:db8::ff00:42:8329",
      "00:1B:44:11:3A:B7",
      "version 1.2.3.4",
      "at 12:30:45",
    ];
    expect([...texts, "127.0.0.1", "std::vector a::b2"].flatMap(found)).toEqual([
      "IP 203.0.113.7",
      "IP 2001:db8::ff00:42:8329",
      "MAC 00:1B:44:11:3A:B7",
    ]);
  });
  test("finds a URL that carries a password; plain ones only when asked", () => {
    const text = "see https://example.org/a and postgres://bob:s3cret@db.example.org/x";
    expect(found(text)).toEqual(["URL_LOGIN postgres://bob:s3cret@db.example.org"]);
    expect(findAll(text, { urls: true })).toHaveLength(2);
  });
});

describe("findAll(): labels", () => {
  test("finds dates of birth, not other dates", () => {
    const texts = ['"date_of_birth": "1990-04-05"', "born on April 5, 1990", "fly on 2024-05-15"];
    expect(texts.flatMap(found)).toEqual(["DATE_OF_BIRTH 1990-04-05", "DATE_OF_BIRTH April 5, 1990"]);
  });
  test("finds numbers after the label that names them", () => {
    const texts = [
      "Passport No.: X1234567",
      "my user id is mia_li_3668",
      "card ending in 6437",
      "id EMP-61880",
    ];
    expect(texts.flatMap(found)).toEqual([
      "PASSPORT X1234567",
      "USER_ID mia_li_3668",
      "CARD_LAST_FOUR 6437",
      "EMPLOYEE_ID EMP-61880",
    ]);
  });
  test("leaves ordinary task text as it is", () => {
    const texts = [
      "book a table for 4 at 7:30 pm on 12/05/2024 in Boston 02134",
      "transfer $2,500.00 from savings to checking",
      "flight HAT056 on 2024-05-25 for 209.50, seats 12A and 12B",
      "what is 345 * 12 + 1000000?",
      "SELECT COUNT(*) FROM course WHERE number = 482 AND year = 2016",
      "upgrade to v10.2.13.4 by 20240525T1030",
      "Birthday party on 2024-05-14, 15000 points per customer",
      "reset your password: https://example.org/reset-12",
    ];
    expect(texts.flatMap(found)).toEqual([]);
  });
});

describe("findAll(): hostile text", () => {
  const MEGABYTE = 2 ** 20;
  // A detector that went quadratic would need minutes for any of these; linear ones need a fraction of the bound.
  const BOUND_MS = 2_500;
  const units = [
    "1",
    "1 ",
    "0-",
    "a@",
    "sk-",
    "eyJa.",
    "password:",
    "-----BEGIN PRIVATE KEY-----",
    "a:",
    "1.",
    "passport ",
    "+1(2",
    "://a:",
    "AA00 ",
    "card 1111 ",
  ];
  test.each(units)("1 MB of %j is read in linear time", (unit) => {
    const text = unit.repeat(Math.ceil(MEGABYTE / unit.length));
    const before = performance.now();
    findAll(text);
    expect(performance.now() - before).toBeLessThan(BOUND_MS);
  });
});
