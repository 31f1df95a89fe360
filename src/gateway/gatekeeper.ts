import { timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Log } from "../core/index.ts";
import type { AccessKeyTable } from "../store/index.ts";
import { ROLES, type Caller, type Gatekeeper, type Refusal, type Role } from "./hooks.ts";
import { hashSecret, KEY_PREFIX, parseKey } from "./keys.ts";

/** A key that was revoked lets in for at most so long: asking the store costs one look into an index. */
export const KEYS_POLL_MS = 1000;
const HOUR_MS = 3_600_000;

/** Who comes without a key where none is required: calls and figures, but no content and no change. */
const ANONYMOUS: Caller = { keyId: "anonymous", role: "viewer", models: null, hasKey: false };

export type KeyWatch = {
  readonly gatekeeper: Gatekeeper;
  /** Whether callers need a key, from now on. */
  require(isRequired: boolean): void;
  /** Takes over what has changed in the store. */
  reload(): void;
  close(): void;
};

type Entry = {
  readonly caller: Caller;
  readonly secretHash: Uint8Array;
  readonly expiresMs: number;
};

export type WatchOptions = {
  readonly isRequired: boolean;
  readonly nowMs: () => number;
  readonly log: Log;
  readonly pollMs?: number;
};

/** The keys that the store now holds, kept in memory and up to date. When the store cannot be asked, the last known keys hold. */
export function watchKeys(table: AccessKeyTable, options: WatchOptions): KeyWatch {
  const { nowMs, log } = options;
  let { isRequired } = options;
  let version = -1;
  let entries: ReadonlyMap<string, Entry> = new Map();
  const usedInHour = new Map<string, number>();
  const used = new Set<string>();
  const load = (): void => {
    const now = table.version();
    if (now === version) return;
    const { keys, foreign } = table.all();
    for (const keyId of foreign)
      log.error({ event: "key-foreign", keyId }, "not written under the store's key");
    const live = keys.filter(({ revokedAt }) => revokedAt === null);
    entries = new Map(live.flatMap((key) => entryOf(key)));
    version = now;
  };
  const noteUse = (): void => {
    if (used.size === 0) return;
    const hourMs = Math.floor(nowMs() / HOUR_MS) * HOUR_MS;
    table.noteUse([...used], new Date(hourMs).toISOString());
    used.clear();
  };
  const reload = (): void => {
    try {
      load();
      noteUse();
    } catch (error) {
      log.warn({ event: "keys-reload-failed", message: (error as Error).message });
    }
  };
  load();
  const timer = setInterval(reload, options.pollMs ?? KEYS_POLL_MS);
  timer.unref();
  const gatekeeper: Gatekeeper = {
    admit({ headers }, needs) {
      const credential = credentialOf(headers);
      if (credential === null) return isRequired ? missing(headers) : allow(ANONYMOUS, needs);
      const entry = check(credential, entries);
      const now = nowMs();
      if (entry === null || now >= entry.expiresMs) return UNKNOWN;
      const { keyId } = entry.caller;
      const hour = Math.floor(now / HOUR_MS);
      if (usedInHour.get(keyId) !== hour) {
        usedInHour.set(keyId, hour);
        used.add(keyId);
      }
      return allow(entry.caller, needs);
    },
  };
  return {
    gatekeeper,
    require: (value) => (isRequired = value),
    reload,
    close() {
      clearInterval(timer);
      reload();
    },
  };
}

/** Why a caller may not ask for a model; null when it may. */
export function mayAsk({ models, keyId }: Caller, model: string): Refusal | null {
  if (models === null || models.some((allowed) => covers(allowed, model))) return null;
  const message = `The key ${keyId} may not ask for model "${model.slice(0, 100)}": it is for ${models.join(", ")}`;
  return { code: "forbidden", message };
}

function covers(allowed: string, model: string): boolean {
  return allowed.endsWith("*") ? model.startsWith(allowed.slice(0, -1)) : model === allowed;
}

const RANK: ReadonlyMap<string, number> = new Map(ROLES.map((role, rank) => [role, rank]));

function entryOf(key: ReturnType<AccessKeyTable["all"]>["keys"][number]): [string, Entry][] {
  // A role that this program does not know opens nothing.
  if (!RANK.has(key.role)) return [];
  const caller = { keyId: key.id, role: key.role as Role, models: key.models, hasKey: true };
  const expiresMs = key.expiresAt === null ? Infinity : Date.parse(key.expiresAt);
  return [[key.id, { caller, secretHash: key.secretHash, expiresMs }]];
}

/** Compared when the id is unknown, so that the answer takes as long as for a wrong secret. */
const NO_HASH = new Uint8Array(32);

function check(credential: string, entries: ReadonlyMap<string, Entry>): Entry | null {
  const parts = parseKey(credential);
  if (parts === null) return null;
  const entry = entries.get(parts.id);
  const isRight = timingSafeEqual(hashSecret(parts.secret), entry?.secretHash ?? NO_HASH);
  return isRight && entry !== undefined ? entry : null;
}

function allow(caller: Caller, needs: Role): Caller | Refusal {
  if (RANK.get(caller.role)! >= RANK.get(needs)!) return caller;
  const who = caller.hasKey
    ? `The key ${caller.keyId} has the role ${caller.role}`
    : "You came without a key";
  return { code: "forbidden", message: `${who}: this needs the role ${needs}` };
}

/** Where the official clients put their keys: openai, @anthropic-ai/sdk, Azure, Gemini. Not in the URL, which proxies log. */
const PLAIN_HEADERS = ["x-api-key", "api-key", "x-goog-api-key"] as const;
const BEARER = /^bearer +/i;

/** The first credential that has the form of ours; null when there is none. */
function credentialOf(headers: IncomingHttpHeaders): string | null {
  const { authorization } = headers;
  if (authorization !== undefined) {
    const token = authorization.replace(BEARER, "");
    if (token.startsWith(KEY_PREFIX)) return token;
  }
  for (const name of PLAIN_HEADERS) {
    const value = headers[name];
    if (typeof value === "string" && value.startsWith(KEY_PREFIX)) return value;
  }
  return null;
}

// One text for unknown, wrong, expired and revoked: which of them it was is nobody's business.
const UNKNOWN: Refusal = {
  code: "unauthenticated",
  message: "The key is not known here, or no longer: ask the operator for a new one",
};

function missing(headers: IncomingHttpHeaders): Refusal {
  const hasOther =
    headers.authorization !== undefined || PLAIN_HEADERS.some((name) => headers[name] !== undefined);
  const what = hasOther ? "The key sent is not one of this gateway" : "A key of this gateway is needed";
  return {
    code: "unauthenticated",
    message: `${what}: set the client's API key to one that \`understudy keys create\` made (${KEY_PREFIX}…)`,
  };
}
