import {
  textOf,
  type Assignment,
  type ChatRequest,
  type InputPart,
  type Message,
  type Task,
  type TaskInput,
  type Template,
  type Variant,
} from "../core/index.ts";
import { formatHashOf, toolNamesOf, toolsHashOf } from "./fingerprint.ts";
import { linesIn, maskLine, tokensOf } from "./lines.ts";
import { fillPattern } from "./pattern.ts";

/** Assigns a request to a task by its prompt alone; null for a novel one. */
export type Assigner = (request: ChatRequest) => Assignment | null;

type Known = {
  readonly task: Task;
  readonly variant: Variant;
  readonly words: number;
  readonly templates: readonly Reader[];
};
type Reader = { readonly template: Template; readonly lines: ReadonlySet<string> };

/**
 * The assigner for a set of tasks. A request belongs to a variant when it offers the same tools and asks for the same
 * output form of a model it was asked of before, has every fixed line of the variant, and no more other system lines than the variant ever had: a changed
 * prompt is novel until it is discovered. Of several fitting variants, the one with most fixed words. O(lines) per variant.
 */
export function createAssigner(tasks: readonly Task[]): Assigner {
  const index = new Map<string, Known[]>();
  for (const task of tasks) {
    for (const variant of task.variants) {
      const key = keyOf(variant.toolsHash, variant.formatHash);
      index.set(key, [...(index.get(key) ?? []), knownOf(task, variant)]);
    }
  }
  for (const known of index.values()) known.sort((a, b) => b.words - a.words);
  return (request) => {
    const tools = toolNamesOf(request);
    const known = index.get(keyOf(toolsHashOf(request), formatHashOf(request)));
    if (known === undefined) return null;
    const prompt = readPrompt(request);
    const found = known.find(({ templates, variant }) => fits(prompt, templates, variant));
    if (found === undefined) return null;
    return {
      taskId: found.task.id,
      variantId: found.variant.id,
      input: inputOf(request, found.templates, tools),
    };
  };
}

const keyOf = (toolsHash: string | null, formatHash: string | null): string => `${toolsHash}|${formatHash}`;

function knownOf(task: Task, variant: Variant): Known {
  const templates = variant.templates.map((template) => ({ template, lines: new Set(template.lines) }));
  const words = variant.templates.reduce(
    (sum, { lines, patterns }) => sum + lines.flatMap(tokensOf).length + patterns.flat().length,
    0,
  );
  return { task, variant, words, templates };
}

type Prompt = {
  readonly model: string;
  readonly system: readonly string[];
  readonly user: readonly string[];
};

function readPrompt(request: ChatRequest): Prompt {
  const lines = (isOne: (message: Message) => boolean): string[] =>
    request.messages.filter(isOne).flatMap((message) => linesIn(textOf(message)));
  const firstUser = request.messages.find(({ role }) => role === "user");
  return {
    model: request.model,
    system: lines(isSystem),
    user: firstUser === undefined ? [] : linesIn(textOf(firstUser)),
  };
}

const isSystem = ({ role }: { readonly role: string }): boolean => role === "system" || role === "developer";

function fits(prompt: Prompt, readers: readonly Reader[], variant: Variant): boolean {
  const hasSystem = prompt.system.length > 0;
  if (hasSystem !== (variant.templates[0].role === "system") || !variant.models.includes(prompt.model))
    return false;
  return readers.every((reader) =>
    hasAll(reader.template.role === "system" ? prompt.system : prompt.user, reader),
  );
}

function hasAll(lines: readonly string[], { template, lines: fixed }: Reader): boolean {
  if (lines.length < fixed.size) return false;
  const found = new Set<string>();
  const rest: string[] = [];
  for (const line of lines) {
    if (fixed.has(line)) found.add(line);
    else rest.push(line);
  }
  if (found.size < fixed.size) return false;
  const extra = rest.filter((line) => slotWords(line, template) === null);
  const matched = template.patterns.filter((pattern) =>
    rest.some((line) => fillPattern(pattern, tokensOf(maskLine(line))) !== null),
  );
  return (
    matched.length === template.patterns.length &&
    (template.maxExtraLines === null || extra.length <= template.maxExtraLines)
  );
}

/** The varying words of a line that fits one of the patterns, as they stand in the line; null when it fits none. */
function slotWords(line: string, template: Template): readonly string[] | null {
  if (template.patterns.length === 0) return null;
  const masked = tokensOf(maskLine(line));
  for (const pattern of template.patterns) {
    const filled = fillPattern(pattern, masked);
    if (filled === null) continue;
    return filled.length === 0 ? [] : rawWords(line, filled, masked);
  }
  return null;
}

/** Masking keeps the number of words, so a masked word's place is the raw word's place. */
function rawWords(line: string, filled: readonly string[], masked: readonly string[]): string[] {
  const raw = tokensOf(line.replace(/\s+/g, " "));
  const words: string[] = [];
  let from = 0;
  for (const word of filled) {
    const at = masked.indexOf(word, from);
    words.push(raw[at] ?? word);
    from = at + 1;
  }
  return words;
}

/** What varies: each message without its template's fixed lines. */
function inputOf(request: ChatRequest, readers: readonly Reader[], tools: readonly string[]): TaskInput {
  const of = (role: Template["role"]): readonly Reader[] =>
    readers.filter(({ template }) => template.role === role);
  const parts = request.messages.flatMap((message): InputPart[] => {
    const role = isSystem(message)
      ? "system"
      : message.role === "function"
        ? "tool"
        : (message.role as InputPart["role"]);
    const text = variableText(message, role === "system" || role === "user" ? of(role) : []);
    return text.trim() === "" ? [] : [{ role, text }];
  });
  return { parts, tools };
}

function variableText(message: Message, readers: readonly Reader[]): string {
  const calls = (message.tool_calls ?? []).map((call) => `${call.function.name}(${call.function.arguments})`);
  const text = [textOf(message), ...calls].filter((part) => part !== "").join("\n");
  const [reader] = readers;
  if (reader === undefined || (reader.lines.size === 0 && reader.template.patterns.length === 0)) return text;
  const kept: string[] = [];
  for (const line of text.split("\n")) {
    const trimmed = line.trim();
    if (reader.lines.has(trimmed)) continue;
    const words = trimmed === "" ? null : slotWords(trimmed, reader.template);
    if (words === null) kept.push(line);
    else if (words.length > 0) kept.push(words.join(" "));
  }
  return kept.join("\n").replace(/^\s*\n|\n\s*$/g, "");
}
