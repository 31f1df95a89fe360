import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { compileFunction } from "node:vm";

/** The parts of XGrammar's WebAssembly binding that are used here. All calls but the loading are synchronous. */
export type XGrammar = {
  readonly Grammar: { FromEBNF(text: string, root: string): Handle };
  readonly TokenizerInfo: new (
    tokens: Handle,
    kind: string,
    size: number,
    stopTokenIds: Handle,
    prependSpace: boolean,
  ) => Handle;
  readonly GrammarCompiler: new (tokenizer: Handle, threads: number, isCaching: boolean) => CompilerHandle;
  readonly GrammarMatcher: new (
    compiled: Handle,
    stopTokenIds: undefined,
    endsWithoutStop: boolean,
    maxRollback: number,
  ) => MatcherHandle;
  /** A list of texts given as their bytes. */
  vecStringFromJSArray(tokens: readonly Uint8Array[]): Handle;
  vecIntFromJSArray(values: readonly number[]): Handle;
  /** A view into the module's memory, valid until the next call. */
  vecIntToView(vector: Handle): Int32Array;
};

/** An object of the module; lives until it is deleted. */
export type Handle = { delete(): void };
export type CompilerHandle = Handle & { CompileGrammar(grammar: Handle): Handle };
export type MatcherHandle = Handle & {
  AcceptToken(token: number, isVerbose: boolean): boolean;
  GetNextTokenBitmask(size: number): Handle;
  IsTerminated(): boolean;
  Reset(): void;
  FindJumpForwardString(): string;
  Rollback(tokens: number): void;
};

/**
 * @mlc-ai/web-xgrammar 0.1.27 is a UMD file inside a package of ES modules and can be neither imported nor required in Node.
 * It is read as text and compiled with what it lacks. Its only asynchronous part, the module behind the classes, is let out, so that
 * masks need no await. Once the package ships a module that loads, this file shrinks to an import.
 */
export async function loadXGrammar(): Promise<{ binding: XGrammar; lastMessage: () => string }> {
  const require = createRequire(import.meta.url);
  const path = require.resolve("@mlc-ai/web-xgrammar");
  let text = readFileSync(path, "utf8");
  for (const [found, replacement] of PATCHES) {
    if (text.split(found).length !== 2)
      throw new TypeError(`Cannot load ${path}: "${found}" should be in it once`);
    text = text.replace(found, () => replacement);
  }
  const exported: { loadBinding?: (options: object) => Promise<XGrammar> } = {};
  const run = compileFunction(text, ["exports", "module", "require", "__filename"], { filename: path });
  run.call(undefined, exported, { exports: exported }, createRequire(path), path);
  if (exported.loadBinding === undefined)
    throw new TypeError(`Cannot load ${path}: it does not export its binding`);
  let said = "";
  const listen = (line: string): void => void (said = line);
  const binding = await exported.loadBinding({ print: listen, printErr: listen });
  return { binding, lastMessage: () => said };
}

const PATCHES: readonly (readonly [string, string])[] = [
  ["exports.Grammar = Grammar;", "exports.Grammar = Grammar; exports.loadBinding = Module;"],
  ["await import('module')", "({ createRequire: () => require })"],
];
