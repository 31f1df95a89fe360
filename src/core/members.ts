/** Set and read by the `Members` it is among; one at a time. */
export type Member = { place: number };

/** What `place` is while one is among none. */
export const NOWHERE = -1;

/**
 * Who is under way: thousands come and go a second, and now and then one looks through all. A Set would do, but a Set of V8 that has grown new room
 * leaves the old one pointing to it: once an old one has got among the objects that last, it keeps alive, until the next collection of the whole
 * heap, everything that ever was in those after it. Each young collection then copies all that the requests since the last one were made of.
 */
export class Members<T extends Member> implements Iterable<T> {
  readonly #all: T[] = [];

  get size(): number {
    return this.#all.length;
  }

  add(member: T): void {
    member.place = this.#all.length;
    this.#all.push(member);
  }

  /** Does nothing with one who is not among them. */
  delete(member: T): void {
    const { place } = member;
    if (this.#all[place] !== member) return;
    member.place = NOWHERE;
    const last = this.#all.pop();
    // The last one takes the place that has become free.
    if (last === undefined || last === member) return;
    last.place = place;
    this.#all[place] = last;
  }

  /** Those of this moment: who comes and goes meanwhile changes nothing. In no order. */
  [Symbol.iterator](): Iterator<T> {
    return [...this.#all][Symbol.iterator]();
  }
}
