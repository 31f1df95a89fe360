import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import {
  bytesHash,
  contentHash,
  HouseError,
  parseJson,
  type Json,
  type SpecialistDescription,
} from "../core/index.ts";
import { ANSWER_VERSION } from "./policy-hash.ts";
import type { Calibration, SpecialistParts } from "./specialist-model.ts";

/** Raised when the folder is laid out otherwise. */
const FORMAT_VERSION = 1;
const ARTIFACT_FILE = "artifact.bin";
const META_FILE = "meta.json";
/** Far above any specialist: what is larger is none, and is not read into memory. */
const MAX_ARTIFACT_BYTES = 2 ** 31;
const MAX_META_BYTES = 16 * 1024 * 1024;

/** The name of a specialist: the hash of its task and of all that decides what it answers and how sure it is. */
export function specialistIdOf(
  taskId: string,
  { artifact, calibration, style }: Pick<SpecialistParts, "artifact" | "calibration" | "style">,
): string {
  return idFrom(taskId, bytesHash(artifact), { calibration, style });
}

function idFrom(
  taskId: string,
  artifactHash: string,
  { calibration, style }: { readonly calibration: unknown; readonly style: unknown },
): string {
  return contentHash([taskId, artifactHash, calibration, style], 64);
}

/** A specialist with all that is told of it. */
export type SavedSpecialist = SpecialistParts & {
  readonly id: string;
  readonly task: { readonly id: string; readonly name: string };
  readonly description: SpecialistDescription;
  /** Figures of the training run: how many examples, what was tried, the seed. */
  readonly training: { readonly [field: string]: Json };
  /** Hash of examples, options, seed and code version. */
  readonly madeFrom: string;
  /** Its newest certificate; null without. A statement about the store it was made in. */
  readonly certificate: Json;
};

export type SavedFolder = {
  readonly dir: string;
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
};

const metaForm = z.object({
  format: z.literal("understudy-specialist"),
  version: z.literal(FORMAT_VERSION),
  answerVersion: z.number(),
  id: z.string(),
  kind: z.string(),
  task: z.object({ id: z.string(), name: z.string() }),
  description: z.object({ kind: z.string(), parameters: z.number() }),
  artifact: z.object({ file: z.literal(ARTIFACT_FILE), bytes: z.number(), sha256: z.string() }),
  calibration: z.looseObject({ kind: z.string() }),
  style: z.object({ json: z.enum(["compact", "spaced", "indented"]), fenced: z.boolean() }),
  training: z.record(z.string(), z.unknown()),
  madeFrom: z.string(),
  certificate: z.unknown(),
});

/**
 * Writes a specialist as one folder: the artifact and what is told of it, readable by the owner alone (both are made of content). All of it or nothing: it is
 * written beside, flushed and renamed. Throws HouseError `bad-usage` where something is in the way.
 */
export function saveSpecialist(dir: string, specialist: SavedSpecialist): SavedFolder {
  const target = resolve(dir);
  if (existsSync(target) && !isEmptyFolder(target)) {
    throw new HouseError(
      "bad-usage",
      `Cannot save into "${dir}": it is not empty; name a new folder with --out`,
    );
  }
  const beside = `${target}.part-${process.pid}`;
  const files = [
    { name: ARTIFACT_FILE, content: specialist.artifact },
    { name: META_FILE, content: Buffer.from(`${JSON.stringify(metaOf(specialist), null, 2)}\n`) },
  ];
  try {
    mkdirSync(dirname(target), { recursive: true });
    mkdirSync(beside, { mode: 0o700 });
    for (const { name, content } of files) writeWhole(join(beside, name), content);
    if (existsSync(target)) rmSync(target, { recursive: true });
    renameSync(beside, target);
    flush(dirname(target));
  } catch (error) {
    rmSync(beside, { recursive: true, force: true });
    throw new HouseError("bad-usage", `Cannot save into "${dir}": ${(error as Error).message}`, {
      cause: error,
    });
  }
  return {
    dir: target,
    files: files.map(({ name, content }) => ({ name, bytes: content.length, sha256: bytesHash(content) })),
  };
}

function metaOf(specialist: SavedSpecialist): z.input<typeof metaForm> {
  const { id, familyKind, task, description, artifact, calibration, style, training, madeFrom, certificate } =
    specialist;
  return {
    format: "understudy-specialist",
    version: FORMAT_VERSION,
    answerVersion: ANSWER_VERSION,
    id,
    kind: familyKind,
    task,
    description,
    artifact: { file: ARTIFACT_FILE, bytes: artifact.length, sha256: bytesHash(artifact) },
    calibration,
    style,
    training,
    madeFrom,
    certificate,
  };
}

const isEmptyFolder = (path: string): boolean =>
  statSync(path).isDirectory() && readdirSync(path).length === 0;

function writeWhole(path: string, content: Uint8Array): void {
  const file = openSync(path, "wx", 0o600);
  try {
    for (let at = 0; at < content.length;) at += writeSync(file, content, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function flush(folder: string): void {
  const file = openSync(folder, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * The specialist in a folder, checked: the artifact is whole, and the id is that of what is there. Throws HouseError `bad-input` on anything else. A valid id
 * says that the parts belong together, not who made them.
 */
export function readSavedSpecialist(dir: string): SavedSpecialist {
  const refuse = (what: string, cause?: unknown): HouseError =>
    new HouseError("bad-input", `Cannot load the specialist in "${dir}": ${what}`, { cause });
  const read = (name: string, most: number): Buffer => {
    try {
      const { size } = statSync(join(dir, name));
      if (size > most) throw refuse(`${name} has ${size} bytes, at most ${most} are read`);
      return readFileSync(join(dir, name));
    } catch (error) {
      if (error instanceof HouseError) throw error;
      throw refuse((error as Error).message, error);
    }
  };
  const parsed = metaForm.safeParse(parseJson(read(META_FILE, MAX_META_BYTES).toString("utf8")));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refuse(
      `${META_FILE} is not that of a specialist: ${issue.path.join(".") || "it"}: ${issue.message}`,
    );
  }
  const meta = parsed.data;
  if (meta.answerVersion !== ANSWER_VERSION) {
    throw refuse(
      `it answers as version ${meta.answerVersion} of the code does, this is version ${ANSWER_VERSION}; train it again`,
    );
  }
  const artifact = read(ARTIFACT_FILE, MAX_ARTIFACT_BYTES);
  const found = bytesHash(artifact);
  if (found !== meta.artifact.sha256) {
    throw refuse(
      `${ARTIFACT_FILE} has the hash ${found.slice(0, 12)}…, ${META_FILE} says ${meta.artifact.sha256.slice(0, 12)}…`,
    );
  }
  if (meta.id !== idFrom(meta.task.id, found, meta)) {
    throw refuse(`the id in ${META_FILE} is not that of its artifact, calibration and style`);
  }
  return {
    id: meta.id,
    familyKind: meta.kind,
    task: meta.task,
    description: meta.description,
    artifact,
    // Under the id's hash: as `saveSpecialist` was given them.
    calibration: meta.calibration as unknown as Calibration,
    style: meta.style,
    training: meta.training as { readonly [field: string]: Json },
    madeFrom: meta.madeFrom,
    certificate: (meta.certificate ?? null) as Json,
  };
}
