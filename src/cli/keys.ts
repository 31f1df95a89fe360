import { randomBytes } from "node:crypto";
import type { Command } from "commander";
import { HouseError } from "../core/index.ts";
import { makeKey, parseKey, ROLES, type Role } from "../gateway/index.ts";
import type { AccessKey, Store } from "../store/index.ts";
import type { Config } from "./config.ts";
import { printJson } from "./context.ts";
import { durationFlag } from "./duration.ts";
import { paint, table } from "./print.ts";
import { noteAudit, withStore } from "./with-store.ts";

/** A client that is restarted by hand within a day never sees its key fail. */
const OVERLAP_MS = 86_400_000;
const MAX_NAME_CHARS = 100;
const MAX_MODELS = 100;

type CreateFlags = {
  readonly role?: string;
  readonly name?: string;
  readonly expires?: number;
  readonly models?: readonly string[];
  readonly json?: boolean;
};
type RotateFlags = { readonly overlap?: number; readonly expires?: number; readonly json?: boolean };

/** Adds `understudy keys create|list|revoke|rotate`. */
export function addKeys(root: Command, configOf: (command: Command) => Config): void {
  const keys = root.command("keys").description("keys of callers: make, list, revoke, replace");
  const json = ["--json", "one JSON document on stdout"] as const;
  const expires = [
    "--expires <time>",
    "until then: 30m, 12h, 90d (default: never)",
    durationFlag("--expires"),
  ] as const;
  keys
    .command("create")
    .description("makes a key and shows it, once")
    .option("--role <role>", `${ROLES.join(", ")} (default ingest: calls only)`)
    .option("--name <text>", "whose it is")
    .option(...expires)
    .option("--models <names...>", "only these models; a name may end in *")
    .option(...json)
    .action((flags: CreateFlags, command: Command) => {
      withStore(configOf(command), (store) => tellNew(createKey(store, flags, Date.now()), flags.json));
    });
  keys
    .command("list")
    .description("all keys, without their secrets")
    .option(...json)
    .action((flags: { json?: boolean }, command: Command) => {
      withStore(configOf(command), (store) => listKeys(store, Date.now(), flags.json === true));
    });
  keys
    .command("revoke")
    .argument("<id>", "the key's id: usk_<id>_…")
    .description("a running gateway refuses it within a second")
    .action((id: string, _: unknown, command: Command) => {
      withStore(configOf(command), (store) => revokeKey(store, id, Date.now()));
    });
  keys
    .command("rotate")
    .argument("<id>")
    .description("makes a key with the same rights; the old one stays good for the overlap")
    .option("--overlap <time>", "how long both are good (default 24h)", durationFlag("--overlap"))
    .option(...expires)
    .option(...json)
    .action((id: string, flags: RotateFlags, command: Command) => {
      withStore(configOf(command), (store) =>
        tellNew(rotateKey(store, id, { ...flags, nowMs: Date.now() }), flags.json),
      );
    });
}

type Made = { readonly key: string } & Pick<
  AccessKey,
  "id" | "name" | "role" | "models" | "expiresAt" | "replaces"
>;

/** A new key in the store. Throws HouseError bad-usage. */
export function createKey(store: Store, flags: CreateFlags, nowMs: number): Made {
  const role = roleOf(flags.role ?? "ingest");
  const name = (flags.name ?? "").slice(0, MAX_NAME_CHARS);
  const models = modelsOf(flags.models);
  const expiresAt = flags.expires === undefined ? null : isoOf(nowMs + flags.expires);
  return addKey(store, { name, role, models, expiresAt, replaces: null }, nowMs);
}

/** A key with the rights of another, which ends after the overlap. Throws HouseError not-found | bad-usage. */
export function rotateKey(store: Store, id: string, flags: RotateFlags & { readonly nowMs: number }): Made {
  const { nowMs } = flags;
  const old = findKey(store, id);
  const ends = Math.min(expiryOf(old), nowMs + (flags.overlap ?? OVERLAP_MS));
  if (old.revokedAt !== null || expiryOf(old) <= nowMs)
    throw new HouseError(
      "bad-usage",
      `Cannot replace the key ${old.id}: it is no longer good; make one with keys create`,
    );
  // A key that was made for 90 days is replaced by one for 90 days.
  const livesMs = flags.expires ?? (old.expiresAt === null ? null : expiryOf(old) - Date.parse(old.madeAt));
  const expiresAt = livesMs === null ? null : isoOf(nowMs + livesMs);
  const made = addKey(
    store,
    { name: old.name, role: old.role, models: old.models, expiresAt, replaces: old.id },
    nowMs,
  );
  noteAudit(store, "key-changed", { keyId: old.id, expiresAt: isoOf(ends) });
  store.accessKeys.change(old.id, { expiresAt: isoOf(ends) });
  return made;
}

