import { HouseError } from "../../core/index.ts";
import type { HubConnection } from "./http.ts";
import { readListing, type HubListing } from "./listing.ts";
import { repositoryOf, type HubName } from "./name.ts";
import { withRetries, type RetryEffects } from "./retry.ts";

/** A listing names files; one that is larger is not a listing. */
const MAX_LISTING_BYTES = 16 * 1024 * 1024;

/** A path below the endpoint, which may have a path of its own. */
export const urlAt = (endpoint: URL, path: string): URL =>
  new URL(`${endpoint.pathname.replace(/\/+$/, "")}${path}`, endpoint);

/** Asks a hub what a repository holds at a revision. Throws HouseError. */
export async function askListing(
  connection: HubConnection,
  endpoint: URL,
  model: HubName,
  effects: RetryEffects,
): Promise<HubListing> {
  const repository = repositoryOf(model);
  const what = `"${repository}" at "${model.revision}"`;
  const url = urlAt(
    endpoint,
    `/api/models/${repository}/revision/${encodeURIComponent(model.revision)}?blobs=true`,
  );
  return withRetries(async () => {
    const answer = await connection.get({ url, what, from: 0 }, effects.signal);
    if (answer.type === "failure") return { type: "failed", failure: answer, hasGained: false };
    try {
      return { type: "done", result: readListing(repository, await jsonOf(answer.body, what)) };
    } catch (error) {
      const failure = connection.failure(error, what, effects.signal);
      return { type: "failed", failure, hasGained: false };
    }
  }, effects);
}

async function jsonOf(body: AsyncIterable<unknown>, what: string): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    // undici's body yields Buffers unless an encoding is set.
    chunks.push(chunk as Uint8Array);
    size += (chunk as Uint8Array).length;
    if (size > MAX_LISTING_BYTES)
      throw new HouseError(
        "upstream-broken",
        `Cannot read ${what}: the listing is over ${MAX_LISTING_BYTES} bytes`,
      );
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (error) {
    throw new HouseError("upstream-broken", `Cannot read ${what}: the hub's answer is not JSON`, {
      cause: error,
    });
  }
}
