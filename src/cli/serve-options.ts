import type { Effects } from "../core/index.ts";
import { LIST_PRICES, type PriceTable } from "../models/index.ts";
import { gatewayForm, type GatewayConfig } from "./gateway-config.ts";
import type { OperationsEffects } from "./operations.ts";
import type { UpstreamsSource } from "./upstreams.ts";

export type ServeOptions = {
  /** Folder of the store. */
  readonly store: string;
  /** The store's key; undefined when its key file is to be used. */
  readonly key?: Uint8Array;
  /** Folder of the base that generative specialists were adapted from, beside the one shipped. */
  readonly base?: string;
  readonly port: number;
  readonly host: string;
  /** A base URL, `replay:FILE`, or undefined: then only specialists answer. */
  readonly upstream?: string;
  /** Name of the environment variable that holds the upstream's key, for clients that send none. */
  readonly upstreamKeyEnv?: string;
  /** Of the config file; its defaults when left out. */
  readonly gateway?: GatewayConfig;
  readonly prices?: PriceTable;
  /** JSON log lines on stderr. */
  readonly log?: boolean;
  /** One of several processes on the port; only the first of them folds. */
  readonly worker?: number;
};

/** What the process around a gateway does for it. */
export type ServeHost = Pick<OperationsEffects, "stop" | "report" | "gather"> & {
  /** The config as it now is. Throws HouseError bad-config. */
  reread(): ServeOptions;
  /** Asked to read the config again, by SIGHUP; returns how to stop listening. */
  onReload(listener: () => void): () => void;
  /** The other processes of this gateway read it too. */
  reloadOthers(): void;
  /** Calls can come. */
  ready(): void;
};

/** What a command that runs until it is stopped needs besides the effects of the house. */
export type ServeEffects = Effects & {
  readonly env: { readonly [name: string]: string | undefined };
  /** A line for the person who started the command, on stdout. */
  readonly print: (line: string) => void;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  readonly host?: ServeHost;
};

const configIn = (options: ServeOptions): GatewayConfig => options.gateway ?? gatewayForm.parse({});

/** Where the providers of a gateway are told. */
export function sourceOf(options: ServeOptions): UpstreamsSource {
  const { upstream, upstreamKeyEnv, prices = LIST_PRICES } = options;
  return { upstream, upstreamKeyEnv, config: configIn(options), prices };
}

/** The config and prices of options, defaults filled in. */
export function settingsOf(options: ServeOptions): { config: GatewayConfig; prices: PriceTable } {
  return { config: configIn(options), prices: options.prices ?? LIST_PRICES };
}
