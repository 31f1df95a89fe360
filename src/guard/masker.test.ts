import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createMasker, maskText } from "./masker.ts";

// Text that is likely to hold something to mask, or something that looks like a mask.
const pieces = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom(
    "jo@example.org",
    "JO@example.org",
    "555-123-4567",
    "(555) 123-4567",
    "4111 1111 1111 1111",
    "<EMAIL_1>",
    "<EMAIL_1.2>",
    "<LITERAL_1>",
    "<EMA",
    "IL_1>",
    "<",
    ">",
    "password: a1b2c3d4",
    "SSN 536-22-1234",
    "https://a:b@c.de",
  ),
);
const texts = fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join(""));

describe("maskText()", () => {
  test("names what it masked, with offsets into the text that was given", () => {
    expect(maskText("Mail jo@example.org or call 555-123-4567")).toEqual({
      text: "Mail <EMAIL_1> or call <PHONE_1>",
      spans: [
        { start: 5, end: 19, type: "EMAIL", value: "jo@example.org" },
        { start: 28, end: 40, type: "PHONE", value: "555-123-4567" },
      ],
    });
  });
  test("keeps the types it is told to keep", () => {
    expect(maskText("jo@example.org", { keep: ["EMAIL"] }).text).toBe("jo@example.org");
  });
  test("covers overlapping findings whole, under the name of the longest", () => {
    expect(maskText("postgres://bob:pw@db.example.org").text).toBe("<URL_LOGIN_1>");
  });
});

describe("createMasker()", () => {
  test("gives the same value the same placeholder in every text of a call", () => {
    const masker = createMasker();
    const masked = ["a@x.org wrote", "to b@x.org, cc a@x.org"].map((text) => masker.mask(text));
    expect(masked).toEqual(["<EMAIL_1> wrote", "to <EMAIL_2>, cc <EMAIL_1>"]);
  });
  test("knows a value again where its label is missing", () => {
    const masker = createMasker();
    const masked = ["my user id is mia_li_3668", "found mia_li_3668."].map((text) => masker.mask(text));
    expect(masked).toEqual(["my user id is <USER_ID_1>", "found <USER_ID_1>."]);
  });
  test("shows another spelling of the same value as a variant of it", () => {
    const masker = createMasker();
    expect(masker.mask("555-123-4567, that is (555) 123-4567")).toBe("<PHONE_1>, that is <PHONE_1.2>");
  });
  test("unmask(mask(x)) is x, for every series of texts", () => {
    fc.assert(
      fc.property(fc.array(texts, { minLength: 1, maxLength: 4 }), (series) => {
        const masker = createMasker();
        const masked = series.map((text) => masker.mask(text));
        expect(masked.map((text) => masker.unmask(text))).toEqual(series);
      }),
      { numRuns: 300 },
    );
  });
  test("unmaskJson(maskJson(x)) is x", () => {
    fc.assert(
      fc.property(fc.jsonValue(), texts, (value, text) => {
        const masker = createMasker();
        // Every JSON value of the generator is one of ours.
        const given = JSON.parse(JSON.stringify({ value, text, email: [text] }));
        expect(masker.unmaskJson(masker.maskJson(given))).toEqual(given);
      }),
    );
  });
  test("reads a key as the label of its value", () => {
    const value = { ssn: "967171726", dateOfBirth: "1990-04-05", travelDate: "2024-05-15", n: 5 };
    expect(createMasker().maskJson(value)).toEqual({
      ssn: "<US_SSN_1>",
      dateOfBirth: "<DATE_OF_BIRTH_1>",
      travelDate: "2024-05-15",
      n: 5,
    });
  });
  test("leaves placeholders that it did not give out", () => {
    expect(createMasker().unmask("dear <EMAIL_7>")).toBe("dear <EMAIL_7>");
  });
  test("leaves nothing beside its masks that a second look would find", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const rest = createMasker()
          .mask(text)
          .replace(/<[A-Z_]+_[\d.]+>/g, "\u0000");
        expect(maskText(rest).spans).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
