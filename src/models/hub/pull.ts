import { mkdir, rename, rm, stat, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { HouseError, type Progress } from "../../core/index.ts";
import { askListing, urlAt } from "./ask.ts";
import { checkFile } from "./checksum.ts";
import { download } from "./download.ts";
import { connectHub, type HubConnection, type HubTimeouts } from "./http.ts";
import type { HubFile, HubLicence, HubListing } from "./listing.ts";
import { repositoryOf, type HubName } from "./name.ts";
import type { RetryEffects } from "./retry.ts";

/** The record of a pull, beside the files it fetched. */
export const PULLED_FILE = "pulled.json";

/** The hub's own address; mirrors speak the same protocol. */
export const DEFAULT_ENDPOINT = "https://huggingface.co";

export type PullOptions = {
  readonly model: HubName;
  /** Made when it is not there. */
  readonly folder: string;
  readonly endpoint: string;
  /** Sent to the endpoint's own host only. */
  readonly token: string | undefined;
  readonly timeouts?: Partial<HubTimeouts>;
};

export type PullEffects = RetryEffects & {
  readonly nowMs: () => number;
  readonly progress: Progress;
  /** A line for the person who waits: the licence, before the first large byte. */
  readonly note: (line: string) => void;
};

export type PulledModel = {
  readonly repository: string;
  /** What was asked for, and the commit that was. */
  readonly revision: string;
  readonly commit: string;
  readonly endpoint: string;
  readonly licence: HubLicence | null;
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
  /** ISO 8601. */
  readonly pulledAt: string;
};

/**
 * Fetches a model's configuration, tokenizer and safetensors at one commit into a folder, checks each file against the hub's
 * checksum, and writes `pulled.json` last. Run again, it fetches only what is missing. Throws HouseError.
 */
export async function pullModel(options: PullOptions, effects: PullEffects): Promise<PulledModel> {
  const endpoint = endpointOf(options.endpoint, options.token);
  const { nowMs } = effects;
  const connection = connectHub({ endpoint, token: options.token, timeouts: options.timeouts, nowMs });
  try {
    const listing = await askListing(connection, endpoint, options.model, effects);
    effects.note(describeLicence(options.model, listing));
    await makeFolder(options.folder);
    const files = await fetchAll({ connection, endpoint, options, listing }, effects);
    const pulled = {
      repository: repositoryOf(options.model),
      revision: options.model.revision,
      commit: listing.commit,
      endpoint: endpoint.origin,
      licence: listing.licence,
      files,
      pulledAt: new Date(nowMs()).toISOString(),
    };
    await writeFile(join(options.folder, PULLED_FILE), `${JSON.stringify(pulled, null, 2)}\n`);
    return pulled;
  } finally {
    await connection.close();
  }
}

/** A token is a secret: it goes through TLS, or to this machine itself. */
function endpointOf(text: string, token: string | undefined): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new HouseError(
      "bad-usage",
      `Cannot use --endpoint "${text}": expected a URL like ${DEFAULT_ENDPOINT}`,
    );
  }
  const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (url.protocol === "http:" && token !== undefined && !isLocal)
    throw new HouseError(
      "bad-usage",
      `Cannot send HF_TOKEN to "${text}": it is not https; unset HF_TOKEN or use https`,
    );
  return url;
}

function describeLicence(model: HubName, { licence, commit }: HubListing): string {
  const start = `${repositoryOf(model)} at ${commit.slice(0, 12)}: `;
  if (licence === null)
    return `${start}no licence is stated; without one nothing is allowed beyond what the law allows`;
  return `${start}licence ${licence.name}${licence.link === null ? "" : ` (${licence.link})`}`;
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new HouseError("bad-usage", `Cannot make folder "${folder}": ${(error as Error).message}`, {
      cause: error,
    });
  }
}

type Pull = {
  readonly connection: HubConnection;
  readonly endpoint: URL;
  readonly options: PullOptions;
  readonly listing: HubListing;
};

/** A partial file carries its checksum in its name, so that no other revision's bytes are ever appended to it. */
const partialOf = (folder: string, { name, checksum }: HubFile): string =>
  join(folder, `${name}.${checksum.hex.slice(0, 12)}.partial`);

async function fetchAll(pull: Pull, effects: PullEffects): Promise<PulledModel["files"]> {
  const { options, listing } = pull;
  const pulled = new Map<string, string>();
  let missingBytes = 0;
  for (const file of listing.files) {
    const sha256 = await shaIfHere(join(options.folder, file.name), file, effects);
    if (sha256 !== null) pulled.set(file.name, sha256);
    else missingBytes += file.bytes - ((await sizeOf(partialOf(options.folder, file))) ?? 0);
  }
  await checkRoom(options.folder, missingBytes);
  const onBytes = meter(`fetching ${repositoryOf(options.model)}`, missingBytes, effects.progress);
  for (const file of listing.files) {
    if (!pulled.has(file.name)) pulled.set(file.name, await fetchFile(pull, file, onBytes, effects));
  }
  return listing.files.map(({ name, bytes }) => ({ name, bytes, sha256: pulled.get(name) ?? "" }));
}

async function shaIfHere(path: string, file: HubFile, effects: PullEffects): Promise<string | null> {
  if ((await sizeOf(path)) !== file.bytes) return null;
  const { isRight, sha256 } = await checked(path, file, effects);
  return isRight ? sha256 : null;
}

async function checked(path: string, file: HubFile, effects: PullEffects): ReturnType<typeof checkFile> {
  const { signal, progress } = effects;
  try {
    return await checkFile(path, file, meter(`checking ${file.name}`, file.bytes, progress), signal);
  } catch (error) {
    if (signal.aborted)
      throw new HouseError("cancelled", `Stopped while checking "${path}"`, { cause: error });
    throw new HouseError("bad-input", `Cannot read "${path}": ${(error as Error).message}`, { cause: error });
  }
}

async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    ({ size }) => size,
    () => null,
  );
}

async function checkRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bytes <= bavail * bsize) return;
  throw new HouseError(
    "store-full",
    `Cannot pull into "${folder}": ${megabytes(bytes)} MB are to come, ${megabytes(bavail * bsize)} MB are free`,
  );
}

const megabytes = (bytes: number): number => Math.ceil(bytes / 1e6);

/** Progress in megabytes (10⁶ bytes) of what this run has to fetch, so that the rate is the network's. */
function meter(stage: string, totalBytes: number, progress: Progress): (bytes: number) => void {
  let total = totalBytes;
  let came = 0;
  return (bytes) => {
    // Bytes thrown away have to come again.
    if (bytes < 0) total -= bytes;
    else came += bytes;
    progress({ stage, done: Math.floor(came / 1e6), total: megabytes(total), unit: "MB" });
  };
}

async function fetchFile(
  { connection, endpoint, options, listing }: Pull,
  file: HubFile,
  onBytes: (bytes: number) => void,
  effects: PullEffects,
): Promise<string> {
  const partial = partialOf(options.folder, file);
  const path = `/${repositoryOf(options.model)}/resolve/${listing.commit}/${encodeURIComponent(file.name)}`;
  await download({ connection, url: urlAt(endpoint, path), file, partial, onBytes }, effects);
  const { isRight, sha256 } = await checked(partial, file, effects);
  if (!isRight) {
    await rm(partial, { force: true });
    throw new HouseError(
      "upstream-broken",
      `Cannot keep "${file.name}": its ${file.checksum.kind} is not the listed ${file.checksum.hex.slice(0, 12)}…; it was deleted, run the same command again`,
    );
  }
  await rename(partial, join(options.folder, file.name));
  return sha256;
}
