import { LIST_PRICES } from "../prices.ts";
import { scriptedProvider } from "../scripted.ts";
import type { MadeAnswer } from "./in-process.ts";
import {
  createUpstreams,
  type Place,
  type Question,
  type UpstreamProvider,
  type Upstreams,
} from "./upstreams.ts";

export const ok: MadeAnswer = { pieces: ['{"choices":[]}'] };
export const failing = (status: number, headers: { readonly [name: string]: string } = {}): MadeAnswer => ({
  status,
  headers,
  pieces: [`{"error":{"message":"${status}"}}`],
});
export const unreachable: MadeAnswer = {
  pieces: [],
  failure: { code: "upstream-unreachable", message: "ECONNREFUSED" },
};

/** A provider that gives these answers in turn, the last again and again. */
export function inTurn(name: string, ...answers: MadeAnswer[]): ReturnType<typeof scriptedProvider> {
  let turn = 0;
  return scriptedProvider(() => answers[Math.min(turn++, answers.length - 1)], name);
}

export const withKeys = (provider: UpstreamProvider, keys: readonly string[]): UpstreamProvider => ({
  ...provider,
  accounts: keys.map((key) => ({ url: null, key, settings: {}, headers: {} })),
});

export type Setup = {
  readonly retries?: number;
  readonly models?: readonly (string | null)[];
  readonly clock?: { nowMs: number };
};

/** `m` is answered by the providers in order. */
export function chain(
  providers: readonly UpstreamProvider[],
  { retries = 0, models = [], clock = { nowMs: 0 } }: Setup = {},
): Upstreams {
  const targets = providers.map(({ name }, at) => ({ provider: name, model: models[at] ?? null }));
  return createUpstreams({
    providers,
    models: { m: { targets, retries } },
    defaultProvider: null,
    prices: LIST_PRICES,
    nowMs: () => clock.nowMs,
    random: () => 0.5,
  });
}

export type Seen = {
  readonly said: string[];
  readonly bytes: string;
  readonly place: Place | null;
  readonly attempts: number;
};

/** Asks, and gives what came back: `head 200`, `end` or `fail code`. */
export function ask(upstreams: Upstreams, fields: Partial<Question> = {}): Promise<Seen> {
  const request = { model: "m", messages: [{ role: "user", content: "Hi" }] };
  const question: Question = {
    operation: "generate",
    protocol: "chat",
    model: "m",
    isStream: false,
    body: Buffer.from(JSON.stringify(request)),
    headers: {},
    query: "",
    hasOwnKey: false,
    session: null,
    pins: [],
    request,
    ...fields,
  };
  const said: string[] = [];
  let bytes = "";
  let who: { place: Place | null; attempts: number } = { place: null, attempts: 0 };
  return new Promise((resolve) => {
    const over = (last: string): void => resolve({ said: [...said, last], bytes, ...who });
    upstreams.ask(question, {
      counted: () => undefined,
      chosen: (place, attempts) => (who = { place, attempts }),
      head: (status) => said.push(`head ${status}`),
      data: (piece) => {
        bytes += Buffer.from(piece).toString();
        return true;
      },
      end: () => over("end"),
      fail: (code) => over(`fail ${code}`),
    });
  });
}

export const said = (seen: Seen): string => `${seen.place?.provider}: ${seen.said.join(", ")}`;
