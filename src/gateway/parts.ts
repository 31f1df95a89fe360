import type { CallDeps, Recording } from "../call.ts";
import type { Effects, Member, Members } from "../core/index.ts";
import type { KeptBytes, Upstreams } from "../models/index.ts";
import type { Store } from "../store/index.ts";
import type { KeptAnswers } from "./answer-cache.ts";
import type { Chains } from "./chains.ts";
import type { HttpClient } from "./client.ts";
import type { Answer, Asked } from "./exchange.ts";
import type { Accountant, Caller, Observer, Refusal } from "./hooks.ts";
import type { Surface } from "./surfaces.ts";

/** A request that was let in. */
export type Arrival = {
  readonly request: Asked;
  readonly response: Answer;
  readonly surface: Surface;
  /** Of the path: the model that is asked about; empty where there is none. */
  readonly model: string;
  /** With its `?`; empty when there is none. */
  readonly query: string;
  readonly caller: Caller;
};

export type Stats = {
  /** Calls that were served although they could not be recorded. */
  unrecorded: number;
  /** Requests refused because too much was under way. */
  refused: number;
};

/** What serving a request takes, the same for all. */
export type Parts = {
  readonly effects: Effects;
  readonly routing: () => Pick<CallDeps, "assign" | "policy">;
  readonly upstreams: Upstreams | null;
  readonly recording: Recording;
  readonly memory: KeptBytes;
  readonly cache: KeptAnswers | null;
  readonly chains: Chains;
  readonly accountant: Accountant;
  readonly observe: Observer;
  readonly mayAsk: (caller: Caller, model: string) => Refusal | null;
  readonly pseudonym: Store["pseudonym"];
  /** Under way: to be let go when the gateway closes. */
  readonly clients: Members<Member & Pick<HttpClient, "leave">>;
  readonly stats: Stats;
};
