import type { z } from "zod";
import { canonicalJson } from "../../core/index.ts";
import type { configForm } from "../config.ts";
import type { Path } from "./source.ts";

export type ConfigFile = z.input<typeof configForm>;
type ProviderInput = Omit<NonNullable<ConfigFile["providers"]>[string], "keyEnv">;
type Target = { readonly provider: string; readonly model?: string };

/** What became of a foreign config. */
export type ImportedConfig = {
  readonly config: ConfigFile;
  /** What was taken over, and what it means here. */
  readonly mapped: readonly string[];
  /** What was not, each with its place and the reason. */
  readonly unmapped: readonly { readonly at: string; readonly why: string }[];
  /** Variables that must be set before the config can serve. */
  readonly environment: readonly string[];
};

/** Gathers a config of ours. Secrets have no way in: keys come as names of variables. */
export class Draft {
  readonly #providers = new Map<string, { readonly form: ProviderInput; readonly keys: string[] }>();
  readonly #models = new Map<string, { targets: Target[]; retries?: number }>();
  readonly #limits: NonNullable<ConfigFile["limits"]> = [];
  readonly #prices: { [model: string]: { inputUsd: number; outputUsd: number } } = {};
  readonly #mapped: string[] = [];
  readonly #unmapped: { at: string; why: string }[] = [];
  readonly #environment = new Set<string>();
  keysRequired = false;
  defaultProvider: string | undefined;

  mapped(line: string): void {
    this.#mapped.push(line);
  }

  unmapped(at: Path | string, why: string): void {
    this.#unmapped.push({ at: typeof at === "string" ? at : at.join("."), why });
  }

  /** The name of a provider like this: one that differs in its key alone gets the key as a further one. */
  provider(base: string, form: ProviderInput, keyEnv: string | undefined): string {
    if (keyEnv !== undefined) this.#environment.add(keyEnv);
    const same = canonicalJson(form);
    for (let count = 1; ; count += 1) {
      const name = count === 1 ? base : `${base}-${count}`;
      const known = this.#providers.get(name);
      if (known === undefined) {
        this.#providers.set(name, { form, keys: keyEnv === undefined ? [] : [keyEnv] });
        return name;
      }
      const { keys } = known;
      if (canonicalJson(known.form) !== same || (keyEnv === undefined) !== (keys.length === 0)) continue;
      if (keyEnv !== undefined && !keys.includes(keyEnv)) keys.push(keyEnv);
      return name;
    }
  }

  target(model: string, target: Target): void {
    const { targets } = this.#modelNamed(model);
    const isKnown = targets.some((one) => canonicalJson(one) === canonicalJson(target));
    if (!isKnown) targets.push(target);
  }

  targetsOf(model: string): readonly Target[] {
    return this.#models.get(model)?.targets ?? [];
  }

  retries(model: string, count: number): void {
    const known = this.#models.get(model);
    if (known !== undefined) known.retries = Math.min(MAX_RETRIES, Math.trunc(count));
  }

  modelNames(): string[] {
    return [...this.#models.keys()];
  }

  limit(limit: NonNullable<ConfigFile["limits"]>[number]): void {
    this.#limits.push(limit);
  }

  price(model: string, inputUsd: number, outputUsd: number): void {
    this.#prices[model] = { inputUsd, outputUsd };
  }

  /** `asOf`: the day of the prices. */
  end(asOf: string): ImportedConfig {
    const providers = Object.fromEntries(
      [...this.#providers].map(([name, { form, keys }]) => [name, withKeys(form, keys)]),
    );
    const config: ConfigFile = {
      ...(this.#providers.size === 0 ? {} : { providers }),
      ...(this.#models.size === 0 ? {} : { models: Object.fromEntries(this.#models) }),
      ...(this.defaultProvider === undefined ? {} : { defaultProvider: this.defaultProvider }),
      ...(this.keysRequired ? { keysRequired: true } : {}),
      ...(this.#limits.length === 0 ? {} : { limits: this.#limits }),
      ...(Object.keys(this.#prices).length === 0 ? {} : { prices: { asOf, models: this.#prices } }),
    };
    const environment = [...this.#environment].toSorted();
    return { config, mapped: this.#mapped, unmapped: this.#unmapped, environment };
  }

  #modelNamed(name: string): { targets: Target[]; retries?: number } {
    const known = this.#models.get(name) ?? { targets: [] };
    this.#models.set(name, known);
    return known;
  }
}

/** As the config's form has it. */
const MAX_RETRIES = 10;

function withKeys(
  form: ProviderInput,
  keys: readonly string[],
): NonNullable<ConfigFile["providers"]>[string] {
  if (keys.length === 0) return form;
  return { ...form, keyEnv: keys.length === 1 ? keys[0] : [...keys] };
}
