import type { Json, Tool } from "../../core/index.ts";
import { checkExclusive } from "./exclusive.ts";
import { lower, type Writing } from "./lower.ts";
import { createMatcher, type Matcher } from "./matcher.ts";
import { prune } from "./prune.ts";
import { readSchema } from "./read-schema.ts";
import { RuleBook } from "./rule-book.ts";
import { refusal, type Definitions } from "./shape.ts";
import { plainText } from "./string-rules.ts";
import { schemaOfTools, type ToolForm } from "./tools.ts";
import { loadXGrammar, type CompilerHandle, type XGrammar } from "./xgrammar.ts";

/** What a grammar must know of a tokenizer. */
export type Vocabulary = {
  /** Rows of the logits: ids run from 0 to below it. */
  readonly size: number;
  /** Any of these ends a text. */
  readonly eosTokenIds: readonly number[];
  /** The bytes a token stands for; empty for special tokens, which a grammar never allows. */
  tokenBytes(id: number): Uint8Array;
  /** The tokens of a text; with it, a matcher can say which tokens are forced. */
  encode?(text: string): readonly number[];
};

export type GrammarSource =
  | { readonly schema: Json }
  | { readonly tools: readonly Tool[]; readonly form: ToolForm };

/** A compiled grammar, shared by all texts under it. */
export type Grammar = {
  /** A matcher at the beginning of a text. */
  matcher(): Matcher;
};

type Compiler = {
  readonly compiler: CompilerHandle;
  readonly module: XGrammar;
  readonly lastMessage: () => string;
  /** Frees a grammar in the module's memory once nobody can make a matcher of it. */
  readonly registry: FinalizationRegistry<() => void>;
  readonly kept: Map<string, Grammar>;
};

/** Compiled grammars kept per vocabulary: more than the tasks one process serves at a time, at about 1 MB each. */
const MAX_KEPT = 64;
/** A grammar of more rules compiles for tens of seconds. */
const MAX_RULES = 20_000;

/** One per vocabulary, for as long as the vocabulary is in use. A memory, not a state: forgetting it changes no result. */
const compilers = new WeakMap<Vocabulary, Promise<Compiler>>();

/**
 * The grammar of all compact JSON texts that are valid under a schema, or are calls of tools. Rejects with HouseError `bad-input`, naming
 * the place, on a schema that a grammar cannot hold, or that nothing satisfies. A source asked for again costs nothing.
 */
export async function compileGrammar(source: GrammarSource, vocabulary: Vocabulary): Promise<Grammar> {
  const making = compilers.get(vocabulary) ?? createCompiler(vocabulary);
  compilers.set(vocabulary, making);
  const compiler = await making;
  // The order of keys is the order of writing, so it is part of the name.
  const name = JSON.stringify(source);
  const grammar = compiler.kept.get(name) ?? compiled(grammarText(source), compiler, vocabulary);
  compiler.kept.delete(name);
  compiler.kept.set(name, grammar);
  for (const oldest of compiler.kept.keys()) {
    if (compiler.kept.size <= MAX_KEPT) break;
    compiler.kept.delete(oldest);
  }
  return grammar;
}

/** The grammar as EBNF in XGrammar's dialect, root rule `root`. */
export function grammarText(source: GrammarSource): string {
  const isTools = "tools" in source;
  if (isTools && source.tools.length === 0) throw refusal("#", "there are no tools, should be at least one");
  const root = isTools ? schemaOfTools(source.tools, source.form) : source.schema;
  const definitions: Definitions = new Map();
  const shape = prune(readSchema(root, "#", { root, definitions }), definitions);
  if (shape.kind === "never") throw refusal("#", "no value can satisfy it");
  checkExclusive(shape, definitions);
  const writing: Writing = { book: new RuleBook(), definitions, begun: new Map() };
  const json = lower(shape, writing);
  const text = isTools && source.form === "call-or-text" ? [...json, ...plainText(writing.book)] : json;
  if (writing.book.size() > MAX_RULES)
    throw refusal("#", `it needs ${writing.book.size()} rules, at most ${MAX_RULES} are supported`);
  return writing.book.text(text);
}

async function createCompiler(vocabulary: Vocabulary): Promise<Compiler> {
  // A module of its own per vocabulary: its memory goes when the vocabulary goes.
  const { binding: module, lastMessage } = await loadXGrammar();
  const tokens = module.vecStringFromJSArray(
    Array.from({ length: vocabulary.size }, (_, id) => vocabulary.tokenBytes(id)),
  );
  const stops = module.vecIntFromJSArray(vocabulary.eosTokenIds);
  const tokenizer = new module.TokenizerInfo(tokens, "RAW", vocabulary.size, stops, false);
  // XGrammar's own cache has no bound that we set; ours has.
  const compiler = new module.GrammarCompiler(tokenizer, 1, false);
  for (const handle of [tokens, stops, tokenizer]) handle.delete();
  const registry = new FinalizationRegistry<() => void>((free) => free());
  return { compiler, module, lastMessage, registry, kept: new Map() };
}

function compiled(
  text: string,
  { compiler, module, lastMessage, registry }: Compiler,
  vocabulary: Vocabulary,
): Grammar {
  try {
    const grammar = module.Grammar.FromEBNF(text, "root");
    const handle = compiler.CompileGrammar(grammar);
    grammar.delete();
    const held = { handle, module, vocabulary };
    registry.register(held, () => handle.delete());
    return { matcher: () => createMatcher(held) };
  } catch (cause) {
    throw new TypeError(`Cannot compile a grammar made here: ${lastMessage()}`, { cause });
  }
}
