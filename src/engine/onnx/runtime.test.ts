import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const RUNTIME = join(import.meta.dirname, "runtime.ts");

/** What a process prints that opens a runtime where these packages are not installed. */
function opened(missing: readonly string[]): string {
  // A package that is not there cannot be told from one whose resolution fails with the same code.
  const script = `
    import { registerHooks } from "node:module";
    registerHooks({
      resolve(name, context, next) {
        if (!${JSON.stringify(missing)}.includes(name)) return next(name, context);
        throw Object.assign(new Error("Cannot find package '" + name + "'"), { code: "ERR_MODULE_NOT_FOUND" });
      },
    });
    const { openRuntime } = await import(${JSON.stringify(RUNTIME)});
    await openRuntime().then(
      ({ kind }) => console.log(kind),
      ({ code, message }) => console.log(code + ": " + message),
    );`;
  const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", script];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return stdout + stderr;
}

test("openRuntime() takes WebAssembly where the native library is not installed", () => {
  expect(opened(["onnxruntime-node"])).toBe("wasm\n");
});

test("openRuntime() without any library fails with `no-engine` and says in one line what to install", () => {
  expect(opened(["onnxruntime-node", "onnxruntime-web"])).toBe(
    'no-engine: Cannot load ONNX Runtime: install it with "npm install onnxruntime-node", or "npm install onnxruntime-web" where it has no build for this machine\n',
  );
});
