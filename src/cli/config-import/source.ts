/** A path into a config: `model_list.0.litellm_params.model`. */
export type Path = readonly (string | number)[];

type Fields = { readonly [field: string]: unknown };

/**
 * A foreign config and what was read of it: what nobody took or told of at the end is told by `rest`, so that nothing is dropped in
 * silence.
 */
export class Source {
  readonly #value: unknown;
  readonly #taken = new Set<string>();

  constructor(value: unknown) {
    this.#value = value;
  }

  /** The value at a path; with it, everything below counts as read. */
  take(path: Path): unknown {
    this.#taken.add(path.join("."));
    return this.look(path);
  }

  /** The value at a path; nothing counts as read. */
  look(path: Path): unknown {
    let value: unknown = this.#value;
    for (const step of path) {
      const isInside = typeof value === "object" && value !== null && Object.hasOwn(value, step);
      if (!isInside) return undefined;
      value = (value as Fields)[step];
    }
    return value;
  }

  text(path: Path): string | undefined {
    const value = this.take(path);
    return typeof value === "string" && value !== "" ? value : undefined;
  }

  /** A number of more than 0, also one that is written as text. */
  number(path: Path): number | undefined {
    const value = this.take(path);
    const number = typeof value === "string" && /^\d+(\.\d+)?(e-?\d+)?$/i.test(value) ? Number(value) : value;
    return typeof number === "number" && Number.isFinite(number) && number > 0 ? number : undefined;
  }

  /** How many elements the list at a path has. */
  length(path: Path): number {
    const value = this.look(path);
    return Array.isArray(value) ? value.length : 0;
  }

  names(path: Path): string[] {
    const value = this.look(path);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  }

  /** Paths of all values that were not read, the parent where nothing in it was. */
  rest(): string[] {
    return [...this.#restOf(this.#value, [])];
  }

  *#restOf(value: unknown, path: Path): Generator<string> {
    const name = path.join(".");
    if (this.#taken.has(name) || value === undefined || value === null) return;
    const isParent = typeof value === "object" && Object.keys(value).length > 0;
    const touched = path.length === 0 || [...this.#taken].some((one) => one.startsWith(`${name}.`));
    if (!isParent || !touched) {
      if (path.length > 0) yield name;
      return;
    }
    for (const [field, inner] of Object.entries(value)) yield* this.#restOf(inner, [...path, field]);
  }
}
