import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { HouseError } from "../../core/index.ts";
import { parseHubName } from "./name.ts";
import { pullModel, type PulledModel, type PullEffects, type PullOptions } from "./pull.ts";
import { sha256Of, startTestHub, TEST_COMMIT, type TestHub, type TestHubOptions } from "./testing.ts";

const WEIGHTS = Buffer.alloc(300_000, "weights ");
const FILES = {
  "config.json": Buffer.from('{"model_type":"llama"}'),
  "tokenizer.json": Buffer.from("{}"),
  "model.safetensors": WEIGHTS,
  "README.md": Buffer.from("# a model"),
  "pytorch_model.bin": Buffer.from("pickle"),
  "onnx/model.onnx": Buffer.from("onnx"),
};
const RESOLVE = `/org/small/resolve/${TEST_COMMIT}`;

let folder: string;
let hubs: TestHub[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "understudy-pull-"));
  hubs = [];
});
afterEach(async () => {
  await Promise.all(hubs.map((hub) => hub.close()));
  rmSync(folder, { recursive: true });
});

async function hubWith(options: Partial<TestHubOptions> = {}): Promise<TestHub> {
  const hub = await startTestHub({ files: FILES, card: { license: "apache-2.0" }, ...options });
  hubs.push(hub);
  return hub;
}

type Run = {
  readonly pulled: PulledModel | null;
  readonly error: HouseError | null;
  notes: string[];
  waits: number[];
};

async function pull(
  hub: TestHub,
  options: Partial<PullOptions> = {},
  own: Partial<PullEffects> = {},
): Promise<Run> {
  const notes: string[] = [];
  const waits: number[] = [];
  const effects: PullEffects = {
    nowMs: () => Date.parse("2026-11-21T00:00:00Z"),
    random: () => 0.5,
    wait: async (ms) => void waits.push(ms),
    progress: () => {},
    onRetry: () => {},
    note: (line) => notes.push(line),
    signal: new AbortController().signal,
    ...own,
  };
  const model = parseHubName("hf:org/small");
  return pullModel({ model, folder, endpoint: hub.endpoint, token: undefined, ...options }, effects).then(
    (pulled) => ({ pulled, error: null, notes, waits }),
    (error: HouseError) => ({ pulled: null, error, notes, waits }),
  );
}

const isWeights = (request: IncomingMessage): boolean => request.url?.endsWith("model.safetensors") === true;

/** Sends the first bytes of the weights and cuts the connection when they are on disk: what a reader still holds dies with it. */
function cutAfter(response: ServerResponse, bytes: number): void {
  response.writeHead(200, { "content-length": WEIGHTS.length });
  response.write(WEIGHTS.subarray(0, bytes));
  const isOnDisk = (name: string): boolean =>
    name.endsWith(".partial") && statSync(join(folder, name)).size === bytes;
  const cutWhenWritten = (): void => {
    if (readdirSync(folder).some(isOnDisk)) response.destroy();
    else if (!response.destroyed) setImmediate(cutWhenWritten);
  };
  cutWhenWritten();
}

