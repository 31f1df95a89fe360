import { inspect } from "node:util";
import type { Account } from "./types.ts";

/** An account that keeps its key and headers to itself where it is printed or written as JSON, in whatever it stands. */
export function concealed(account: Account): Account {
  const shown = {
    url: account.url,
    key: account.key === null ? null : "[concealed]",
    settings: account.settings,
  };
  const show = { value: () => shown, enumerable: false };
  return Object.defineProperties({ ...account }, { toJSON: show, [inspect.custom]: show });
}
