import { HouseError, type FitOptions } from "../../core/index.ts";
import { loadModelConfig, parameterCount } from "../../engine/index.ts";

const FLOAT_BYTES = 4;

/**
 * The bytes that remain for a fit beside the base in a folder, whose weights this thread and each training thread hold; undefined where
 * there is no limit. Throws HouseError `bad-input`, before a byte of the weights is read, where they alone take more than there is.
 */
export async function memoryBeside(
  folder: string | undefined,
  { maxBytes, threads = 1 }: Pick<FitOptions, "maxBytes" | "threads">,
): Promise<number | undefined> {
  // The shipped base takes no more than this process does anyway.
  if (folder === undefined || maxBytes === undefined) return maxBytes;
  const parameters = parameterCount(await loadModelConfig(folder));
  const bytes = FLOAT_BYTES * parameters;
  if (bytes * (1 + threads) < maxBytes) return maxBytes - bytes;
  throw new HouseError(
    "bad-input",
    `Cannot adapt the base in "${folder}": its ${millions(parameters)} parameters take ${gigabytes(bytes * (1 + threads))} with ${threads} threads, ${gigabytes(maxBytes)} are free; use a smaller base`,
  );
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
const millions = (count: number): string => `${(count / 1e6).toFixed(1)}M`;
