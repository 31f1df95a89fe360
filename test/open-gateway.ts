import { request as httpRequest } from "node:http";
import { expect, onTestFinished } from "vitest";
import {
  plainStyle,
  silentLog,
  type Answer,
  type Assignment,
  type Call,
  type Certificate,
} from "../src/core/index.ts";
import { startGateway, type GatewayDeps, type GatewayOptions } from "../src/gateway/index.ts";
import {
  createUpstreams,
  LIST_PRICES,
  scriptedProvider,
  type ModelRoute,
  type UpstreamProvider,
} from "../src/models/index.ts";
import type { Policy } from "../src/route/index.ts";
import { openStore, type Store } from "../src/store/index.ts";
import { createStoreLog } from "./store-log.ts";

/** An answer whose spaces and key order no writer of ours would make: only a copy of the bytes gives them back. */
export const SPACED_BODY =
  '{ "id":"chatcmpl-9", "object":"chat.completion","created":1, "model":"m" ,"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hé"}}],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}\n';
/** How a gateway under test differs from a plain one. */
export type Setup = {
  /** One or several; null for none. */
  readonly provider?: UpstreamProvider | readonly UpstreamProvider[] | null;
  readonly models?: { readonly [name: string]: ModelRoute };
  readonly answer?: () => { answer: Answer; score: number };
  readonly options?: Partial<GatewayOptions>;
  readonly record?: (store: Store) => Pick<Store, "calls" | "pseudonym">;
  readonly recording?: Partial<GatewayDeps["recording"]>;
  readonly deps?: Partial<GatewayDeps>;
  /** The task of every request, also without a specialist. */
  readonly taskId?: string;
};

const plain = (): UpstreamProvider => scriptedProvider(() => ({ pieces: [SPACED_BODY] }));

export type Opened = {
  readonly url: string;
  readonly calls: () => Call[];
  readonly waiting: () => number;
  readonly forget: () => void;
  readonly close: () => Promise<void>;
};

/** A gateway on a free port over a store in memory, closed when the test ends. */
export async function openGateway(setup: Setup = {}): Promise<Opened> {
  let ids = 0;
  const effects = {
    nowMs: () => 1_700_000_000_000,
    newId: (prefix: string) => `${prefix}_${(ids += 1)}`,
    log: silentLog,
  };
  const store = openStore({ dir: ":memory:", nowMs: effects.nowMs });
  const assignment: Assignment = {
    taskId: setup.taskId ?? "task_a",
    variantId: "v",
    input: { parts: [], tools: [] },
  };
  const entry = {
    taskId: "task_a",
    taskName: "a",
    specialistId: "s1",
    threshold: 0.9,
    certificate: { policyHash: "p" } as Certificate,
    model: {
      style: plainStyle,
      respond:
        setup.answer ??
        ((): never => {
          throw new RangeError("broken");
        }),
      close: () => Promise.resolve(),
    },
  };
  const entries: Policy["entries"] = setup.answer === undefined ? new Map() : new Map([["task_a", entry]]);
  const gateway = await startGateway(
    { host: "127.0.0.1", port: 0, ...setup.options },
    {
      effects,
      store,
      upstreams: upstreamsFor(setup, effects.nowMs),
      recording: {
        mode: "durable",
        onFailure: "refuse",
        log: createStoreLog(setup.record?.(store) ?? store),
        ...setup.recording,
      },
      routing: () => ({
        assign: () => (setup.answer === undefined && setup.taskId === undefined ? null : assignment),
        policy: { entries, problems: [], version: "" },
      }),
      ...setup.deps,
    },
  );
  const close = (): Promise<void> => gateway.close();
  onTestFinished(async () => {
    await close();
    store.close();
    // Whatever a test did: nothing is left under way, no byte is still counted as kept.
    expect([gateway.inFlight(), gateway.keptBytes()]).toEqual([0, 0]);
  });
  const { url, waiting } = gateway;
  const forget = (): void => gateway.forget();
  return { url, waiting, forget, calls: () => [...store.calls.iterate()], close };
}

function upstreamsFor({ provider, models = {} }: Setup, nowMs: () => number): GatewayDeps["upstreams"] {
  if (provider === null) return null;
  const providers = provider === undefined ? [plain()] : [provider].flat();
  const common = { defaultProvider: null, prices: LIST_PRICES, nowMs, random: () => 0 };
  return createUpstreams({ providers, models, ...common });
}

export type Reply = {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
};

/** One request over a connection of its own, with any header. */
export function send(
  url: string,
  body: string | null,
  options: { path?: string; method?: string; headers?: object } = {},
): Promise<Reply> {
  const { path = "/v1/chat/completions", method = "POST", headers = {} } = options;
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      `${url}${path}`,
      { method, headers: { ...headers }, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body ?? undefined);
  });
}
