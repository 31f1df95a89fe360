import { placeOf } from "./account.ts";
import { Draft, type ImportedConfig } from "./draft.ts";
import { Source, type Path } from "./source.ts";

// A Portkey config names no variables.
const variable = (text: string): string | null => /^\{\{\s*([A-Za-z_]\w*)\s*\}\}$/.exec(text)?.[1] ?? null;

/** A config of Portkey's gateway. `alias` names the model that callers ask for when its targets name none. */
export function importPortkey(value: unknown, alias: string, asOf: string): ImportedConfig {
  const source = new Source(withoutEnvelope(value));
  const draft = new Draft();
  const chain: Target[] = [];
  target(source, draft, [], { chain, inherited: undefined });
  const named = chain.find(({ model }) => model !== undefined)?.model;
  const name = named ?? alias;
  if (chain.length === 1 && named === undefined) {
    draft.defaultProvider = chain[0].provider;
    draft.mapped(`every model goes to ${chain[0].provider}`);
  } else {
    for (const { at, provider, model } of chain) {
      if (model === undefined)
        draft.unmapped(at, `names no model: set it in models.${name}.targets, else "${name}" is asked for`);
      draft.target(name, { provider, ...(model === undefined ? {} : { model }) });
    }
    if (chain.length > 0)
      draft.mapped(`callers ask for the model "${name}": ${chain.length} targets, in order`);
  }
  const retries = chain.map((one) => one.retries).find((count) => count !== undefined);
  if (retries !== undefined && draft.modelNames().length > 0) {
    draft.retries(name, retries);
    draft.mapped(`${retries} retries on a target`);
  } else if (retries !== undefined)
    draft.unmapped("retry.attempts", "retries are of a model here: name the models");
  for (const path of source.rest()) draft.unmapped(path, reasonFor(path));
  return draft.end(asOf);
}

type Target = {
  readonly at: Path;
  readonly provider: string;
  readonly model: string | undefined;
  readonly retries: number | undefined;
};
type Into = { readonly chain: Target[]; readonly inherited: number | undefined };

// As its API hands a config out.
function withoutEnvelope(value: unknown): unknown {
  const source = new Source(value);
  const inner = source.look(["data", "config"]) ?? source.look(["config"]) ?? value;
  if (typeof inner !== "string") return inner;
  try {
    return JSON.parse(inner) as unknown;
  } catch {
    return value;
  }
}

/** One target and, before it would be one itself, the targets in it. */
function target(source: Source, draft: Draft, at: Path, { chain, inherited }: Into): void {
  const retries = source.number([...at, "retry", "attempts"]) ?? inherited;
  const count = source.length([...at, "targets"]);
  const mode = source.text([...at, "strategy", "mode"]);
  if (count > 0) {
    if (mode === "loadbalance")
      draft.unmapped([...at, "strategy", "mode"], "targets are tried in order here, not spread by weight");
    if (mode === "conditional")
      draft.unmapped(
        [...at, "strategy", "mode"],
        "conditions have no counterpart here: the targets are tried in order",
      );
    if (mode === "fallback")
      draft.mapped(`fallback over ${count} targets${at.length === 0 ? "" : ` of ${at.join(".")}`}`);
    for (let index = 0; index < count; index += 1)
      target(source, draft, [...at, "targets", index], { chain, inherited: retries });
    return;
  }
  const override =
    source.text([...at, "override_params", "model"]) ?? source.text([...at, "overrideParams", "model"]);
  // "@integration/model": who serves it is kept at Portkey, under that name.
  const [, integration, ours] = /^@([^/]+)\/(.+)$/.exec(override ?? "") ?? [];
  const told = (source.text([...at, "provider"]) ?? "").replace(/^@/, "");
  const provider = told || guess(integration ?? "") || guess(source.look([...at, "virtual_key"]));
  const held = source.text([...at, "virtual_key"]) ?? source.text([...at, "virtualKey"]) ?? integration;
  if (provider === "") {
    draft.unmapped(at, "names no provider: it is kept at Portkey, under its virtual key or integration");
    return;
  }
  const place = placeOf(source, draft, provider, {
    url: [
      [...at, "custom_host"],
      [...at, "customHost"],
    ],
    otherwise: azureAddress(source.text([...at, "azure_resource_name"])),
    key: [...at, "api_key"],
    variable,
  });
  if (place === null) return;
  if (held !== undefined)
    draft.unmapped(
      [...at, "virtual_key"],
      `the key is kept at Portkey: put it into ${place.keyEnv ?? "the environment"}`,
    );
  const name = draft.provider(
    provider,
    {
      ...(place.kind.type === "openai" ? {} : { type: place.kind.type }),
      ...(place.url === undefined ? {} : { url: place.url }),
      ...settingsOf(source, at),
      ...timeoutsOf(source, at),
    },
    place.keyEnv,
  );
  chain.push({ at, provider: name, model: ours ?? override, retries });
}

// Names of virtual keys mostly begin with the provider's.
const guess = (text: unknown): string =>
  typeof text === "string"
    ? (/^(openai|anthropic|azure-openai|azure|groq|gemini|google|bedrock|mistral-ai|together-ai|deepseek)\b/.exec(
        text,
      )?.[1] ?? "")
    : "";

const azureAddress = (resource: string | undefined): string | undefined =>
  resource === undefined || !/^[\w-]+$/.test(resource) ? undefined : `https://${resource}.openai.azure.com`;

function settingsOf(source: Source, at: Path): { settings?: { [name: string]: string } } {
  const settings: { [name: string]: string } = {};
  for (const [theirs, ours] of SETTINGS) {
    const text = source.text([...at, theirs]);
    if (text !== undefined) settings[ours] = text;
  }
  return Object.keys(settings).length === 0 ? {} : { settings };
}

const SETTINGS = [
  ["azure_deployment_id", "deployment"],
  ["azure_api_version", "apiVersion"],
  ["api_version", "apiVersion"],
  ["aws_region", "region"],
] as const;

function timeoutsOf(source: Source, at: Path): { timeouts?: { totalMs?: number } } {
  const ms = source.number([...at, "request_timeout"]) ?? source.number([...at, "requestTimeout"]);
  return ms === undefined ? {} : { timeouts: { totalMs: Math.round(ms) } };
}

function reasonFor(path: string): string {
  return REASONS.find(([pattern]) => pattern.test(path))?.[1] ?? "has no counterpart here";
}

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/api_?key|secret|token|aws_access/i, "is or may be a secret and was not copied"],
  [/cache/, "answers are cached per task here: write cache entries for the tasks that may be"],
  [/guardrail|hooks/i, "guardrails have no counterpart here"],
  [/weight/, "targets are tried in order here"],
  [
    /on_status_codes|onStatusCodes/,
    "which failures are repeated is fixed here: 408, 409, 429 and 5xx, before an answer has begun",
  ],
  [/override_?params/i, "requests are not changed here, but for the model: the caller sets it"],
  [/forward_headers|headers/i, "may hold a secret: write harmless ones into providers.NAME.headers"],
];
