import { isWhole, settled } from "./otlp.ts";
import type { Found } from "./form.ts";
import type { Half } from "./otlp-span.ts";

/** Calls that wait for their other half: exporters send what belongs together within seconds. */
const MAX_HELD = 10_000;
/** What those may take, by the length of their texts. */
const MAX_HELD_CHARS = 128 * 1024 * 1024;

type Held<Place> = { readonly half: Half; readonly chars: number; readonly place: Place };
export type Settled<Place> = { readonly found: Found; readonly place: Place };

/**
 * Puts spans and their events together that come in records apart. What waits too long is settled with what is known; memory is bounded.
 * `Place`: where a half stood.
 */
export class Halves<Place> {
  readonly #held = new Map<string, Held<Place>>();
  #chars = 0;

  /** The calls that are known now: the one that is whole with this half, and those that have waited too long. */
  add(half: Half, place: Place): Settled<Place>[] {
    const before = this.#take(half.key);
    const whole: Half = {
      key: half.key,
      span: half.span ?? before?.half.span ?? null,
      events: [...(before?.half.events ?? []), ...half.events],
    };
    if (isWhole(whole)) return [{ found: settled(whole), place }];
    const chars = (before?.chars ?? 0) + JSON.stringify(half).length;
    this.#held.set(half.key, { half: whole, chars, place: before?.place ?? place });
    this.#chars += chars;
    const late: Settled<Place>[] = [];
    while (this.#held.size > MAX_HELD || (this.#chars > MAX_HELD_CHARS && this.#held.size > 1))
      late.push(this.#oldest());
    return late;
  }

  /** All that still waits, oldest first. */
  rest(): Settled<Place>[] {
    return Array.from({ length: this.#held.size }, () => this.#oldest());
  }

  #oldest(): Settled<Place> {
    const [key] = this.#held.keys();
    // Only asked when one is held.
    const { half, place } = this.#take(key) as Held<Place>;
    return { found: settled(half), place };
  }

  #take(key: string): Held<Place> | undefined {
    const held = this.#held.get(key);
    this.#held.delete(key);
    this.#chars -= held?.chars ?? 0;
    return held;
  }
}
