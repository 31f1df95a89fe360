/** What the masks look for. The name is the name in the placeholder: `<EMAIL_1>`. */
export const MASK_TYPES = [
  "SECRET",
  "PRIVATE_KEY",
  "CARD",
  "CARD_LAST_FOUR",
  "IBAN",
  "SWIFT",
  "BANK_ACCOUNT",
  "ABA_ROUTING",
  "CRYPTO_ADDRESS",
  "US_SSN",
  "NPI",
  "NHS",
  "DEA",
  "MBI",
  "MEDICAL_RECORD",
  "INSURANCE_POLICY",
  "PASSPORT",
  "LICENSE",
  "NATIONAL_ID",
  "TAX_ID",
  "USER_ID",
  "EMPLOYEE_ID",
  "PAYMENT_ID",
  "DATE_OF_BIRTH",
  "EMAIL",
  "PHONE",
  "IP",
  "MAC",
  "URL_LOGIN",
  "URL",
  /** Text that already looked like one of our placeholders; masked so that it comes back as it was. */
  "LITERAL",
] as const;

export type MaskType = (typeof MASK_TYPES)[number];

/** A stretch of text to mask: UTF-16 offsets, end exclusive. */
export type Finding = {
  readonly start: number;
  readonly end: number;
  readonly type: MaskType;
  /** In (0, 1]; 1 where a checksum holds. Decides between findings of one length. */
  readonly score: number;
};

/** Finds one kind of thing. Linear in the text: every quantifier is bounded or starts only where a run starts. */
export type Detector = (text: string) => Finding[];

/** Our placeholders, `<EMAIL_1>` or `<EMAIL_1.2>`; text that only resembles those of someone else is left alone. */
export const PLACEHOLDER = new RegExp(`<(?:${MASK_TYPES.join("|")})_\\d{1,9}(?:\\.\\d{1,9})?>`, "g");
