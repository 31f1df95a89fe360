import { plainFold, streamFold } from "./protocols/chat/fold.ts";
import { modelList } from "./replay.ts";
import type { Provider, ProviderCall, ProviderEvent } from "./provider.ts";

/** An answer for tests: its bytes in the pieces given, or a failure after them. */
export type ScriptedAnswer = {
  readonly status?: number;
  readonly headers?: { readonly [name: string]: string };
  readonly isStream?: boolean;
  readonly pieces: readonly (string | Uint8Array)[];
  readonly failure?: Extract<ProviderEvent, { type: "answer-error" }>;
  /** Waited for before the first byte, for tests of order and cancelling. */
  readonly gate?: Promise<void>;
};

/** A provider that says what it is told to, and keeps what it was asked. */
export function scriptedProvider(
  script: (call: ProviderCall) => ScriptedAnswer,
): Provider & { readonly asked: ProviderCall[] } {
  const asked: ProviderCall[] = [];
  return {
    name: "scripted",
    asked,
    async *complete(call, signal) {
      asked.push(call);
      const answer = script(call);
      await Promise.race([answer.gate, aborted(signal, answer.gate)]);
      yield* play(answer, signal);
    },
    models: () => Promise.resolve({ status: 200, body: modelList(["scripted"]) }),
    close: () => Promise.resolve(),
  };
}

function* play(answer: ScriptedAnswer, signal: AbortSignal): Generator<ProviderEvent, void> {
  const { status = 200, isStream = false, headers = {} } = answer;
  const type = isStream ? "text/event-stream" : "application/json";
  const fold = isStream ? streamFold() : plainFold(status);
  if (answer.failure !== undefined && answer.pieces.length === 0) {
    yield answer.failure;
    return;
  }
  yield { type: "answer-start", status, headers: { "content-type": type, ...headers }, isStream };
  for (const piece of answer.pieces) {
    if (signal.aborted) {
      yield {
        type: "answer-error",
        code: "cancelled",
        message: "Cannot complete the call: the client went away",
      };
      return;
    }
    const bytes = typeof piece === "string" ? Buffer.from(piece) : piece;
    yield { type: "answer-delta", bytes, isLast: fold.push(bytes) };
  }
  yield answer.failure ?? { type: "answer-end", answer: fold.end() };
}

function aborted(signal: AbortSignal, gate: Promise<void> | undefined): Promise<void> | undefined {
  if (gate === undefined) return undefined;
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
