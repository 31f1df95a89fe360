import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openStore } from "../../src/store/index.ts";

const CLI = resolve(import.meta.dirname, "../../bin/understudy.js");
const folder = mkdtempSync(join(tmpdir(), "understudy-disk-"));
const isMounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", folder]).status === 0;
if (!isMounted) process.stdout.write("skipped: no small file system can be mounted here\n");
afterAll(() => {
  if (isMounted) spawnSync("umount", [folder]);
  rmSync(folder, { recursive: true, force: true });
});

const noise = (length: number): string =>
  Array.from({ length }, (_, index) => String.fromCharCode(33 + ((index * 7919 + length) % 90))).join("");
const line = (id: number, length: number): string =>
  JSON.stringify({
    id: `c${id}`,
    request: { model: "m", messages: [{ role: "user", content: `${id} ${Math.sin(id)} ${noise(length)}` }] },
    response: { message: { role: "assistant", content: String(Math.cos(id)) } },
  });

describe.skipIf(!isMounted)("understudy import on a full disk", () => {
  test("ends with one line and exit code 2, keeps what was taken, and goes on when there is room", () => {
    const store = join(folder, "store");
    const [small, large] = [join(tmpdir(), `small-${process.pid}`), join(tmpdir(), `large-${process.pid}`)];
    writeFileSync(small, line(1, 10));
    writeFileSync(
      large,
      Array.from({ length: 20_000 }, (_, index) => line(index + 2, 400 + (index % 300))).join("\n"),
    );
    const run = (file: string): ReturnType<typeof spawnSync> =>
      spawnSync(
        process.execPath,
        ["--disable-warning=ExperimentalWarning", CLI, "import", file, "--store", store],
        { encoding: "utf8" },
      );
    expect(run(small).status).toBe(0);
    const full = run(large);
    expect(full.status).toBe(2);
    expect(
      String(full.stderr)
        .trim()
        .split("\n")
        .filter((text) => text.startsWith("understudy:")),
    ).toHaveLength(1);
    spawnSync("mount", ["-o", "remount,size=64m", folder]);
    const open = openStore({ dir: store, nowMs: () => 0 });
    expect(open.calls.get("c1")?.id).toBe("c1");
    expect([...open.calls.iterate()].length).toBe(open.calls.count().calls);
    open.close();
    expect(run(large).status).toBe(0);
    for (const file of [small, large]) rmSync(file);
  });
});
