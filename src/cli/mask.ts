import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { createMasker, maskText } from "../guard/index.ts";
import { HouseError } from "../core/index.ts";

/** `understudy mask [FILE…]`: text in, masked text out, line by line; with --spans a JSON line per line with what was found. */
export async function maskCommand(
  files: readonly string[],
  flags: { readonly spans?: boolean },
): Promise<number> {
  const sources = files.length === 0 ? [process.stdin] : files.map((file) => createReadStream(file));
  for (const [index, source] of sources.entries())
    await maskStream(source, files[index] ?? "standard input", flags.spans === true);
  return 0;
}

async function maskStream(source: Readable, name: string, spans: boolean): Promise<void> {
  try {
    // One masker per source: the same value has the same placeholder throughout.
    const masker = createMasker();
    for await (const line of createInterface({ input: source, crlfDelay: Infinity })) {
      process.stdout.write(spans ? `${JSON.stringify(maskText(line))}\n` : `${masker.mask(line)}\n`);
    }
  } catch (error) {
    throw new HouseError("bad-input", `Cannot read "${name}": ${(error as Error).message}`, { cause: error });
  }
}
