import { hash32, type Example } from "../core/index.ts";

/**
 * The certification sample: one call per session, drawn by the seed. Calls of one session hang together; several of
 * them would count one piece of luck more than once (methods 8.5). Order: by call id.
 */
export function onePerSession(examples: readonly Example[], seed: number): Example[] {
  const drawn = new Map<string, { readonly example: Example; readonly draw: number }>();
  for (const example of examples) {
    const draw = hash32(`${seed}:${example.callId}`, 5);
    const best = drawn.get(example.session);
    if (best === undefined || draw < best.draw) drawn.set(example.session, { example, draw });
  }
  return [...drawn.values()].map(({ example }) => example).sort((a, b) => (a.callId < b.callId ? -1 : 1));
}
