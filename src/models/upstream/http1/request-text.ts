import type { Outgoing } from "../types.ts";
import { NAME, UNFIT_IN_VALUE } from "./header-text.ts";

const UNFIT_PATH = /[^\x21-\x7e\x80-\xff]/;
/** Of the connection, which is ours. A host may be said: then that one is. */
const OWN = new Set(["connection", "content-length", "expect", "keep-alive", "transfer-encoding", "upgrade"]);

/** Names that were found fit: clients and providers use a few dozen. */
const fit = new Set<string>();
const MAX_FIT = 500;

/** The head of a request with its length, ended by the empty line. Throws TypeError where a header or the path cannot be carried by HTTP. */
export function requestText({ method, path, headers, body }: Outgoing, host: string): string {
  if (path[0] !== "/" || UNFIT_PATH.test(path)) throw new TypeError("invalid request path");
  const first = headers["host"] === undefined ? `host: ${host}\r\n` : "";
  let text = `${method} ${path} HTTP/1.1\r\n${first}connection: keep-alive\r\n`;
  for (const name in headers) {
    if (!fit.has(name)) checkName(name);
    const value = headers[name];
    if (UNFIT_IN_VALUE.test(value)) throw new TypeError(`invalid ${name} header`);
    text += `${name}: ${value}\r\n`;
  }
  return method === "GET" && body.length === 0
    ? `${text}\r\n`
    : `${text}content-length: ${body.length}\r\n\r\n`;
}

function checkName(name: string): void {
  if (!NAME.test(name) || OWN.has(name.toLowerCase())) throw new TypeError(`invalid header ${name}`);
  if (fit.size < MAX_FIT) fit.add(name);
}
