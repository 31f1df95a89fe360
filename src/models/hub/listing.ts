import { z } from "zod";
import { HouseError } from "../../core/index.ts";

/** A file of a repository, with what it must hash to. */
export type HubFile = {
  readonly name: string;
  readonly bytes: number;
  readonly checksum: Checksum;
};

/** Large files are known by their SHA-256; small ones, which git itself keeps, by git's SHA-1 of `blob SIZE\0` and the content. */
export type Checksum = { readonly kind: "sha256" | "git-sha1"; readonly hex: string };

export type HubLicence = { readonly name: string; readonly link: string | null };

/** What a hub says of one revision of a repository. */
export type HubListing = {
  /** The commit: all files are fetched at it, so that they belong together. */
  readonly commit: string;
  /** Null when the repository names none. */
  readonly licence: HubLicence | null;
  readonly files: readonly HubFile[];
};

const hex = (length: number): z.ZodString => z.string().regex(new RegExp(`^[0-9a-f]{${length}}$`));

const text = z.string().nullish().catch(null);

const listingForm = z.object({
  sha: hex(40),
  cardData: z
    .object({
      license: z
        .union([z.string(), z.array(z.string())])
        .nullish()
        .catch(null),
      license_name: text,
      license_link: text,
    })
    .nullish()
    .catch(null),
  tags: z.array(z.string()).nullish().catch(null),
  siblings: z.array(
    z.object({
      rfilename: z.string(),
      size: z.int().nonnegative().nullish(),
      blobId: hex(40).nullish(),
      lfs: z.object({ sha256: hex(64), size: z.int().nonnegative() }).nullish(),
    }),
  ),
});

type Raw = z.infer<typeof listingForm>;

/** Reads a hub's answer about a repository and takes the files that belong to a model. Throws HouseError upstream-broken | bad-input. */
export function readListing(repository: string, answer: unknown): HubListing {
  const parsed = listingForm.safeParse(answer);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = issue.path.join(".") || "the answer";
    throw new HouseError(
      "upstream-broken",
      `Cannot read the listing of "${repository}": ${place}: ${issue.message}`,
    );
  }
  const { sha, siblings } = parsed.data;
  const names = siblings.map(({ rfilename }) => rfilename);
  const unsafe = names.find((name) => !isSafeName(name));
  if (unsafe !== undefined) {
    throw new HouseError(
      "bad-input",
      `Cannot pull "${repository}": it lists a file named ${JSON.stringify(unsafe)}, which leads out of its folder; nothing was fetched`,
    );
  }
  const chosen = chooseFiles(repository, names);
  return {
    commit: sha,
    licence: licenceOf(parsed.data),
    files: siblings.filter(({ rfilename }) => chosen.has(rfilename)).map((file) => fileOf(repository, file)),
  };
}

/** A relative path with forward slashes whose parts are neither empty, `.` nor `..`, without control characters or drive letters. */
function isSafeName(name: string): boolean {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for.
  if (/[\u0000-\u001f\u007f\\]|^[A-Za-z]:/.test(name)) return false;
  return name.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

const SIDE_FILES = new Set([
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "chat_template.jinja",
  "adapter_config.json",
]);
const TERMS = /^(LICENSE|LICENCE|NOTICE)(\.(txt|md))?$/i;
const WEIGHTS = /^[\w.-]+\.safetensors$/;
// The usual names; some repositories hold the same weights once more in another layout (`consolidated.safetensors`).
const USUAL_WEIGHTS = /^model(-\d{5}-of-\d{5})?\.safetensors$/;
const INDEX = "model.safetensors.index.json";
const PICKLES = /\.(bin|pt|pth|ckpt|pkl|h5|msgpack)$/;

function chooseFiles(repository: string, names: readonly string[]): ReadonlySet<string> {
  // Folders hold other formats (onnx/, original/): what a model here needs stands at the top.
  const top = names.filter((name) => !name.includes("/"));
  const usual = top.filter((name) => USUAL_WEIGHTS.test(name));
  const weights = usual.length > 0 ? usual : top.filter((name) => WEIGHTS.test(name));
  if (weights.length === 0) throw new HouseError("bad-input", noWeights(repository, names));
  const sides = top.filter((name) => SIDE_FILES.has(name) || TERMS.test(name) || name === INDEX);
  return new Set([...sides, ...weights]);
}

function noWeights(repository: string, names: readonly string[]): string {
  const pickle = names.find((name) => PICKLES.test(name));
  const gguf = names.find((name) => name.endsWith(".gguf"));
  const start = `Cannot pull "${repository}": it has no safetensors`;
  if (gguf !== undefined) return `${start}, only GGUF ("${gguf}"); pull the repository it was made from`;
  if (pickle !== undefined) return `${start}, only "${pickle}", a form that can run code when it is loaded`;
  return start;
}

function fileOf(repository: string, file: Raw["siblings"][number]): HubFile {
  const bytes = file.lfs?.size ?? file.size;
  const checksum: Checksum | null =
    file.lfs?.sha256 !== undefined
      ? { kind: "sha256", hex: file.lfs.sha256 }
      : typeof file.blobId === "string"
        ? { kind: "git-sha1", hex: file.blobId }
        : null;
  if (typeof bytes === "number" && checksum !== null) return { name: file.rfilename, bytes, checksum };
  throw new HouseError(
    "upstream-broken",
    `Cannot pull "${repository}": the listing gives no size or checksum of "${file.rfilename}"`,
  );
}

function licenceOf({ cardData, tags }: Raw): HubLicence | null {
  const tag = tags?.find((text) => text.startsWith("license:"))?.slice("license:".length);
  const stated = [cardData?.license ?? []].flat().join(", ");
  const kind = stated === "" ? tag : stated;
  // "other" says only that the name stands beside it.
  const name = kind === "other" || kind === undefined ? (cardData?.license_name ?? kind) : kind;
  return name === undefined ? null : { name, link: cardData?.license_link ?? null };
}
