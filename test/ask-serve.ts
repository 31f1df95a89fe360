import { expect } from "vitest";
import { createKey } from "../src/cli/keys.ts";
import { withStore } from "../src/cli/with-store.ts";
import type { AuditEntry } from "../src/store/index.ts";
import { sampleCall } from "../src/store/testing.ts";
import { send, type Reply } from "./open-gateway.ts";
import { chatAnswer, openUpstream, tempFolder } from "./open-serve.ts";

export const asked = JSON.stringify({ model: "m", messages: [{ role: "user", content: "Hi" }] });
export const ROLES = ["ingest", "viewer", "curator", "operator", "owner"] as const;

/** A store with a key of each role and one recorded call. */
export function storeWithKeys(): { dir: string; keys: { readonly [role: string]: string } } {
  const dir = tempFolder();
  return withStore({ store: dir, key: undefined }, (store) => {
    store.calls.add([sampleCall("call-a")]);
    return {
      dir,
      keys: Object.fromEntries(ROLES.map((role) => [role, createKey(store, { role }, Date.now()).key])),
    };
  });
}

export const bearer = (key: string | undefined) =>
  key === undefined ? {} : { authorization: `Bearer ${key}` };
export const get = async (url: string, path: string, key?: string): Promise<Reply> =>
  send(url, null, { path, method: "GET", headers: bearer(key) });
export const post = async (url: string, path: string, key?: string): Promise<Reply> =>
  send(url, path.startsWith("/v1") ? asked : null, { path, method: "POST", headers: bearer(key) });

export function auditOf(dir: string): AuditEntry[] {
  return withStore({ store: dir, key: undefined }, (store) => {
    expect(store.audit.verify().problems).toEqual([]);
    return [...store.audit.iterate()];
  });
}

export const answering = (text: string): Promise<string> =>
  openUpstream(
    (_, response) => void response.setHeader("content-type", "application/json").end(chatAnswer(text)),
  );
