import { modelList } from "./replay.ts";
import { inProcessProvider, type MadeAnswer, type MadeQuestion } from "./upstream/in-process.ts";
import type { UpstreamProvider } from "./upstream/upstreams.ts";

/** A provider that says what it is told to, and keeps what it was asked. */
export function scriptedProvider(
  script: (question: MadeQuestion) => MadeAnswer,
  name = "scripted",
): UpstreamProvider & { readonly asked: readonly MadeQuestion[] } {
  const asked: MadeQuestion[] = [];
  const provider = inProcessProvider(name, (question) => {
    if (question.operation === "models") return { pieces: [modelList([name])] };
    asked.push(question);
    return script(question);
  });
  return { ...provider, asked };
}
