import { HouseError } from "../core/index.ts";
import { isLoopback } from "./visitor.ts";

export type ListenPlan = {
  readonly host: string;
  readonly hasTls: boolean;
  readonly keysRequired: boolean;
  /** Keys in the store that let in. */
  readonly liveKeys: number;
};

export type ListenRules = {
  /** Whether callers need a key: always where others than this machine can reach the port. */
  readonly keysRequired: boolean;
  /** A line for the person who starts the gateway; null when there is nothing to warn of. */
  readonly warning: string | null;
};

/** What must hold before the gateway listens. Throws HouseError bad-config when it must not. */
export function listenRules({ host, hasTls, keysRequired, liveKeys }: ListenPlan): ListenRules {
  const isLocal = isLoopback(host);
  if (liveKeys === 0 && (!isLocal || keysRequired)) {
    const where = isLocal ? "with keysRequired" : `on ${host}, which others can reach,`;
    throw new HouseError(
      "bad-config",
      `Cannot listen ${where} while there are no keys: make one with understudy keys create --role ingest${isLocal ? "" : ", or listen on 127.0.0.1"}`,
    );
  }
  if (isLocal) return { keysRequired, warning: null };
  const warning = hasTls
    ? null
    : `WARNING: ${host} is reached without TLS: keys and content cross the network in the clear. Set tls in the config, or put a proxy with TLS in front`;
  return { keysRequired: true, warning };
}