describe("pullModel()", () => {
  test("fetches configuration, tokenizer and safetensors at one commit, and no other file", async () => {
    const hub = await hubWith();
    const { pulled, notes } = await pull(hub);
    expect(readdirSync(folder).sort()).toEqual([
      "config.json",
      "model.safetensors",
      "pulled.json",
      "tokenizer.json",
    ]);
    expect(readFileSync(join(folder, "model.safetensors")).equals(WEIGHTS)).toBe(true);
    expect(notes).toEqual(["org/small at 0123456789ab: licence apache-2.0"]);
    expect(JSON.parse(readFileSync(join(folder, "pulled.json"), "utf8"))).toEqual(pulled);
    expect(pulled).toEqual({
      repository: "org/small",
      revision: "main",
      commit: TEST_COMMIT,
      endpoint: hub.endpoint,
      licence: { name: "apache-2.0", link: null },
      files: ["config.json", "tokenizer.json", "model.safetensors"].map((name) => {
        const content = FILES[name as keyof typeof FILES];
        return { name, bytes: content.length, sha256: sha256Of(content) };
      }),
      pulledAt: "2026-11-21T00:00:00.000Z",
    });
  });

  test("goes on from the byte where a connection was cut", async () => {
    const hub = await hubWith({
      fault: (request, response, nth) => {
        const isCut = isWeights(request) && nth === 1;
        if (isCut) cutAfter(response, 100_000);
        return isCut;
      },
    });
    const { error } = await pull(hub);
    const ranges = hub.requests.filter(({ path }) => path.endsWith(".safetensors")).map(({ range }) => range);
    expect({ error, ranges }).toEqual({ error: null, ranges: [undefined, "bytes=100000-"] });
    expect(readFileSync(join(folder, "model.safetensors")).equals(WEIGHTS)).toBe(true);
  });

  test("begins anew where the server ignores the range", async () => {
    const hub = await hubWith({
      fault: (request, response, nth) => {
        if (!isWeights(request)) return false;
        if (nth === 1) cutAfter(response, 100_000);
        else response.end(WEIGHTS);
        return true;
      },
    });
    expect((await pull(hub)).error).toBeNull();
    expect(readFileSync(join(folder, "model.safetensors")).equals(WEIGHTS)).toBe(true);
  });

  test("keeps what came when it is stopped, and a second run fetches the rest only", async () => {
    const controller = new AbortController();
    const hub = await hubWith({
      fault: (request, response, nth) => {
        if (!isWeights(request) || nth > 1) return false;
        response.writeHead(200, { "content-length": WEIGHTS.length });
        response.write(WEIGHTS.subarray(0, 100_000));
        return true;
      },
    });
    const stopAtBytes: PullEffects["progress"] = ({ stage }) => {
      const partial = readdirSync(folder).find((name) => name.startsWith("model.safetensors."));
      if (stage.startsWith("fetching") && partial !== undefined) controller.abort();
    };
    const stopped = await pull(hub, {}, { progress: stopAtBytes, signal: controller.signal });
    expect(stopped.error?.code).toBe("cancelled");
    expect((await pull(hub)).error).toBeNull();
    const again = hub.requests
      .filter(({ path }) => path.startsWith(RESOLVE))
      .map(({ path, range }) => [path, range]);
    expect(again.slice(0, 2).map(([path]) => path)).toEqual([
      `${RESOLVE}/config.json`,
      `${RESOLVE}/tokenizer.json`,
    ]);
    expect(again.at(-1)).toEqual([
      `${RESOLVE}/model.safetensors`,
      expect.stringMatching(/^bytes=[1-9]\d*-$/),
    ]);
    expect(again).toHaveLength(4);
  });

  test("fetches nothing but the listing when all is here", async () => {
    const hub = await hubWith();
    await pull(hub);
    await pull(hub);
    expect(hub.requests.filter(({ path }) => path.startsWith("/api/"))).toHaveLength(2);
    expect(hub.requests).toHaveLength(2 + 3);
  });

  test.each(["model.safetensors", "config.json"])(
    "deletes %s when its checksum is wrong, and says so in one line",
    async (name) => {
      const wrong = Buffer.alloc(FILES[name as keyof typeof FILES].length, "x");
      const hub = await hubWith({
        fault: (request, response) => {
          const isIt = request.url?.endsWith(name) === true;
          if (isIt) response.end(wrong);
          return isIt;
        },
      });
      const { error } = await pull(hub);
      expect(error?.code).toBe("upstream-broken");
      expect(error?.message).toMatch(
        new RegExp(`^Cannot keep "${name}": its (sha256|git-sha1) is not the listed [^\n]*$`),
      );
      expect(readdirSync(folder).filter((file) => file.startsWith(name))).toEqual([]);
      expect(existsSync(join(folder, "pulled.json"))).toBe(false);
    },
  );

  test.each([
    "../evil.safetensors",
    "/etc/evil.safetensors",
    "a/../../evil.json",
    "C:\\evil.json",
    "a\\..\\evil",
    "\u0000",
  ])("refuses a repository that lists %j, before it fetches anything", async (name) => {
    const hub = await hubWith({ files: { ...FILES, [name]: Buffer.from("{}") } });
    const { error } = await pull(hub);
    expect(error?.code).toBe("bad-input");
    expect(error?.message).toContain(JSON.stringify(name));
    expect(hub.requests).toHaveLength(1);
  });

  test("refuses weights that are pickles", async () => {
    const hub = await hubWith({
      files: { "config.json": FILES["config.json"], "pytorch_model.bin": Buffer.from("x") },
    });
    expect((await pull(hub)).error?.message).toBe(
      'Cannot pull "org/small": it has no safetensors, only "pytorch_model.bin", a form that can run code when it is loaded',
    );
  });

  test.each([
    [401, "bad-config", /private, gated or not there.*HF_TOKEN/],
    [403, "bad-config", /accept the licence/],
    [404, "not-found", /no such thing/],
  ])("tells a %i in one line and does not try again", async (status, code, line) => {
    const hub = await hubWith({ fault: (_, response) => response.writeHead(status).end() !== undefined });
    const { error, waits } = await pull(hub);
    expect({ code: error?.code, requests: hub.requests.length, waits }).toEqual({
      code,
      requests: 1,
      waits: [],
    });
    expect(error?.message).toMatch(line);
  });

  test("waits as long as a 429 asks, and then goes on", async () => {
    const hub = await hubWith({
      fault: (_, response, nth) =>
        nth === 1 &&
        hub.requests.length === 1 &&
        response.writeHead(429, { "retry-after": "7" }).end() !== undefined,
    });
    const lines: string[] = [];
    const { error, waits } = await pull(hub, {}, { onRetry: (line) => lines.push(line) });
    expect({ error, waits }).toEqual({ error: null, waits: [7000] });
    expect(lines).toEqual([expect.stringMatching(/\(429\).*trying again in 7 s$/)]);
  });

  test("does not wait for an hour", async () => {
    const hub = await hubWith({
      fault: (_, response) => response.writeHead(429, { "retry-after": "3600" }).end() !== undefined,
    });
    const { error, waits } = await pull(hub);
    expect({ code: error?.code, waits }).toEqual({ code: "overloaded", waits: [] });
    expect(error?.message).toContain("60 min");
  });

  test("gives up a hub that only breaks", async () => {
    const hub = await hubWith({ fault: (request) => request.socket.destroy() !== undefined });
    const { error, waits } = await pull(hub);
    expect(["upstream-broken", "upstream-unreachable"]).toContain(error?.code);
    expect(waits).toEqual([750, 1500, 3000, 6000, 12000]);
  });

  test("gives up a connection that stalls, and goes on with the next", async () => {
    const hub = await hubWith({
      fault: (request, response, nth) => {
        if (!isWeights(request) || nth > 1) return false;
        response.writeHead(200, { "content-length": WEIGHTS.length });
        response.write(WEIGHTS.subarray(0, 1000));
        return true;
      },
    });
    const { error } = await pull(hub, { timeouts: { idleMs: 100 } });
    expect(error).toBeNull();
  });

  test("follows a redirect to another host without the token", async () => {
    const store = await hubWith();
    const hub = await hubWith({
      fault: (request, response) => {
        const isFile = request.url?.includes("/resolve/") === true;
        // The same machine under another port is another origin.
        if (isFile) response.writeHead(302, { location: `${store.endpoint}${request.url ?? ""}` }).end();
        return isFile;
      },
    });
    const { error } = await pull(hub, { token: "secret" });
    expect(error).toBeNull();
    expect(new Set(hub.requests.map(({ token }) => token))).toEqual(new Set(["Bearer secret"]));
    expect(store.requests.map(({ token }) => token)).toEqual([undefined, undefined, undefined]);
  });

  test.each(["file:///etc/passwd", "data:,x", "ftp://127.0.0.1/x"])(
    "refuses a redirect to %s",
    async (location) => {
      const hub = await hubWith({
        fault: (request, response) =>
          request.url?.includes("/resolve/") === true &&
          response.writeHead(302, { location }).end() !== undefined,
      });
      expect((await pull(hub)).error?.message).toMatch(/redirects to "(file|data|ftp):", expected "http:"/);
    },
  );

  test("does not follow a circle", async () => {
    const hub = await hubWith({
      fault: (request, response) =>
        response.writeHead(307, { location: request.url ?? "" }).end() !== undefined,
    });
    expect((await pull(hub)).error?.message).toContain("more than 5 redirects");
    expect(hub.requests).toHaveLength(6);
  });

  test("sends no token over plain http to another machine", async () => {
    const { error } = await pull(await hubWith(), { endpoint: "http://mirror.example", token: "secret" });
    expect(error?.code).toBe("bad-usage");
    expect(error?.message).not.toContain("secret");
  });

  test("does not try again with a token that no header can carry, and does not print it", async () => {
    const { error, waits } = await pull(await hubWith(), { token: "sec\nret" });
    expect({ code: error?.code, waits }).toEqual({ code: "bad-usage", waits: [] });
    expect(error?.message).not.toMatch(/sec|ret/);
  });

  test("says which licence a card names beside `other`, and where there is none", async () => {
    const card = { license: "other", license_name: "lfm1.0", license_link: "LICENSE" };
    expect((await pull(await hubWith({ card }))).notes).toEqual([
      "org/small at 0123456789ab: licence lfm1.0 (LICENSE)",
    ]);
    expect((await pull(await hubWith({ card: null }))).notes[0]).toContain("no licence is stated");
  });

  test.runIf(existsSync("/dev/full"))("says in one line that the disk is full", async () => {
    const hub = await hubWith();
    const inner = join(folder, "full");
    mkdirSync(inner);
    symlinkSync("/dev/full", join(inner, `model.safetensors.${sha256Of(WEIGHTS).slice(0, 12)}.partial`));
    const { error } = await pull(hub, { folder: inner });
    expect(error?.code).toBe("store-full");
    expect(error?.message).toMatch(/the disk is full; what came is kept/);
  });

  test("says in one line that the folder cannot be made", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    expect((await pull(await hubWith(), { folder: join(file, "in") })).error?.code).toBe("bad-usage");
  });

  test.each(["<html>", '{"sha":"main"}', "[]"])("refuses the listing %s", async (text) => {
    const hub = await hubWith({ fault: (_, response) => response.end(text) !== undefined });
    expect((await pull(hub)).error?.code).toBe("upstream-broken");
  });
});
