import type { ChatRequest, ChatResponse } from "../../core/index.ts";
import type { Protocol } from "../protocol.ts";
import type { Passage } from "./passage.ts";
import type { Upstreams } from "./upstreams.ts";

export type Lesson = {
  readonly upstreams: Pick<Upstreams, "hasChoice" | "remember"> | null;
  /** Where the answer is to be kept; told null when it is not worth it. */
  readonly publish: ((response: ChatResponse | null) => void) | undefined;
};

/** The call: the protocol of the bytes that passed, the model as the client named it. */
export type Learned = { readonly protocol: Protocol; readonly request: Pick<ChatRequest, "model"> };

/**
 * What an answer that has passed is worth knowing for: the cache, and who must be asked when its tool calls come back. It is only read
 * where one of them wants it.
 */
export function learnFrom(
  passage: Passage,
  { protocol, request: { model } }: Learned,
  { upstreams, publish }: Lesson,
): void {
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
