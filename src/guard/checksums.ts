import { createHash } from "node:crypto";

/** Luhn's check over decimal digits (ISO/IEC 7812-1, annex B). */
export function luhn(digits: string): boolean {
  let sum = 0;
  for (let place = 0; place < digits.length; place += 1) {
    const digit = Number(digits[digits.length - 1 - place]);
    const doubled = place % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** ISO 7064 mod 97-10 of an IBAN without spaces, upper case. */
export function isIbanChecksum(iban: string): boolean {
  let rest = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

// ISO 13616 registry: length by country.
const IBAN_LENGTHS: { readonly [country: string]: number } = Object.fromEntries(
  (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 " +
    "FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 " +
    "LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 " +
    "SA24 SC31 SD18 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20"
  )
    .split(" ")
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** Characters of an IBAN of this country; null for a country without IBANs. */
export function ibanLength(country: string): number | null {
  return IBAN_LENGTHS[country] ?? null;
}

// Never issued, or printed in advertisements and on sample cards.
const PUBLISHED_SSNS = new Set(["078051120", "219099999", "457555462"]);

/** Whether nine digits can be a US social security number (SSA: areas 000, 666 and 9xx, group 00, serial 0000 are never issued). */
export function isSsn(digits: string): boolean {
  const area = digits.slice(0, 3);
  if (area === "000" || area === "666" || area >= "900") return false;
  if (digits.slice(3, 5) === "00" || digits.slice(5) === "0000") return false;
  return !/^(\d)\1{8}$/.test(digits) && !PUBLISHED_SSNS.has(digits);
}

/** US national provider identifier: Luhn over 80840 and the ten digits. */
export function isNpi(digits: string): boolean {
  return /^[12]\d{9}$/.test(digits) && luhn(`80840${digits}`);
}

/** UK NHS number: weights 10 to 2, mod 11. */
export function isNhs(digits: string): boolean {
  if (!/^\d{10}$/.test(digits) || /^(\d)\1{9}$/.test(digits)) return false;
  const check = (11 - (weighted(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
  return check !== 10 && check === Number(digits[9]);
}

/** US bank routing number: weights 3, 7, 1, mod 10. */
export function isAba(digits: string): boolean {
  return /^[0-3678]\d{8}$/.test(digits) && weighted(digits, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 === 0;
}

/** US drug enforcement registration: two letters, seven digits, the last one a check. */
export function isDea(value: string): boolean {
  if (!/^[A-Z][A-Z9]\d{7}$/.test(value)) return false;
  return weighted(value.slice(2), [1, 2, 1, 2, 1, 2]) % 10 === Number(value[8]);
}

function weighted(digits: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, index) => sum + weight * Number(digits[index]), 0);
}

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
// Version, hash, four bytes of checksum.
const BASE58_ADDRESS_BYTES = 25;

/** Base58Check of a legacy Bitcoin address: the last four bytes are the head of a double SHA-256 of the rest. */
export function isBase58Address(value: string): boolean {
  let number = 0n;
  for (const character of value) {
    const digit = BASE58.indexOf(character);
    if (digit < 0) return false;
    number = number * 58n + BigInt(digit);
  }
  const hex = number.toString(16).padStart(BASE58_ADDRESS_BYTES * 2, "0");
  if (hex.length !== BASE58_ADDRESS_BYTES * 2) return false;
  const bytes = Buffer.from(hex, "hex");
  const once = createHash("sha256").update(bytes.subarray(0, -4)).digest();
  return createHash("sha256").update(once).digest().subarray(0, 4).equals(bytes.subarray(-4));
}

const BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const BECH32_GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
// BIP 173 (bech32) and BIP 350 (bech32m).
const BECH32_CONSTANTS = [1, 0x2bc830a3];

/** Checksum of a segwit address, lower case, with its prefix `bc1`. */
export function isBech32Address(value: string): boolean {
  let check = 1;
  const values = [3, 3, 0, 2, 3, ...Array.from(value.slice(3), (character) => BECH32.indexOf(character))];
  for (const digit of values) {
    if (digit < 0) return false;
    const top = check >>> 25;
    check = ((check & 0x1ffffff) << 5) ^ digit;
    for (const [bit, generator] of BECH32_GENERATOR.entries()) if ((top >>> bit) & 1) check ^= generator;
  }
  return BECH32_CONSTANTS.includes(check);
}
