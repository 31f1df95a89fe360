import type { Draft } from "./draft.ts";
import { kindOf, type ProviderKind } from "./provider-kinds.ts";
import type { Path, Source } from "./source.ts";

/** Where one deployment of a foreign config is, as far as it can be taken over. */
export type Place = {
  /** As the foreign config calls it: `openai`, `together_ai`. */
  readonly provider: string;
  readonly kind: ProviderKind;
  readonly url: string | undefined;
  readonly keyEnv: string | undefined;
};

type Names = {
  readonly url: readonly Path[];
  /** The address where none is written. */
  readonly otherwise?: string;
  readonly key: Path;
  readonly variable: (text: string) => string | null;
};

/** Reads address and key of a deployment; null, told of, where it cannot be reached from here. */
export function placeOf(source: Source, draft: Draft, provider: string, names: Names): Place | null {
  const at = names.key.slice(0, -1);
  const kind = kindOf(provider);
  const written = names.url.map((path) => addressOf(source, draft, path, names.variable));
  const url = written.find((one) => one !== undefined) ?? names.otherwise;
  if (kind === null && url === undefined) {
    draft.unmapped(at, `provider "${provider}" is none that is known here, and no address is given`);
    return null;
  }
  const found: ProviderKind = kind ?? { type: "openai" };
  if (kind === null)
    draft.unmapped(
      at,
      `provider "${provider}" is none that is known here: taken for an OpenAI-compatible server`,
    );
  if (found.url === undefined && url === undefined && NEEDS_URL.has(provider)) {
    draft.unmapped(at, `provider "${provider}" needs an address, and none is given`);
    return null;
  }
  return { provider, kind: found, url: url ?? found.url, keyEnv: keyOf(source, draft, found, names) };
}

const NEEDS_URL = new Set([
  "azure",
  "azure-openai",
  "hosted_vllm",
  "vllm",
  "lm_studio",
  "openai_like",
  "litellm_proxy",
]);

function addressOf(
  source: Source,
  draft: Draft,
  path: Path,
  variable: Names["variable"],
): string | undefined {
  const text = source.text(path);
  if (text === undefined) return undefined;
  const name = variable(text);
  if (name !== null) {
    draft.unmapped(path, `is in the variable ${name}: write the address itself into the provider's url`);
    return undefined;
  }
  if (!URL.canParse(text)) {
    draft.unmapped(path, "is no address");
    return undefined;
  }
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") {
    draft.unmapped(path, "has a user and password in it: they were left out, send them as a key");
    url.username = "";
    url.password = "";
  }
  return url.href.replace(/\/$/, "");
}

/** The variable with the key: the one that is named, else the provider's usual one where a key itself stands in the file. */
function keyOf(source: Source, draft: Draft, kind: ProviderKind, names: Names): string | undefined {
  const text = source.text(names.key);
  const usual = kind.keyEnv;
  if (text === undefined) return usual;
  const name = names.variable(text);
  if (name !== null) return name;
  // Local servers are given any word for a key.
  if (/^(none|dummy|empty|no-?key|sk-1234|anything|fake.*|x+)$/i.test(text)) return undefined;
  const into = usual ?? "UPSTREAM_API_KEY";
  draft.unmapped(names.key, `is a key in the file and was not copied: put it into the variable ${into}`);
  return into;
}
