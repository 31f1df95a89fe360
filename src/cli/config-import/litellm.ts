import { placeOf } from "./account.ts";
import { Draft, type ImportedConfig } from "./draft.ts";
import { providerOfModel, kindOf } from "./provider-kinds.ts";
import { Source, type Path } from "./source.ts";

/** `os.environ/NAME` */
const variable = (text: string): string | null => /^os\.environ\/([A-Za-z_]\w*)$/.exec(text)?.[1] ?? null;

/** A LiteLLM proxy's config. */
export function importLitellm(value: unknown, asOf: string): ImportedConfig {
  const source = new Source(value);
  const draft = new Draft();
  const rates = new Map<string, Rate>();
  for (let at = 0; at < source.length(["model_list"]); at += 1) deployment(source, draft, at, rates);
  for (const [model, rate] of rates) limits(draft, model, rate);
  fallbacks(source, draft);
  aliases(source, draft);
  settings(source, draft);
  for (const path of source.rest()) draft.unmapped(path, reasonFor(path));
  return draft.end(asOf);
}

type Rate = { requests: number | null; tokens: number | null; deployments: number };

function deployment(source: Source, draft: Draft, at: number, rates: Map<string, Rate>): void {
  const base: Path = ["model_list", at];
  const params: Path = [...base, "litellm_params"];
  const alias = source.text([...base, "model_name"]);
  const full = source.text([...params, "model"]);
  if (alias === undefined || full === undefined) {
    draft.unmapped(base, "names no model");
    return;
  }
  const own = source.text([...params, "custom_llm_provider"]);
  const slash = full.indexOf("/");
  const prefix =
    slash > 0 && (own === undefined || full.startsWith(`${own}/`)) ? full.slice(0, slash) : undefined;
  const isPrefix =
    prefix !== undefined && (kindOf(prefix) !== null || source.look([...params, "api_base"]) === undefined);
  const provider = own ?? (isPrefix ? prefix : providerOfModel(full));
  const model = isPrefix ? full.slice(slash + 1).replace(/^(converse|chat|responses)\//, "") : full;
  const place = placeOf(source, draft, provider, {
    url: [
      [...params, "api_base"],
      [...params, "base_url"],
    ],
    key: [...params, "api_key"],
    variable,
  });
  if (place === null) return;
  const name = draft.provider(
    provider.replaceAll("_", "-"),
    {
      ...(place.kind.type === "openai" ? {} : { type: place.kind.type }),
      ...(place.url === undefined ? {} : { url: place.url }),
      ...settingsOf(source, draft, params, model),
      ...timeoutsOf(source, params),
    },
    place.keyEnv,
  );
  if (alias === "*") {
    draft.defaultProvider ??= name;
    draft.mapped(`any other model goes to ${name}`);
    return;
  }
  if (alias.includes("*") || model.includes("*")) {
    draft.unmapped(
      [...base, "model_name"],
      `"${alias}" is a pattern: name the models, or make ${name} the defaultProvider`,
    );
    return;
  }
  draft.target(alias, { provider: name, model });
  draft.mapped(`model "${alias}" is answered by ${name} as "${model}"`);
  rate(source, rates, alias, [base, params]);
  price(source, draft, model, [[...base, "model_info"], params]);
}

function settingsOf(
  source: Source,
  draft: Draft,
  params: Path,
  model: string,
): { settings?: { [name: string]: string } } {
  const settings: { [name: string]: string } = {};
  for (const [theirs, ours] of SETTINGS) {
    const text = source.text([...params, theirs]);
    if (text === undefined) continue;
    const name = variable(text);
    if (name === null) settings[ours] = text;
    else
      draft.unmapped(
        [...params, theirs],
        `is in the variable ${name}: write it into settings.${ours} for "${model}"`,
      );
  }
  return Object.keys(settings).length === 0 ? {} : { settings };
}

const SETTINGS = [
  ["api_version", "apiVersion"],
  ["aws_region_name", "region"],
] as const;

function timeoutsOf(source: Source, params: Path): { timeouts?: { totalMs?: number } } {
  const seconds = source.number([...params, "timeout"]);
  return seconds === undefined ? {} : { timeouts: { totalMs: Math.round(seconds * 1000) } };
}

// What the deployments of a model may take together is what the model may; one without a limit has none.
function rate(source: Source, rates: Map<string, Rate>, alias: string, places: readonly Path[]): void {
  const one = (name: string): number | null =>
    places.map((path) => source.number([...path, name])).find((value) => value !== undefined) ?? null;
  const [requests, tokens] = [one("rpm"), one("tpm")];
  const known = rates.get(alias);
  const sum = (a: number | null, b: number | null): number | null =>
    a === null || b === null ? null : a + b;
  rates.set(
    alias,
    known === undefined
      ? { requests, tokens, deployments: 1 }
      : {
          requests: sum(known.requests, requests),
          tokens: sum(known.tokens, tokens),
          deployments: known.deployments + 1,
        },
  );
}

function limits(draft: Draft, model: string, { requests, tokens, deployments }: Rate): void {
  if (deployments > 1)
    draft.mapped(
      `the ${deployments} deployments of "${model}" are tried in order (LiteLLM spreads calls over them)`,
    );
  if (requests === null && tokens === null) return;
  const counts = {
    ...(requests === null ? {} : { requests: Math.trunc(requests) }),
    ...(tokens === null ? {} : { tokens: Math.trunc(tokens) }),
  };
  draft.limit({ model, per: "minute", ...counts });
  draft.mapped(`the limits per minute of "${model}" are those of its deployments together`);
}

// Here prices are per million tokens.
function price(source: Source, draft: Draft, model: string, places: readonly Path[]): void {
  const one = (name: string): number | undefined =>
    places.map((path) => source.number([...path, name])).find((value) => value !== undefined);
  const [input, output] = [one("input_cost_per_token"), one("output_cost_per_token")];
  if (input === undefined && output === undefined) return;
  const perMillion = (value = 0): number => Number((value * 1e6).toPrecision(12));
  draft.price(model, perMillion(input), perMillion(output));
  draft.mapped(`the price of "${model}"`);
}

const SECTIONS = ["router_settings", "litellm_settings"] as const;

function fallbacks(source: Source, draft: Draft): void {
  const wanted: [string, string][] = [];
  for (const section of SECTIONS) {
    for (let at = 0; at < source.length([section, "fallbacks"]); at += 1) {
      for (const model of source.names([section, "fallbacks", at])) {
        const others = source.take([section, "fallbacks", at, model]);
        for (const other of Array.isArray(others) ? others : [])
          if (typeof other === "string") wanted.push([model, other]);
      }
    }
    const all = source.take([section, "default_fallbacks"]);
    for (const other of Array.isArray(all) ? all : [])
      if (typeof other === "string")
        for (const model of draft.modelNames()) if (model !== other) wanted.push([model, other]);
  }
  // Of each model as it was: a fallback's own fallbacks are not followed, as there.
  const own = new Map(draft.modelNames().map((model) => [model, [...draft.targetsOf(model)]]));
  for (const [model, other] of wanted) {
    const targets = own.get(other);
    if (!own.has(model) || targets === undefined) {
      draft.unmapped("fallbacks", `"${model}" → "${other}": there is no such model among those taken over`);
      continue;
    }
    for (const target of targets) draft.target(model, target);
    draft.mapped(`"${model}" falls back to "${other}"`);
  }
}

function aliases(source: Source, draft: Draft): void {
  const path: Path = ["router_settings", "model_group_alias"];
  for (const alias of source.names(path)) {
    const value = source.take([...path, alias]);
    const model = typeof value === "string" ? value : (value as { model?: unknown } | null)?.model;
    const targets = typeof model === "string" ? draft.targetsOf(model) : [];
    if (targets.length === 0)
      draft.unmapped([...path, alias], `there is no model "${String(model)}" among those taken over`);
    for (const target of targets) draft.target(alias, target);
    if (targets.length > 0) draft.mapped(`"${alias}" is another name of "${String(model)}"`);
  }
}

function settings(source: Source, draft: Draft): void {
  for (const section of SECTIONS) {
    const retries = source.number([section, "num_retries"]);
    if (retries === undefined) continue;
    for (const model of draft.modelNames()) draft.retries(model, retries);
    draft.mapped(`${retries} retries for every model`);
  }
  if (source.look(["general_settings", "master_key"]) !== undefined) {
    source.take(["general_settings", "master_key"]);
    draft.keysRequired = true;
    draft.mapped("callers need a key: make them with understudy keys create");
    draft.unmapped(
      "general_settings.master_key",
      "is a secret and was not copied; keys here are of this gateway's own",
    );
  }
  for (const name of source.names(["environment_variables"])) {
    source.take(["environment_variables", name]);
    draft.unmapped(
      ["environment_variables", name],
      "set it in the environment: no secrets stand in the config",
    );
  }
}

/** Why a part has no counterpart. */
function reasonFor(path: string): string {
  return REASONS.find(([pattern]) => pattern.test(path))?.[1] ?? "has no counterpart here";
}

const REASONS: readonly (readonly [RegExp, string])[] = [
  [
    /database_url|salt_key|redis_password|_key$|token$|password|secret/,
    "is or may be a secret, and has no counterpart here",
  ],
  [/cache/, "answers are cached per task here: write cache entries for the tasks that may be"],
  [/callback/, "calls are recorded in the store here, and told over OTLP (telemetry.otlpUrl)"],
  [
    /routing_strategy|weight|allowed_fails|cooldown/,
    "targets are tried in order here, and rest by themselves after failures",
  ],
  [/context_window_fallbacks|content_policy_fallbacks/, "fallbacks here are for failures only"],
  [
    /(request_timeout|router_settings\.timeout|stream_timeout)$/,
    "time-outs are of a provider here: providers.NAME.timeouts",
  ],
  [
    /litellm_params\.(temperature|max_tokens|top_p|seed|stop|extra_body)/,
    "requests are not changed here: the caller sets it",
  ],
  [/headers|organization/, "may hold a secret: write harmless ones into providers.NAME.headers"],
  [/aws_|vertex_/, "credentials of a cloud come from its own variables and files"],
  [/budget|max_parallel_requests|rpm|tpm/, "limits here are written as limits, per key, task or model"],
];
