import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A small ext4 of its own in a file, mounted by loop: it can be full, be frozen, and lose power. */
export type FileSystem = {
  /** Where it is mounted. */
  readonly path: string;
  freeze(): void;
  thaw(): void;
  /** What its device holds at this moment, mounted as after a loss of power: what was not written to the device is gone. */
  afterPowerLoss(): FileSystem;
  unmount(): void;
};

const MIB = 1024 * 1024;

/** Null where such a file system cannot be made: it takes Linux, root, loop devices and mkfs.ext4. */
export function makeFileSystem(folder: string, name: string, mib: number): FileSystem | null {
  const image = join(folder, `${name}.img`);
  writeFileSync(image, Buffer.alloc(mib * MIB));
  if (!ran("mkfs.ext4", "-q", "-F", "-m", "0", image)) return null;
  return mountImage(image, join(folder, name));
}

function mountImage(image: string, path: string): FileSystem | null {
  mkdirSync(path);
  // Without background commits: what is on the device is what was synced.
  if (!ran("mount", "-o", "loop,commit=300", image, path)) return null;
  return {
    path,
    freeze: () => must("fsfreeze", "-f", path),
    thaw: () => must("fsfreeze", "-u", path),
    afterPowerLoss() {
      const [copy, at] = [`${image}.after`, `${path}-after`];
      must("cp", "--sparse=never", image, copy);
      const mounted = mountImage(copy, at);
      if (mounted === null) throw new Error(`cannot mount ${copy}: the file system itself is broken`);
      return mounted;
    },
    unmount() {
      ran("fsfreeze", "-u", path);
      must("umount", path);
      rmSync(image);
      rmSync(path, { recursive: true });
    },
  };
}

function ran(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

function must(command: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${stderr}`);
}
