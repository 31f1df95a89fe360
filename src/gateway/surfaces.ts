import { protocols, type Operation, type Protocol, type ProtocolName } from "../models/index.ts";

/** A path that clients know, and what it means. */
export type Surface = {
  readonly path: string;
  readonly method: "GET" | "POST";
  readonly operation: Operation;
  /** In which requests are read and errors are said. */
  readonly protocol: ProtocolName;
};

const generate = (path: string, protocol: ProtocolName): Surface => ({
  path,
  method: "POST",
  operation: "generate",
  protocol,
});
const plain = (path: string, operation: Operation, protocol: ProtocolName = "chat"): Surface => ({
  path,
  method: operation === "models" ? "GET" : "POST",
  operation,
  protocol,
});

const SURFACES: readonly Surface[] = [
  generate("/v1/chat/completions", "chat"),
  generate("/v1/responses", "responses"),
  generate("/v1/messages", "messages"),
  plain("/v1/messages/count_tokens", "count-tokens", "messages"),
  plain("/v1/embeddings", "embeddings"),
  plain("/v1/completions", "completions"),
  plain("/v1/moderations", "moderations"),
  plain("/v1/models", "models"),
];

const BY_PATH: ReadonlyMap<string, Surface> = new Map(SURFACES.map((surface) => [surface.path, surface]));

export const SURFACE_PATHS: readonly string[] = SURFACES.map(({ path }) => path);

const MODELS_PREFIX = "/v1/models/";

/** The surface at a path without its query, and the model in it; undefined when there is none. */
export function surfaceAt(path: string): { readonly surface: Surface; readonly model: string } | undefined {
  const surface = BY_PATH.get(path);
  if (surface !== undefined) return { surface, model: "" };
  if (!path.startsWith(MODELS_PREFIX)) return undefined;
  const model = decoded(path.slice(MODELS_PREFIX.length));
  // Only ever set above.
  return model === null ? undefined : { surface: BY_PATH.get("/v1/models") as Surface, model };
}

function decoded(text: string): string | null {
  try {
    const name = decodeURIComponent(text);
    return name === "" ? null : name;
  } catch {
    return null;
  }
}

/** Of a surface: each has its protocol. */
export function protocolOf(name: Surface["protocol"]): Protocol {
  return protocols.get(name) as Protocol;
}
