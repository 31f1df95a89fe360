import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Colours a text for a stream; plain where the stream is no terminal or NO_COLOR is set. */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream });
}

/** 12,345. */
export const count = (n: number): string => n.toLocaleString("en-US");

/** A share as a percentage with as many digits as it needs: 0.4 %, 12.3 %, 98 %. */
export function percent(share: number | null, digits: number = 1): string {
  if (share === null) return "–";
  return `${(share * 100).toFixed(digits)} %`;
}

/** Dollars: cents where they matter. */
export function dollars(usd: number | null): string {
  if (usd === null) return "–";
  return usd >= 100 ? `$${count(Math.round(usd))}` : `$${usd.toFixed(2)}`;
}

export function milliseconds(ms: number | null): string {
  if (ms === null) return "–";
  return ms < 10 ? `${ms.toFixed(2)} ms` : `${count(Math.round(ms))} ms`;
}

/** 512 B, 94 kB, 1.2 MB, 16.4 GB: powers of ten, as disks and hubs count. */
export function bytes(size: number | null): string {
  if (size === null) return "–";
  const units = ["B", "kB", "MB", "GB", "TB"];
  let power = 0;
  // 999.5 and above would be written as 1000 of the smaller unit.
  while (power < units.length - 1 && size / 1000 ** power >= 999.5) power += 1;
  const value = size / 1000 ** power;
  return `${value.toFixed(power === 0 || value >= 100 ? 0 : 1)} ${units[power]}`;
}

export type Column = { readonly title: string; readonly right?: boolean };

/** A table in plain text; widths count visible characters. Cells may be coloured. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...rows.map((row) => visible(row[index] ?? ""))),
  );
  const line = (cells: readonly string[], style?: Style): string => {
    const padded = cells.map((cell, index) => pad(cell, widths[index], columns[index].right === true));
    const text = `  ${padded.join("  ").trimEnd()}`;
    return style === undefined ? text : paint(style, text);
  };
  return [
    line(
      columns.map(({ title }) => title),
      "dim",
    ),
    ...rows.map((row) => line(row)),
  ].join("\n");
}

// eslint-disable-next-line no-control-regex -- the escape sequences of colours start with one.
const COLOUR = /\u001b\[[0-9;]*m/g;
const visible = (text: string): number => text.replace(COLOUR, "").length;

function pad(cell: string, width: number, right: boolean): string {
  const space = " ".repeat(Math.max(0, width - visible(cell)));
  return right ? space + cell : cell + space;
}

/** Cuts a text to a width with an ellipsis. */
export function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
