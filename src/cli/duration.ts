import { HouseError } from "../core/index.ts";

const UNIT_MS: { readonly [unit: string]: number } = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads `30m`, `12h`, `90d` for a flag. Throws HouseError bad-usage. */
export function durationFlag(name: string): (text: string) => number {
  return (text) => {
    const match = /^(\d{1,5})([mhd])$/.exec(text);
    if (match !== null && Number(match[1]) > 0) return Number(match[1]) * UNIT_MS[match[2]];
    throw new HouseError("bad-usage", `Cannot use ${name} "${text}": expected a time like 30m, 12h or 90d`);
  };
}
