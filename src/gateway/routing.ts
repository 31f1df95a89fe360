import type { Assignment, ChatRequest, Log, Task } from "../core/index.ts";
import { closePolicy, loadPolicy, versionOf, type Policy, type PolicySource } from "../route/index.ts";

/** Certificates change rarely; a few seconds late costs nothing, and asking costs one small query. */
export const ROUTING_POLL_MS = 3000;

export type Routing = {
  readonly assign: (request: ChatRequest) => Assignment | null;
  readonly policy: Policy;
};

export type RoutingWatch = {
  current(): Routing;
  /** Ends the watch and frees the specialists: not before the last call is answered. */
  close(): Promise<void>;
};

/** The routing that the store now holds, kept up to date without a restart. A reload that fails leaves the routing as it was. */
export async function watchRouting(
  store: PolicySource,
  createAssigner: (tasks: readonly Task[]) => Routing["assign"],
  log: Log,
  pollMs: number = ROUTING_POLL_MS,
): Promise<RoutingWatch> {
  const load = async (before?: Policy): Promise<Routing> => {
    // Made from the tasks that the policy is about: nothing is waited for between the two readings.
    const assign = createAssigner(store.tasks.all());
    const policy = await loadPolicy(store, before);
    for (const problem of policy.problems) log.warn({ event: "specialist-unusable", ...problem });
    return { policy, assign };
  };
  let routing = await load();
  const reload = async (): Promise<void> => {
    try {
      const { policy: before } = routing;
      if (versionOf(store) === before.version) return;
      routing = await load(before);
      log.info({ event: "policy-reloaded", certified: routing.policy.entries.size });
      await closePolicy(before, routing.policy);
    } catch (error) {
      log.error({ event: "policy-reload-failed", message: (error as Error).message });
    }
  };
  let reloading: Promise<void> | null = null;
  const timer = setInterval(() => {
    // One at a time: a specialist may take longer to load than the time between two looks.
    reloading ??= reload().finally(() => (reloading = null));
  }, pollMs);
  timer.unref();
  return {
    current: () => routing,
    async close() {
      clearInterval(timer);
      await reloading;
      await closePolicy(routing.policy);
    },
  };
}
