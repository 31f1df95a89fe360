import { HouseError, type ChatRequest, type Session } from "../../core/index.ts";
import { priceOf, type PriceTable } from "../prices.ts";
import type { Headers } from "../provider.ts";
import type { ProtocolName } from "../protocol.ts";
import { Ask, type UpstreamSink } from "./ask.ts";
import { createBreaker, type Breaker } from "./breaker.ts";
import { staysForCache } from "./prompt-cache.ts";
import { createRecent, type Recent } from "./recent.ts";
import { createRetryBudget, type RetryBudget } from "./retry.ts";
import type { Account, Exchange, Operation, ProviderFile, Timeouts, Transport } from "./types.ts";

/** Where models are served, as it was configured. */
export type UpstreamProvider = {
  readonly name: string;
  readonly file: ProviderFile;
  /** At least one. */
  readonly accounts: readonly Account[];
  readonly timeouts: Timeouts;
  readonly transport: Transport;
};

/** Who answers to a name that clients ask for, in order. */
export type ModelRoute = {
  /** `model`: null where it has the name that was asked for. */
  readonly targets: readonly { readonly provider: string; readonly model: string | null }[];
  /** Further attempts on one target before the next. */
  readonly retries: number;
};

export type UpstreamsOptions = {
  /** At least one. */
  readonly providers: readonly UpstreamProvider[];
  readonly models: { readonly [name: string]: ModelRoute };
  /** For models that `models` does not name; null for the first provider that speaks the client's protocol. */
  readonly defaultProvider: string | null;
  readonly prices: PriceTable;
  readonly nowMs: () => number;
  /** In [0, 1): jitter. */
  readonly random: () => number;
};

/** A request of a client, and what the choice of a target needs to know of it. */
export type Question = {
  readonly operation: Operation;
  readonly protocol: ProtocolName;
  readonly model: string;
  readonly isStream: boolean;
  readonly body: Uint8Array;
  readonly headers: Headers;
  readonly query: string;
  /** The client's credentials are for us and are not passed on. */
  readonly hasOwnKey: boolean;
  readonly session: Pick<Session, "id"> | null;
  /** Ids that only who made them can go on from: of tool calls that are answered, of a previous response. */
  readonly pins: readonly string[];
  /** Of the call, for the id of a translated answer. */
  readonly callId?: string;
  /** For a translation; null where there is none. */
  readonly request: ChatRequest | null;
};

/** Where an answer came from: a session's cache, tool calls and responses are there. */
export type Place = { readonly provider: string; readonly model: string; readonly account: number };

export type Target = {
  readonly provider: UpstreamProvider;
  readonly model: string;
  readonly breaker: Breaker;
  /** By account: not used before this time. */
  readonly restsUntilMs: number[];
};

/** What one call may try, in order. */
export type Plan = {
  readonly targets: readonly Target[];
  readonly retries: number;
  readonly account: number | null;
};

export type Upstreams = {
  readonly names: readonly string[];
  /** Names that clients may ask for beside the providers' own. */
  readonly aliases: readonly string[];
  ask(question: Question, sink: UpstreamSink): Exchange;
  /** Models that may answer to a name, as their providers name them. */
  modelsFor(model: string): readonly string[];
  /** Targets that are kept away from, `provider model`, with the seconds until they are tried again. */
  resting(): ReadonlyMap<string, number>;
  /** True when another target could answer to this name: then it is worth knowing who said what. */
  hasChoice(model: string): boolean;
  /** What came back in an answer can only be gone on from where it was made. */
  remember(ids: readonly string[], place: Place): void;
  close(): Promise<void>;
};

/** Ids that a later request may come back with; at some 200 bytes each, a few megabytes. */
const MAX_REMEMBERED = 20_000;

/** Names of models are the clients': so many are known at once. */
const MAX_TARGETS = 1000;

/** Four bytes of a request are about one token of the models of today. */
const BYTES_PER_TOKEN = 4;

export type Shared = {
  readonly options: UpstreamsOptions;
  readonly budget: RetryBudget;
  readonly sessions: Recent<{ readonly place: Place; readonly atMs: number }>;
};

