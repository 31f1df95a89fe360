import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { agrees, answerOf, type ChatRequest, type ChatResponse } from "../../src/core/index.ts";
import { createAssigner } from "../../src/discover/index.ts";
import { attempt, candidateFor, closePolicy, decide, loadPolicy } from "../../src/route/index.ts";
import { openStore } from "../../src/store/index.ts";
import type { Replayed } from "./held.ts";

/** Headers carry scores with few digits. */
const SCORE_TOLERANCE = 1e-4;

/** How many held-back calls came out of the HTTP endpoint otherwise than offline: another server, another score, another answer. */
export async function countMismatches(
  held: string,
  storeFolder: string,
  replayed: readonly Replayed[],
): Promise<number> {
  const store = openStore({ dir: storeFolder, nowMs: () => Date.now() });
  try {
    const policy = await loadPolicy(store);
    const assign = createAssigner(store.tasks.all());
    const online = new Map(replayed.map((line) => [line.callId, line]));
    let mismatches = 0;
    for await (const line of createInterface({ input: createReadStream(held) })) {
      const { id, request, response } = JSON.parse(line) as {
        id: string;
        request: ChatRequest;
        response: ChatResponse | null;
      };
      const assignment = assign(request);
      const candidate = candidateFor(policy, request, assignment);
      const other = online.get(id);
      if (!("entry" in candidate) || assignment === null) {
        if (other?.servedBy === "specialist") mismatches += 1;
        continue;
      }
      const decision = decide(
        candidate.entry,
        request,
        await attempt(candidate.entry.model, assignment.input),
      );
      const isSame =
        decision.servedBy === other?.servedBy &&
        Math.abs((decision.score ?? 0) - (other.score ?? 0)) <= SCORE_TOLERANCE &&
        (decision.servedBy === "provider" ||
          other.agrees === null ||
          response === null ||
          agrees(decision.answer, answerOf(response.message)) === other.agrees);
      if (!isSame) mismatches += 1;
    }
    await closePolicy(policy);
    return mismatches;
  } finally {
    store.close();
  }
}