function addKey(store: Store, key: Omit<Made, "key" | "id">, nowMs: number): Made {
  const { id, key: text, secretHash } = makeKey(randomBytes);
  noteAudit(store, "key-created", {
    keyId: id,
    ...key,
    models: key.models === null ? null : [...key.models],
  });
  store.accessKeys.add({ id, secretHash, madeAt: isoOf(nowMs), ...key });
  return { id, key: text, ...key };
}

function revokeKey(store: Store, id: string, nowMs: number): void {
  const key = findKey(store, id);
  noteAudit(store, "key-revoked", { keyId: key.id });
  store.accessKeys.change(key.id, { revokedAt: isoOf(nowMs) });
  process.stdout.write(`${key.id} lets no one in any more; a running gateway knows within a second\n`);
}

function findKey(store: Store, given: string): AccessKey {
  const id = parseKey(given)?.id ?? given.replace(/^usk_/, "");
  const key = store.accessKeys.all().keys.find((one) => one.id === id);
  if (key !== undefined) return key;
  throw new HouseError(
    "not-found",
    `Cannot find the key "${id.slice(0, 20)}": understudy keys list shows them`,
  );
}

function roleOf(text: string): Role {
  const role = ROLES.find((known) => known === text);
  if (role !== undefined) return role;
  throw new HouseError("bad-usage", `Cannot use --role "${text}": expected one of ${ROLES.join(", ")}`);
}

function modelsOf(given: readonly string[] | undefined): readonly string[] | null {
  if (given === undefined) return null;
  const names = given.flatMap((text) => text.split(",")).map((text) => text.trim());
  if (names.length <= MAX_MODELS && names.every((name) => /^[^*]+\*?$|^\*$/.test(name))) return names;
  throw new HouseError(
    "bad-usage",
    `Cannot use --models "${given.join(" ").slice(0, 200)}": expected names like gpt-4o-mini or gpt-*, ${MAX_MODELS} at most`,
  );
}

function tellNew(made: Made, json: boolean | undefined): void {
  if (json === true) {
    printJson(made);
    return;
  }
  const { id, key, role, expiresAt, replaces } = made;
  // The key alone on stdout: KEY=$(understudy keys create).
  process.stdout.write(`${key}\n`);
  const until = expiresAt === null ? "without an end" : `good until ${expiresAt}`;
  const instead = replaces === null ? "" : `, in place of ${replaces}`;
  process.stderr.write(
    `${id}, ${role}, ${until}${instead}. This is the only time it is shown: keep it now.\n`,
  );
}

function listKeys(store: Store, nowMs: number, json: boolean): void {
  const { keys, foreign } = store.accessKeys.all();
  const rows = keys.map((key) => ({ ...key, secretHash: undefined, state: stateOf(key, nowMs) }));
  if (json) {
    printJson({ keys: rows, foreign });
    return;
  }
  const titles = ["id", "name", "role", "models", "made", "expires", "last used", "state"];
  const cells = rows.map((key) => [
    key.id,
    key.name,
    key.role,
    key.models === null ? "all" : key.models.join(" "),
    key.madeAt.slice(0, 10),
    key.expiresAt?.slice(0, 16) ?? "never",
    key.lastUsedAt?.slice(0, 13) ?? "–",
    key.state === "good" ? paint("green", key.state) : paint("dim", key.state),
  ]);
  process.stdout.write(
    rows.length === 0
      ? "No keys yet: understudy keys create makes one\n"
      : `${table(
          titles.map((title) => ({ title })),
          cells,
        )}\n`,
  );
  for (const id of foreign)
    process.stderr.write(
      `${id} was not written under this store's key and opens nothing: someone changed the file\n`,
    );
}

type State = "good" | "revoked" | "expired";

function stateOf(key: Pick<AccessKey, "revokedAt" | "expiresAt">, nowMs: number): State {
  if (key.revokedAt !== null) return "revoked";
  return expiryOf(key) <= nowMs ? "expired" : "good";
}

/** Keys in the store that let in. */
export function countLiveKeys(store: Store, nowMs: number): number {
  return store.accessKeys.all().keys.filter((key) => stateOf(key, nowMs) === "good").length;
}

const expiryOf = ({ expiresAt }: Pick<AccessKey, "expiresAt">): number =>
  expiresAt === null ? Infinity : Date.parse(expiresAt);
const isoOf = (ms: number): string => new Date(ms).toISOString();
