import { parse } from "yaml";
import { HouseError } from "../../core/index.ts";
import { configForm } from "../config.ts";
import type { ImportedConfig } from "./draft.ts";
import { importLitellm } from "./litellm.ts";
import { importPortkey } from "./portkey.ts";

/** Configs are written by hand; more is none. */
export const MAX_CONFIG_BYTES = 1024 * 1024;

export type ForeignConfig = {
  readonly text: string;
  /** For messages, and for the name of a model that has none. */
  readonly path: string;
  /** The day, for prices: `2026-11-27`. */
  readonly today: string;
};

/** A LiteLLM proxy's YAML or a Portkey config in JSON as a config of ours. Throws HouseError bad-input. */
export function importConfig({
  text,
  path,
  today,
}: ForeignConfig): ImportedConfig & { readonly from: string } {
  const value = valueOf(text, path);
  const fields = typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  const alias = path.replace(/^.*\//, "").replace(/\.\w+$/, "") || "model";
  const isLitellm = "model_list" in fields || "litellm_settings" in fields || "router_settings" in fields;
  const isPortkey = PORTKEY.some((name) => name in fields);
  if (!isLitellm && !isPortkey)
    throw new HouseError(
      "bad-input",
      `Cannot import "${path}": expected a LiteLLM proxy's YAML (model_list) or a Portkey config (targets, provider)`,
    );
  const found = isLitellm ? importLitellm(value, today) : importPortkey(value, alias, today);
  if (found.config.providers === undefined)
    throw new HouseError(
      "bad-input",
      `Cannot import "${path}": none of its providers can be used here; ${found.unmapped.map(({ at, why }) => `${at}: ${why}`).join("; ")}`,
    );
  const checked = configForm.safeParse(found.config);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw new HouseError("bad-input", `Cannot import "${path}": ${issue.path.join(".")}: ${issue.message}`);
  }
  return { ...found, from: isLitellm ? "LiteLLM" : "Portkey" };
}

const PORTKEY = ["targets", "strategy", "provider", "virtual_key", "virtualKey", "config", "data"];

function valueOf(text: string, path: string): unknown {
  try {
    // YAML holds JSON. Aliases are bounded by the library.
    return parse(text, { logLevel: "silent" }) as unknown;
  } catch (error) {
    const [line] = String((error as Error).message).split("\n");
    throw new HouseError("bad-input", `Cannot read "${path}": ${line}`, { cause: error });
  }
}
