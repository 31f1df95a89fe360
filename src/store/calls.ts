import { canonicalJson, type Call } from "../core/index.ts";
import { createDigests, identityOf } from "./call-digest.ts";
import type { Database } from "./database.ts";
import { inTimeOrder, PAGE_ROWS, sortAtOf, type TimeKey } from "./time-order.ts";
import type { CallMeta, CallTable } from "./types.ts";
import type { Vault } from "./vault.ts";

type Filter = { readonly ids?: readonly string[]; readonly source?: Call["source"] };
type Place = TimeKey & { readonly number: number };
type MetaRow = CallMeta & TimeKey;

const PUT_CALL = `
INSERT INTO calls (id, session, at, origin, source, model, status, finish_reason, input_tokens, output_tokens,
  latency_ms, served_by, task_id, sort_at, content_hash)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING RETURNING number`;

const META = `id, session, at, origin, source, model, status, finish_reason AS finishReason, input_tokens AS inputTokens,
  output_tokens AS outputTokens, latency_ms AS latencyMs, served_by AS servedBy, task_id AS taskId, sort_at AS sortAt`;

/** `?1`, `?2`: the place after which to begin; `?3`: the source, or null for all. */
const PAGE = `FROM calls WHERE (sort_at, id) > (?1, ?2) AND (?3 IS NULL OR source = ?3)
  ORDER BY sort_at, id LIMIT ${PAGE_ROWS}`;

/** Calls: metadata in columns, the whole call sealed beside it. */
export function createCallTable(database: Database, vault: Vault): CallTable {
  const places = database.prepare<Place>(`SELECT number, sort_at AS sortAt, id ${PAGE}`);
  const metas = database.prepare<MetaRow>(`SELECT ${META} ${PAGE}`);
  const chosen = database.prepare<Place>(`
    SELECT number, sort_at AS sortAt, id FROM calls
    WHERE id IN (SELECT value FROM json_each(?1)) AND (?2 IS NULL OR source = ?2) ORDER BY sort_at, id`);
  const placeOf = database.prepare<Place>("SELECT number, sort_at AS sortAt, id FROM calls WHERE id = ?");
  const content = database.prepare<{ sealed: Uint8Array }>("SELECT sealed FROM call_contents WHERE call = ?");
  const sessions = database.prepare<{ sessions: number }>(
    "SELECT count(DISTINCT session) AS sessions FROM calls",
  );
  const digests = createDigests(database, vault);
  const write = createCallWriter(database, vault);

  const open = ({ number, id }: Place): Call =>
    // The vault opens only what was sealed for this id: a Call.
    vault.openJson(["calls", id], content.get(number)?.sealed ?? new Uint8Array()) as Call;

  const placesOf = ({ ids, source }: Filter): Iterable<Place> => {
    if (ids !== undefined) return chosen.all(JSON.stringify(ids), source ?? null);
    return inTimeOrder((after) => places.all(after.sortAt, after.id, source ?? null));
  };

  return {
    add: (batch) => database.transaction(() => write(batch)),
    get(id) {
      const place = placeOf.get(id);
      return place === undefined ? null : open(place);
    },
    *iterate(filter = {}) {
      for (const place of placesOf(filter)) yield open(place);
    },
    *iterateMeta({ source } = {}) {
      const rows = inTimeOrder((after) => metas.all(after.sortAt, after.id, source ?? null));
      for (const { sortAt: _, ...meta } of rows) yield meta;
    },
    count: () => ({ calls: digests.calls(), sessions: sessions.get()!.sessions }),
    digest: ({ source } = {}) => digests.read(source),
  };
}

/** Adds calls inside a transaction that is open. */
export function createCallWriter(database: Database, vault: Vault): CallTable["add"] {
  const digests = createDigests(database, vault);
  const put = createPut(database, vault);
  return (batch) => {
    const conflicting: string[] = [];
    let taken = 0;
    for (const call of batch) {
      const outcome = put(call);
      if (outcome.state === "taken") {
        taken += 1;
        digests.add(call.source, outcome.identity);
      }
      if (outcome.state === "conflicting") conflicting.push(call.id);
    }
    digests.save();
    return { taken, repeated: batch.length - taken - conflicting.length, conflicting };
  };
}

type Outcome =
  | { readonly state: "taken"; readonly identity: string }
  | { readonly state: "repeated" | "conflicting" };

function createPut(database: Database, vault: Vault): (call: Call) => Outcome {
  const putCall = database.prepare<{ number: number }>(PUT_CALL);
  const putContent = database.prepare("INSERT INTO call_contents (call, sealed) VALUES (?, ?)");
  const hashOf = database.prepare<{ hash: Uint8Array }>(
    "SELECT content_hash AS hash FROM calls WHERE id = ?",
  );
  return (call) => {
    const identity = identityOf(identityTextOf(call));
    // Keyed: a plain hash in a column would let a reader of the file test guesses of the content.
    const hash = vault.keyedHash(identity);
    const row = putCall.get(...columnsOf(call), hash);
    if (row !== undefined) {
      putContent.run(row.number, vault.sealJson(["calls", call.id], call));
      return { state: "taken", identity };
    }
    const stored = hashOf.get(call.id)!.hash;
    return { state: Buffer.compare(stored, hash) === 0 ? "repeated" : "conflicting" };
  };
}

function columnsOf(call: Call) {
  const { id, session, at, origin, source, request, status, response, usage } = call;
  const finishReason = response?.finish_reason ?? null;
  const tokens = [usage.inputTokens, usage.outputTokens];
  const served = [call.latencyMs, call.servedBy, call.taskId, sortAtOf(at)];
  return [id, session, at, origin, source, request.model, status, finishReason, ...tokens, ...served];
}

/**
 * What makes two calls of one id the same: what was asked and answered, when and in which session.
 * Not: how it came here (source, servedBy, taskId), what was measured beside it (latency, tokens), and the origin,
 * a pseudonym that differs from store to store.
 */
export function identityTextOf(call: Call): string {
  const { id, session, at, request, response, status, error, foreign } = call;
  return canonicalJson({ id, session, at, request, response, status, error, foreign });
}
