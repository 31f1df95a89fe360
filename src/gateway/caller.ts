import { hash } from "node:crypto";
import type { Headers } from "../models/index.ts";

export type CallerParts = {
  readonly keyId: string;
  readonly hasOwnKey: boolean;
  readonly headers: Headers;
};

// Who pays for an answer may have it again, nobody else: a wrong provider's key must not read what a right one was given.
export function callerOf({ keyId, hasOwnKey, headers }: CallerParts): string {
  const { authorization, "x-api-key": key } = headers;
  return hasOwnKey ? keyId : hash("sha256", JSON.stringify([authorization, key]), "hex");
}
