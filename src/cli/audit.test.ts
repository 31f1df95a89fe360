import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, test, vi } from "vitest";
import { tempFolder } from "../../test/open-serve.ts";
import type { Example, Task } from "../core/index.ts";
import { sampleCall } from "../store/testing.ts";
import { program } from "./main.ts";
import { withStore } from "./with-store.ts";

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

/** Runs a command in this process; what it wrote to stdout, and its exit code. */
async function run(...args: readonly string[]): Promise<{ out: string; code: number }> {
  let out = "";
  const write = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    out += String(chunk);
    return true;
  });
  await program().parseAsync(["node", "understudy", ...args]);
  write.mockRestore();
  const code = Number(process.exitCode ?? 0);
  process.exitCode = undefined;
  return { out, code };
}

const task: Task = { id: "t1", name: "tickets", kind: "label", variants: [], calls: 1, sessions: 1 };
const example: Example = {
  callId: "a",
  taskId: "t1",
  session: "s",
  at: null,
  part: "train",
  input: { parts: [{ role: "user", text: "ask a" }], tools: [] },
  answer: { type: "text", text: "yes" },
};

function storeWithExample(): string {
  const dir = tempFolder();
  withStore({ store: dir, key: undefined }, (store) => {
    store.calls.add([sampleCall("a")]);
    store.tasks.replaceAll([task], []);
    store.examples.replaceForTask("t1", [example], []);
  });
  return dir;
}

const actions = (dir: string): string[] =>
  withStore({ store: dir, key: undefined }, (store) =>
    [...store.audit.iterate()].map(({ action }) => action),
  );

test("export dataset and examples are in the trail; export certificates, which is no content, is not", async () => {
  const dir = storeWithExample();
  await run("export", "certificates", "--store", dir, "--out", join(dir, "certificates.jsonl"));
  expect(actions(dir)).toEqual([]);
  await run("export", "dataset", "--store", dir, "--out", join(dir, "dataset.jsonl"));
  await run("examples", "--store", dir);
  expect(actions(dir)).toEqual(["content-read", "content-read"]);
});

test("audit verify ends with 0 for a whole trail and 1 for a changed one, and --noted knows its head", async () => {
  const dir = storeWithExample();
  await run("keys", "create", "--store", dir);
  await run("keys", "create", "--store", dir);
  const whole = await run("audit", "verify", "--json", "--store", dir);
  const { head, ok, entries } = JSON.parse(whole.out) as { head: string; ok: boolean; entries: number };
  expect([whole.code, ok, entries]).toEqual([0, true, 2]);
  expect((await run("audit", "verify", "--noted", head, "--store", dir)).code).toBe(0);
  expect((await run("audit", "verify", "--noted", `1:${"0".repeat(64)}`, "--store", dir)).code).toBe(1);
  const file = new DatabaseSync(join(dir, "store.db"));
  file.exec("UPDATE audit SET actor = 'cli:someone-else' WHERE number = 1");
  file.close();
  const changed = await run("audit", "verify", "--store", dir);
  expect([changed.code, changed.out]).toEqual([1, expect.stringMatching(/BROKEN.* entry 1 was changed/)]);
});

test("audit list shows the newest entries, oldest first", async () => {
  const dir = storeWithExample();
  for (let index = 0; index < 3; index += 1)
    await run("keys", "create", "--name", `n${index}`, "--store", dir);
  const { out } = await run("audit", "list", "--last", "2", "--json", "--store", dir);
  const { entries } = JSON.parse(out) as { entries: { number: number; detail: { name: string } }[] };
  expect(entries.map(({ number, detail }) => [number, detail.name])).toEqual([
    [2, "n1"],
    [3, "n2"],
  ]);
});
