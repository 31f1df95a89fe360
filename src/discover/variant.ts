import { contentHash, type Template, type Variant } from "../core/index.ts";
import type { FixedLine, Group } from "./cluster.ts";
import type { Fingerprint, Interner } from "./fingerprint.ts";
import { tokensOf } from "./lines.ts";

/** The variant a group of calls shows: what is fixed in its prompts, word for word where it never changed. */
export function variantOf(group: Group, raw: Interner): Variant {
  const [first] = group.calls;
  const own: Template = {
    role: first.hasSystem ? "system" : "user",
    ...fixedParts(group.fixed, rawTexts(group, raw)),
    maxExtraLines: first.hasSystem ? maxExtra(group) : null,
  };
  const user: Template = { role: "user", ...fixedParts(group.userFixed, new Map()), maxExtraLines: null };
  const templates = group.userFixed.length > 0 ? [own, user] : [own];
  const times = group.calls.flatMap(({ atMs }) => (atMs === null ? [] : [atMs]));
  return {
    id: `variant_${contentHash([first.toolsHash, first.formatHash, fixedTextOf(templates).sort()], 12)}`,
    toolsHash: first.toolsHash,
    formatHash: first.formatHash,
    models: [...new Set(group.calls.map(({ model }) => model))].sort(),
    templates,
    calls: group.calls.length,
    firstAt: isoOf(times.reduce((a, b) => Math.min(a, b), Infinity)),
    lastAt: isoOf(times.reduce((a, b) => Math.max(a, b), -Infinity)),
  };
}

/** The fixed lines of templates as texts, in prompt order, gaps as ellipses. */
export function fixedTextOf(templates: readonly Template[]): string[] {
  return templates.flatMap(({ patterns, lines }) => [
    ...lines,
    ...patterns.map((words) => words.map((word) => word ?? "…").join(" ")),
  ]);
}

const isoOf = (ms: number): string | null => (Number.isFinite(ms) ? new Date(ms).toISOString() : null);

/** Raw texts seen for each line key of the group; numbers in a line count as fixed only when they never changed. */
function rawTexts(group: Group, raw: Interner): Map<number, ReadonlySet<string>> {
  const ids = new Map<number, Set<number>>();
  for (const { lines, rawLines } of group.calls) {
    lines.forEach((line, at) => {
      const key = group.keyOf(line);
      const seen = ids.get(key) ?? new Set<number>();
      ids.set(key, seen.add(rawLines[at]));
    });
  }
  return new Map(
    [...ids].map(([key, seen]) => [key, new Set([...seen].slice(0, 2).map((id) => raw.text(id)))]),
  );
}

function fixedParts(
  fixed: readonly FixedLine[],
  raws: ReadonlyMap<number, ReadonlySet<string>>,
): Pick<Template, "lines" | "patterns"> {
  const lines: string[] = [];
  const patterns: (readonly (string | null)[])[] = [];
  for (const { key, text } of fixed) {
    const seen = raws.get(key);
    if (seen?.size === 1) lines.push([...seen][0]);
    else patterns.push(typeof text === "string" ? tokensOf(text) : text);
  }
  return { lines, patterns: patterns.map((tokens) => [...tokens]) };
}

function maxExtra(group: Group): number {
  const fixed = new Set(group.fixed.map(({ key }) => key));
  const extra = (call: Fingerprint): number =>
    call.lines.filter((line) => !fixed.has(group.keyOf(line))).length;
  return group.calls.reduce((most, call) => Math.max(most, extra(call)), 0);
}
