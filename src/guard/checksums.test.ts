import { describe, expect, test } from "vitest";
import {
  ibanLength,
  isAba,
  isBase58Address,
  isBech32Address,
  isDea,
  isIbanChecksum,
  isNhs,
  isNpi,
  isSsn,
  luhn,
} from "./checksums.ts";

/** A value with its last character moved on by one: no longer valid under any check that sees single errors. */
function broken(value: string): string {
  return value.slice(0, -1) + ((Number(value.at(-1)) + 1) % 10);
}

// Numbers published by the issuers of each scheme for testing.
describe.each<[string, (value: string) => boolean, string]>([
  ["luhn()", luhn, "4111111111111111"],
  ["isIbanChecksum()", isIbanChecksum, "GB29NWBK60161331926819"],
  ["isNpi()", isNpi, "1234567893"],
  ["isNhs()", isNhs, "9434765919"],
  ["isAba()", isAba, "021000021"],
  ["isDea()", isDea, "AB1234563"],
])("%s", (_, check, valid) => {
  test(`accepts ${valid}`, () => expect(check(valid)).toBe(true));
  test("refuses one wrong digit", () => expect(check(broken(valid))).toBe(false));
});

describe("isSsn()", () => {
  test("refuses what was never issued, and published samples", () => {
    const never = ["000123456", "666123456", "900123456", "123006789", "123450000", "111111111", "078051120"];
    expect(never.filter(isSsn)).toEqual([]);
  });
  test("accepts an ordinary number", () => expect(isSsn("536221234")).toBe(true));
});

describe("ibanLength()", () => {
  test("is the registry's length, null elsewhere", () => {
    expect([ibanLength("DE"), ibanLength("NO"), ibanLength("US")]).toEqual([22, 15, null]);
  });
});

describe("isBase58Address()", () => {
  // The address of the first Bitcoin block.
  test("accepts the genesis address and refuses a changed one", () => {
    const genesis = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa";
    expect([isBase58Address(genesis), isBase58Address(genesis.replace("zP1", "zP2"))]).toEqual([true, false]);
  });
});

describe("isBech32Address()", () => {
  // BIP 173, examples.
  test("accepts the example of BIP 173 and refuses a changed one", () => {
    const example = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";
    expect([isBech32Address(example), isBech32Address(example.replace("qw5", "qw4"))]).toEqual([true, false]);
  });
});
