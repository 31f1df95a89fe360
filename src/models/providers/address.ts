import { HouseError } from "../../core/index.ts";
import { forwardedHeaders } from "../upstream/headers.ts";
import type { Account, UpstreamCall } from "../upstream/types.ts";

type HeaderBag = { [name: string]: string };

/** Of OpenAI's accounts: no one else's business. */
const FOREIGN = /^openai-/;

/** The client's headers for a provider that is not OpenAI: without credentials, which each provider takes in its own way. */
export function plainHeaders(call: UpstreamCall): HeaderBag {
  const headers = forwardedHeaders(call.headers, true);
  for (const name of Object.keys(headers)) if (FOREIGN.test(name)) Reflect.deleteProperty(headers, name);
  headers["content-type"] ??= "application/json";
  // Answers are read beside the stream.
  headers["accept-encoding"] = "identity";
  return headers;
}

/** The header of that name which the client sent, if its credentials are for the provider. */
export function ownHeader(call: UpstreamCall, name: string, hasOwnKey: boolean): string | undefined {
  const value = call.headers[name];
  return !hasOwnKey && typeof value === "string" && value !== "" ? value : undefined;
}

/** The account's own headers over the others. */
export function withAccountHeaders(headers: HeaderBag, account: Account): HeaderBag {
  for (const name of Object.keys(account.headers)) headers[name.toLowerCase()] = account.headers[name];
  return headers;
}

/** A name of the client's as one segment of a path. Throws HouseError bad-input for one that would lead elsewhere. */
export function pathSegment(name: string): string {
  // A server may resolve dots after it has decoded them, so escaping does not help.
  if (name === "" || /^\.+$/.test(name))
    throw new HouseError(
      "bad-input",
      `Cannot ask for the model ${JSON.stringify(name)}: it is no name of one`,
    );
  return encodeURIComponent(name);
}

/** A name of models in which slashes part segments (`tunedModels/x`). */
export function pathOf(name: string): string {
  return name.split("/").map(pathSegment).join("/");
}

/** A setting of the account; the default where there is none. */
export function settingOf(account: Account, name: string, otherwise: string): string {
  const value = account.settings[name];
  return value === undefined || value === "" ? otherwise : value;
}

/** What a provider does not have, said before anything is sent. */
export function notServed(type: string, call: UpstreamCall): HouseError {
  return new HouseError(
    "not-found",
    `A provider of type "${type}" has no ${call.operation} for ${call.protocol}`,
  );
}
