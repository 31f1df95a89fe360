import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { contentHash, HouseError, type Log } from "../core/index.ts";
import {
  createAdmin,
  createMetrics,
  createReadiness,
  createTally,
  exposition,
  listenRules,
  providerNameOf,
  startAccountant,
  startTelemetry,
  watchKeys,
  watchTls,
  type Accountant,
  type AccountantWatch,
  type Admin,
  type CallFacts,
  type Family,
  type Gatekeeper,
  type KeyWatch,
  type Observer,
  type Tally,
  type Telemetry,
  type TlsWatch,
} from "../gateway/index.ts";
import type { PriceTable } from "../models/index.ts";
import { openBudgetBank, type BudgetBank, type Store } from "../store/index.ts";
import type { GatewayConfig } from "./gateway-config.ts";
import { countLiveKeys } from "./keys.ts";
import { gaugesOf, probesOf, type Live } from "./live.ts";
import { noteAudit } from "./with-store.ts";

/** What a gateway does beside answering calls: who may come in, what it may cost, what is told of it. */
export type Operations = {
  readonly gatekeeper: Gatekeeper;
  readonly accountant: Accountant;
  readonly observe: Observer;
  readonly tls: TlsWatch | null;
  readonly admin: Admin;
  /** A line for the person who started it; null for none. */
  readonly warning: string | null;
  /** What there is to tell once the gateway runs. */
  attach(live: Live): void;
  /** Another config from now on: keys, limits, prices, names of providers. Throws HouseError bad-config; then nothing has changed. */
  apply(config: GatewayConfig, prices: PriceTable): void;
  close(): Promise<void>;
};

export type OperationsPlace = {
  readonly store: Store;
  readonly dir: string;
  readonly host: string;
  readonly config: GatewayConfig;
  readonly prices: PriceTable;
};

export type OperationsEffects = {
  readonly nowMs: () => number;
  readonly log: Log;
  readonly env: { readonly [name: string]: string | undefined };
  readonly report: () => Promise<string>;
  /** Given how to have this process's metrics: how to have those of all processes of this gateway. Called once. */
  readonly gather: (own: () => Promise<readonly Family[]>) => () => Promise<readonly (readonly Family[])[]>;
  /** Reads the config again, here and in all processes of this gateway. */
  readonly reload: () => Promise<void>;
  readonly stop: () => void;
};

/** Throws HouseError bad-config when the gateway must not listen as it is configured, or a file cannot be used. */
export function openOperations(place: OperationsPlace, effects: OperationsEffects): Operations {
  const { store, config, dir } = place;
  const { nowMs, log } = effects;
  const rules = rulesFor(place, config, nowMs);
  const tls = config.tls === undefined ? null : watchTls(config.tls, log);
  const keys = watchKeys(store.accessKeys, { isRequired: rules.keysRequired, nowMs, log });
  const bank = openBudgetBank({ dir, nowMs });
  const accounts = startAccountant(config.limits, { bank, prices: place.prices, nowMs, log });
  const told: Told = { prices: place.prices, types: typesOf(config) };
  const tally = createTally(() => told.prices, nowMs());
  const telemetry = telemetryOf(config, { tally, told, effects });
  let live: Live | null = null;
  const metrics = createMetrics(
    tally,
    gaugesOf(() => live, telemetry),
  );
  const gathered = effects.gather(() => metrics.families());
  noteConfig(store, config);
  return {
    gatekeeper: countingGate(keys.gatekeeper, tally),
    accountant: countingAccountant(accounts.accountant, tally),
    observe: observerOf(tally, telemetry, log),
    tls,
    admin: createAdmin({
      gatekeeper: keys.gatekeeper,
      log,
      readiness: createReadiness(
        probesOf({ dir, config }, () => live),
        nowMs,
      ),
      metrics: async () => exposition(await gathered()),
      report: effects.report,
      findCall: (id) => store.calls.get(id),
      audit: store.audit,
      reload: effects.reload,
      drain: effects.stop,
    }),
    warning: rules.warning,
    attach: (parts) => void (live = parts),
    apply(next, prices) {
      keys.require(rulesFor(place, next, nowMs).keysRequired);
      accounts.update(next.limits, prices);
      told.prices = prices;
      told.types = typesOf(next);
      noteConfig(store, next);
    },
    close: async () => closeAll({ tls, keys, accounts, bank, telemetry }),
  };
}

