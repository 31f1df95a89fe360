import type { Assignment, ChatRequest, Log, Task } from "../core/index.ts";
import { loadPolicy, versionOf, type Policy, type PolicySource } from "../route/index.ts";

/** Certificates change rarely; a few seconds late costs nothing, and asking costs one small query. */
export const ROUTING_POLL_MS = 3000;

export type Routing = {
  readonly assign: (request: ChatRequest) => Assignment | null;
  readonly policy: Policy;
};

export type RoutingWatch = { current(): Routing; close(): void };

/** The routing that the store now holds, kept up to date without a restart. A reload that fails leaves the routing as it was. */
export function watchRouting(
  store: PolicySource,
  createAssigner: (tasks: readonly Task[]) => Routing["assign"],
  log: Log,
  pollMs: number = ROUTING_POLL_MS,
): RoutingWatch {
  const load = (before?: Policy): Routing => {
    const policy = loadPolicy(store, before);
    for (const problem of policy.problems) log.warn({ event: "specialist-unusable", ...problem });
    return { policy, assign: createAssigner(store.tasks.all()) };
  };
  let routing = load();
  const timer = setInterval(() => {
    try {
      if (versionOf(store) === routing.policy.version) return;
      routing = load(routing.policy);
      log.info({ event: "policy-reloaded", certified: routing.policy.entries.size });
    } catch (error) {
      log.error({ event: "policy-reload-failed", message: (error as Error).message });
    }
  }, pollMs);
  timer.unref();
  return { current: () => routing, close: () => clearInterval(timer) };
}
