import { readFileSync } from "node:fs";
import { HouseError } from "../core/index.ts";
import {
  awsIn,
  concealed,
  createUpstreams,
  httpTransport,
  providerFiles,
  readRecordedCalls,
  replayProvider,
  UPSTREAM_TIMEOUTS,
  type Account,
  type ModelRoute,
  type PriceTable,
  type ProviderFile,
  type Transport,
  type UpstreamProvider,
  type Upstreams,
} from "../models/index.ts";
import type { GatewayConfig } from "./gateway-config.ts";

export type UpstreamsSource = {
  /** A base URL of an OpenAI-compatible server or `replay:FILE`; stands before the config's providers. */
  readonly upstream?: string;
  /** Name of the variable that holds the upstream's key. */
  readonly upstreamKeyEnv?: string;
  readonly config: Pick<GatewayConfig, "providers" | "models" | "defaultProvider">;
  readonly prices: PriceTable;
};

export type UpstreamsEffects = {
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly env: { readonly [name: string]: string | undefined };
};

/** What the config says of providers and models, ready to be asked; null when there is no provider. Throws HouseError bad-config. */
export async function upstreamsOf(
  { upstream, upstreamKeyEnv, config, prices }: UpstreamsSource,
  { nowMs, random, env }: UpstreamsEffects,
): Promise<Upstreams | null> {
  const transport = httpTransport();
  const providers: UpstreamProvider[] = [];
  if (upstream?.startsWith("replay:") === true) {
    providers.push(await replayProvider(readRecordedCalls(upstream.slice("replay:".length)), nowMs));
  } else if (upstream !== undefined) {
    const keys = upstreamKeyEnv === undefined ? [] : [keyIn(upstreamKeyEnv, "the upstream", env)];
    const url = checkedUrl(upstream, "upstream");
    const name = new URL(url).host;
    providers.push({ name, ...served(fileOf("openai"), [accountOf(url, keys[0] ?? null)], transport) });
  }
  for (const [name, form] of Object.entries(config.providers)) {
    const url = form.url === undefined ? null : checkedUrl(form.url, `providers.${name}.url`);
    const { headers } = form;
    const { keys, settings } = credentialsOf(name, form, env);
    const accounts = (keys.length === 0 ? [null] : keys).map((key) =>
      concealed({ url, key, settings, headers }),
    );
    const { timeouts } = form;
    const made = served(fileOf(form.type), accounts, transport);
    providers.push({ name, ...made, timeouts: { ...made.timeouts, ...timeouts } });
  }
  if (providers.length === 0) return null;
  const defaultProvider = config.defaultProvider ?? (upstream === undefined ? null : providers[0].name);
  return createUpstreams({ providers, models: routesOf(config), defaultProvider, prices, nowMs, random });
}

type Form = GatewayConfig["providers"][string];

function served(
  file: ProviderFile,
  accounts: readonly Account[],
  transport: Transport,
): Omit<UpstreamProvider, "name"> {
  return { file, accounts, timeouts: UPSTREAM_TIMEOUTS, transport };
}

function fileOf(type: string): ProviderFile {
  const file = providerFiles.get(type);
  if (file !== undefined) return file;
  const known = [...providerFiles.keys()].join(", ");
  throw new HouseError("bad-config", `Cannot use a provider of type "${type}": known are ${known}`);
}

const accountOf = (url: string, key: string | null): Account =>
  concealed({ url, key, settings: {}, headers: {} });

function checkedUrl(text: string, where: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isHttp = url !== null && (url.protocol === "http:" || url.protocol === "https:");
  if (isHttp && url.username === "" && url.hash === "") return text;
  throw new HouseError(
    "bad-config",
    `Cannot use ${where} "${text}": expected a URL like https://api.openai.com/v1`,
  );
}

/** Keys and settings, for Amazon's also what its own tools would take from the environment. */
function credentialsOf(
  name: string,
  form: Form,
  env: UpstreamsEffects["env"],
): { readonly keys: readonly string[]; readonly settings: Form["settings"] } {
  const keys = keysOf(name, form, env);
  if (form.type !== "bedrock") return { keys, settings: form.settings };
  const { key, region } = awsIn(env);
  return {
    keys: keys.length > 0 || key === null ? keys : [key],
    settings: region === null ? form.settings : { region, ...form.settings },
  };
}

function keysOf(name: string, form: Form, env: UpstreamsEffects["env"]): string[] {
  const variables = form.keyEnv === undefined ? [] : [form.keyEnv].flat();
  const keys = variables.map((variable) => keyIn(variable, `provider "${name}"`, env));
  return form.keyFile === undefined ? keys : [...keys, ...keysInFile(name, form.keyFile)];
}

function keyIn(variable: string, whose: string, env: UpstreamsEffects["env"]): string {
  const key = env[variable]?.trim();
  if (key !== undefined && key !== "") return key;
  throw new HouseError(
    "bad-config",
    `Cannot read the key of ${whose}: set the environment variable ${variable}`,
  );
}

/** One key a line. */
function keysInFile(name: string, file: string): string[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const what = `Cannot read the keys of provider "${name}" in "${file}": ${(error as Error).message}`;
    throw new HouseError("bad-config", what, { cause: error });
  }
  const keys = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (keys.length > 0) return keys;
  throw new HouseError("bad-config", `Cannot read the keys of provider "${name}": "${file}" is empty`);
}

function routesOf({ models }: Pick<GatewayConfig, "models">): { readonly [name: string]: ModelRoute } {
  return Object.fromEntries(
    Object.entries(models).map(([name, { targets, retries }]) => [
      name,
      { retries, targets: targets.map(({ provider, model }) => ({ provider, model: model ?? null })) },
    ]),
  );
}
