import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { HouseError } from "../core/index.ts";
import type { Config } from "./config.ts";
import { printJson } from "./context.ts";
import { gatewayChecks, type Finding } from "./doctor-gateway.ts";
import { checkRecording } from "./doctor-recording.ts";
import { paint } from "./print.ts";
import { withStore } from "./with-store.ts";

/** Below this much free space an import may fill the disk. */
const LOW_DISK_BYTES = 1024 ** 3;

type Environment = { readonly [name: string]: string | undefined };

/** `understudy doctor`: checks this machine, the config, the store and the keys, and says what to fix. Exit code 1 when something is wrong. */
export async function doctorCommand(
  config: Config,
  env: Environment,
  flags: { readonly json?: boolean; readonly online?: boolean },
): Promise<number> {
  const findings = [
    checkNode(),
    checkFolder(config),
    checkDisk(config),
    ...checkStore(config),
    checkUpstream(config, env),
    ...(await gatewayChecks(config, env, flags.online === true)),
  ];
  const isOk = findings.every((finding) => finding.isOk);
  if (flags.json === true) printJson({ ok: isOk, findings });
  else for (const finding of findings) process.stdout.write(describe(finding));
  return isOk ? 0 : 1;
}
function describe({ check, isOk, detail, fix }: Finding): string {
  const mark = isOk ? paint("green", "ok  ") : paint("red", "FIX ");
  return `  ${mark} ${check}: ${detail}${fix === null ? "" : `\n       ${fix}`}\n`;
}

function checkNode(): Finding {
  return {
    check: "node",
    isOk: true,
    detail: `${process.version} on ${process.platform} ${process.arch}`,
    fix: null,
  };
}

function checkFolder({ store }: Config): Finding {
  const folder = existsSync(store) ? store : dirname(resolve(store));
  try {
    accessSync(folder, constants.W_OK | constants.R_OK);
    return { check: "folder", isOk: true, detail: `${resolve(store)} can be written`, fix: null };
  } catch {
    return {
      check: "folder",
      isOk: false,
      detail: `${folder} cannot be written`,
      fix: "give another with --store DIR",
    };
  }
}

function checkDisk({ store }: Config): Finding {
  const folder = existsSync(store) ? store : dirname(resolve(store));
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const detail = `${(free / 1024 ** 3).toFixed(1)} GiB free`;
  return free >= LOW_DISK_BYTES
    ? { check: "disk", isOk: true, detail, fix: null }
    : { check: "disk", isOk: false, detail, fix: "make room: a full disk refuses new calls" };
}

function checkStore({ store, key }: Config): readonly Finding[] {
  const check = "store";
  if (!existsSync(store)) {
    const detail = `${store} does not exist yet; the first import makes it`;
    return [{ check, isOk: true, detail, fix: null }];
  }
  try {
    return withStore({ store, key }, (open) => {
      const { calls, sessions } = open.calls.count();
      const detail = `${calls} calls in ${sessions} sessions, the key opens it`;
      return [{ check, isOk: true, detail, fix: null }, checkRecording(open, store)];
    });
  } catch (error) {
    if (!(error instanceof HouseError)) throw error;
    return [{ check, isOk: false, detail: error.message, fix: null }];
  }
}

function checkUpstream({ upstream }: Config, env: { readonly [name: string]: string | undefined }): Finding {
  if (upstream === null)
    return {
      check: "upstream",
      isOk: true,
      detail: "none configured: serve answers certified calls only; give one with --upstream URL",
      fix: null,
    };
  if (upstream.url.startsWith("replay:"))
    return {
      check: "upstream",
      isOk: true,
      detail: `replays ${upstream.url.slice("replay:".length)}`,
      fix: null,
    };
  const hasKey = (env[upstream.keyEnv] ?? "") !== "";
  const detail = `${upstream.url}, key in ${upstream.keyEnv} ${hasKey ? "(set)" : "(not set: clients must send their own)"}`;
  return { check: "upstream", isOk: true, detail, fix: null };
}
