import type { ChatResponse } from "../../core/index.ts";
import type { Protocol } from "../protocol.ts";
import type { Passage } from "./passage.ts";
import type { Upstreams } from "./upstreams.ts";

export type Lesson = {
  /** Of the bytes that passed. */
  readonly protocol: Protocol;
  /** As the client named it. */
  readonly model: string;
  readonly upstreams: Pick<Upstreams, "hasChoice" | "remember"> | null;
  /** Where the answer is to be kept; told null when it is not worth it. */
  readonly publish: ((response: ChatResponse | null) => void) | undefined;
};

/**
 * What an answer that has passed is worth knowing for: the cache, and who must be asked when its tool calls come back. It is only read
 * where one of them wants it.
 */
export function learnFrom(passage: Passage, { protocol, model, upstreams, publish }: Lesson): void {
  const { place, kept, isCut, isStream, status, hasFailed } = passage;
  const isGood = !hasFailed && status !== null && status < 300 && !isCut;
  const hasChoice = place !== null && upstreams?.hasChoice(model) === true;
  if (!isGood || (!hasChoice && publish === undefined)) {
    publish?.(null);
    return;
  }
  const fold = protocol.fold(status, isStream);
  for (const bytes of kept) fold.push(bytes);
  const { response } = fold.end();
  publish?.(response);
  if (!hasChoice || response === null) return;
  const calls = (response.message.tool_calls ?? []).map(({ id }) => id);
  const ids = [response["id"], ...calls].filter((id) => typeof id === "string");
  upstreams.remember(ids, place);
}