/** The providers of a config behind one question: who is asked, in what order, and what happens when it fails. */
export function createUpstreams(options: UpstreamsOptions): Upstreams {
  const providers = new Map(options.providers.map((provider) => [provider.name, provider]));
  checkNames(options, providers);
  const targets = createRecent<Target>(MAX_TARGETS);
  const made = createRecent<Place>(MAX_REMEMBERED);
  const sessions: Shared["sessions"] = createRecent(MAX_REMEMBERED);
  const shared: Shared = { options, budget: createRetryBudget(), sessions };

  const targetOf = (provider: UpstreamProvider, model: string): Target => {
    const key = `${provider.name} ${model}`;
    const known = targets.find(key);
    if (known !== undefined) return known;
    const target = {
      provider,
      model,
      breaker: createBreaker(),
      restsUntilMs: provider.accounts.map(() => 0),
    };
    targets.remember(key, target);
    return target;
  };
  const chainOf = (question: Question): { targets: readonly Target[]; retries: number } => {
    const route = routeOf(options, question.model);
    if (route === undefined) {
      return {
        targets: [targetOf(defaultFor(options, providers, question.protocol), question.model)],
        retries: 0,
      };
    }
    const chain = route.targets.map(({ provider, model }) =>
      // Checked by checkNames.
      targetOf(providers.get(provider) as UpstreamProvider, model ?? question.model),
    );
    return { targets: chain, retries: route.retries };
  };
  return {
    names: options.providers.map(({ name }) => name),
    aliases: Object.keys(options.models),
    ask(question, sink) {
      const { targets: chain, retries } = chainOf(question);
      const ask = new Ask(question, planOf(chain, retries, { question, made, shared }), shared, sink);
      ask.begin();
      return ask;
    },
    modelsFor: (name) => routeOf(options, name)?.targets.map(({ model }) => model ?? name) ?? [name],
    resting() {
      const now = options.nowMs();
      const rests = [...targets.all()].map(([name, { breaker }]) => [name, breaker.rest(now)] as const);
      return new Map(rests.flatMap(([name, rest]) => (rest === null ? [] : [[name, rest.forMs / 1000]])));
    },
    hasChoice: (model) =>
      (routeOf(options, model)?.targets.length ?? 0) > 1 ||
      options.providers.some(({ accounts }) => accounts.length > 1),
    remember(ids, place) {
      for (const id of ids) made.remember(id, place);
    },
    async close() {
      const transports = new Set(options.providers.map(({ transport }) => transport));
      await Promise.all([...transports].map((transport) => transport.close()));
    },
  };
}

function routeOf(options: UpstreamsOptions, model: string): ModelRoute | undefined {
  return Object.hasOwn(options.models, model) ? options.models[model] : undefined;
}

function checkNames(options: UpstreamsOptions, providers: ReadonlyMap<string, unknown>): void {
  const check = (name: string, where: string): void => {
    if (providers.has(name)) return;
    const known = [...providers.keys()].join(", ");
    throw new HouseError("bad-config", `Cannot use ${where}: there is no provider "${name}", only ${known}`);
  };
  for (const [name, route] of Object.entries(options.models)) {
    for (const { provider } of route.targets) check(provider, `models.${name}`);
  }
  if (options.defaultProvider !== null) check(options.defaultProvider, "defaultProvider");
}

function defaultFor(
  options: UpstreamsOptions,
  providers: ReadonlyMap<string, UpstreamProvider>,
  protocol: ProtocolName,
): UpstreamProvider {
  const named = options.defaultProvider === null ? undefined : providers.get(options.defaultProvider);
  const [first] = options.providers;
  return named ?? options.providers.find(({ file }) => file.protocols.includes(protocol)) ?? first;
}

type PlanParts = {
  readonly question: Question;
  readonly made: Recent<Place>;
  readonly shared: Shared;
};

/**
 * The order in which targets are tried. What was made by one model goes back to it and to no other; a session stays where its prompt is
 * cached as long as that is cheaper; else the order of the config.
 */
function planOf(targets: readonly Target[], retries: number, { question, made, shared }: PlanParts): Plan {
  // Nothing to choose.
  if (targets.length === 1 && targets[0].provider.accounts.length === 1)
    return { targets, retries, account: null };
  const pinned = placeOf(question.pins, made);
  if (pinned !== undefined) {
    const same = targets.filter(({ model }) => model === pinned.model);
    const first = same.filter(({ provider }) => provider.name === pinned.provider);
    const others = same.filter(({ provider }) => provider.name !== pinned.provider);
    if (first.length > 0) return { targets: [...first, ...others], retries, account: pinned.account };
  }
  const { options, sessions } = shared;
  const before = question.session === null ? undefined : sessions.find(question.session.id);
  if (before === undefined) return { targets, retries, account: null };
  const { place, atMs } = before;
  const at = targets.findIndex(
    ({ provider, model }) => provider.name === place.provider && model === place.model,
  );
  if (at < 0) return { targets, retries, account: null };
  const stays =
    at === 0 ||
    staysForCache({
      tokens: question.body.length / BYTES_PER_TOKEN,
      idleMs: options.nowMs() - atMs,
      here: priceOf(place.model, options.prices),
      there: priceOf(targets[0].model, options.prices),
    });
  if (!stays) return { targets, retries, account: null };
  const others = targets.filter((_, index) => index !== at);
  return { targets: [targets[at], ...others], retries, account: place.account };
}

function placeOf(pins: readonly string[], made: Recent<Place>): Place | undefined {
  for (const id of pins) {
    const place = made.find(id);
    if (place !== undefined) return place;
  }
  return undefined;
}
