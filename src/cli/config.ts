import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { HouseError } from "../core/index.ts";
import { LIST_PRICES, type PriceTable } from "../models/index.ts";
import { LOOP_DEFAULTS } from "../loop.ts";
import { gatewayFields, gatewayForm, type GatewayConfig } from "./gateway-config.ts";

export const CONFIG_FILE = "understudy.config.json";

const price = z.strictObject({ inputUsd: z.number().nonnegative(), outputUsd: z.number().nonnegative() });

const share = z.number().gt(0).lt(1);

/** The config file: every field optional, unknown ones refused. Secrets are not in it, only the names of variables. */
export const configForm = z.strictObject({
  store: z.string().min(1).optional(),
  epsilon: share.optional(),
  delta: share.optional(),
  seed: z.int().optional(),
  generative: z.boolean().optional(),
  base: z.string().min(1).optional(),
  host: z.string().min(1).optional(),
  port: z.int().min(0).max(65535).optional(),
  upstream: z
    .strictObject({
      url: z.string().min(1),
      keyEnv: z.string().min(1).optional(),
    })
    .optional(),
  prices: z.strictObject({ asOf: z.string(), models: z.record(z.string(), price) }).optional(),
  ...gatewayFields,
});

export type Config = {
  readonly store: string;
  readonly epsilon: number;
  readonly delta: number;
  readonly seed: number;
  readonly generative: boolean;
  /** Folder of the base that generative specialists are adapted from; undefined for the one shipped. */
  readonly base: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly upstream: { readonly url: string; readonly keyEnv: string } | null;
  readonly gateway: GatewayConfig;
  readonly prices: PriceTable;
  /** The store's key from the environment; undefined when the key file is to be used. */
  readonly key: Uint8Array | undefined;
};

type Flags = {
  readonly config?: string;
  readonly store?: string;
  readonly epsilon?: number;
  readonly delta?: number;
  readonly seed?: number;
  readonly generative?: boolean;
  readonly base?: string;
  readonly host?: string;
  readonly port?: number;
  readonly upstream?: string;
  readonly upstreamKeyEnv?: string;
};
type Environment = { readonly [name: string]: string | undefined };

const DEFAULTS = {
  store: ".understudy",
  host: "127.0.0.1",
  port: 4141,
  keyEnv: "OPENAI_API_KEY",
  ...LOOP_DEFAULTS,
};

/** Flags before environment before file before defaults; all fields present afterwards. Throws HouseError bad-config | bad-usage. */
export function normalizeConfig(flags: Flags, env: Environment): Config {
  const file = readFile(flags.config);
  const upstream = flags.upstream ?? env["UNDERSTUDY_UPSTREAM"] ?? file.upstream?.url;
  return {
    store: flags.store ?? env["UNDERSTUDY_STORE"] ?? file.store ?? DEFAULTS.store,
    epsilon: shareOf("epsilon", flags.epsilon ?? file.epsilon ?? DEFAULTS.epsilon),
    delta: shareOf("delta", flags.delta ?? file.delta ?? DEFAULTS.delta),
    seed: flags.seed ?? file.seed ?? DEFAULTS.seed,
    generative: flags.generative ?? file.generative ?? DEFAULTS.generative,
    base: flags.base ?? file.base,
    host: flags.host ?? file.host ?? DEFAULTS.host,
    port: flags.port ?? file.port ?? DEFAULTS.port,
    upstream:
      upstream === undefined
        ? null
        : { url: upstream, keyEnv: flags.upstreamKeyEnv ?? file.upstream?.keyEnv ?? DEFAULTS.keyEnv },
    gateway: gatewayOf(file),
    prices:
      file.prices === undefined
        ? LIST_PRICES
        : { asOf: file.prices.asOf, models: { ...LIST_PRICES.models, ...file.prices.models } },
    key: keyOf(env["UNDERSTUDY_KEY"]),
  };
}

function gatewayOf(file: z.infer<typeof configForm>): GatewayConfig {
  const named = Object.keys(gatewayFields).map((field) => [field, file[field as keyof typeof gatewayFields]]);
  return gatewayForm.parse(Object.fromEntries(named));
}

function readFile(path: string | undefined): z.infer<typeof configForm> {
  const file = path ?? CONFIG_FILE;
  if (!existsSync(file)) {
    if (path === undefined) return configForm.parse({});
    throw new HouseError("bad-config", `Cannot read config "${path}": there is no such file`);
  }
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new HouseError("bad-config", `Cannot read config "${file}": it is not JSON`, { cause: error });
  }
  const parsed = configForm.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new HouseError(
    "bad-config",
    `Cannot use config "${file}": ${issue.path.join(".") || "the file"}: ${issue.message}`,
  );
}

function shareOf(name: string, value: number): number {
  if (value > 0 && value < 1) return value;
  throw new HouseError(
    "bad-usage",
    `Cannot use --${name} ${value}: expected a share between 0 and 1, for example 0.02`,
  );
}

const KEY_BYTES = 32;

function keyOf(text: string | undefined): Uint8Array | undefined {
  if (text === undefined || text === "") return undefined;
  const bytes = Buffer.from(text, "base64");
  if (bytes.length === KEY_BYTES) return bytes;
  throw new HouseError(
    "key-unreadable",
    `Cannot use UNDERSTUDY_KEY: it holds ${bytes.length} bytes, expected ${KEY_BYTES} in base64`,
  );
}