type Told = { prices: PriceTable; types: ReadonlyMap<string, string> };

function rulesFor({ host, store }: OperationsPlace, config: GatewayConfig, nowMs: () => number) {
  const liveKeys = countLiveKeys(store, nowMs());
  return listenRules({ host, hasTls: config.tls !== undefined, keysRequired: config.keysRequired, liveKeys });
}

/** What the config says, by its hash: it may name headers that are secrets. */
function noteConfig(store: Store, config: GatewayConfig): void {
  const { keysRequired, limits, recording, workers } = config;
  noteAudit(store, "config-applied", {
    config: contentHash(config, 16),
    keysRequired,
    limits: limits.length,
    recording: recording.mode,
    workers,
  });
}

type Closing = {
  readonly tls: TlsWatch | null;
  readonly keys: KeyWatch;
  readonly accounts: AccountantWatch;
  readonly bank: BudgetBank;
  readonly telemetry: Telemetry | null;
};

async function closeAll({ tls, keys, accounts, bank, telemetry }: Closing): Promise<void> {
  tls?.close();
  keys.close();
  accounts.close();
  bank.close();
  await telemetry?.close();
}

function countingGate(gatekeeper: Gatekeeper, tally: Tally): Gatekeeper {
  return {
    admit(request, needs) {
      const caller = gatekeeper.admit(request, needs);
      if ("code" in caller) tally.countRefusal(caller.code);
      return caller;
    },
  };
}

function countingAccountant(accountant: Accountant, tally: Tally): Accountant {
  return {
    reserve(estimate) {
      const held = accountant.reserve(estimate);
      if ("code" in held) tally.countRefusal(held.code);
      return held;
    },
  };
}

function observerOf(tally: Tally, telemetry: Telemetry | null, log: Log): Observer {
  return (facts) => {
    tally.count(facts);
    telemetry?.observe(facts);
    if (facts.failure !== null || facts.status >= 500) log.warn({ event: "call-failed", ...lineOf(facts) });
  };
}

function lineOf({ callId, keyId, surface, model, provider, status, failure, startedMs, endedMs }: CallFacts) {
  return {
    callId,
    keyId,
    surface,
    model: model.slice(0, 100),
    provider,
    status,
    failure,
    latencyMs: endedMs - startedMs,
  };
}

/** The kind of each provider of the config, for the conventions' names. */
const typesOf = ({ providers }: GatewayConfig): ReadonlyMap<string, string> =>
  new Map(Object.entries(providers).map(([name, { type }]) => [name, type]));

type TelemetryParts = { readonly tally: Tally; readonly told: Told; readonly effects: OperationsEffects };

function telemetryOf(
  { telemetry }: GatewayConfig,
  { tally, told, effects }: TelemetryParts,
): Telemetry | null {
  const { otlpUrl, otlpHeadersEnv, serviceName } = telemetry;
  if (otlpUrl === undefined) return null;
  const { nowMs, log, env } = effects;
  return startTelemetry(
    { otlpUrl, headers: headersIn(otlpHeadersEnv, env), serviceName, version: versionOfPackage() },
    {
      tally,
      nowMs,
      log,
      providerName: (provider) => providerNameOf(told.types.get(provider) ?? provider),
      randomHex: (bytes) => randomBytes(bytes).toString("hex"),
    },
  );
}

/** `name=value,name=value`, as OTEL_EXPORTER_OTLP_HEADERS has it. The values are secrets: no message repeats them. */
function headersIn(variable: string | undefined, env: OperationsEffects["env"]): { [name: string]: string } {
  if (variable === undefined) return {};
  const text = env[variable] ?? "";
  const pairs = text.split(",").map((pair) => /^\s*([!#$%&'*+.^_`|~\w-]+)\s*=\s*(.*?)\s*$/.exec(pair));
  if (text !== "" && pairs.every((pair) => pair !== null))
    return Object.fromEntries(
      pairs.map(([, name, value]) => [name.toLowerCase(), decodeURIComponent(value)]),
    );
  throw new HouseError(
    "bad-config",
    `Cannot read the headers for telemetry: set the environment variable ${variable} to name=value,name=value`,
  );
}

function versionOfPackage(): string {
  // The package's own file.
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
