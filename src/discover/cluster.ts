import { MIN_TASK_CALLS, type Fingerprint, type Interner } from "./fingerprint.ts";
import { tokensOf } from "./lines.ts";
import { LinePatterns, type Pattern } from "./pattern.ts";
import { splitVersions } from "./split.ts";

/** Calls of one skeleton share at least this much of their lines, weighted by words and by how common a line is. */
const MIN_SHARED = 0.5;
/** A line belongs to the fixed text of a group when at least this share of its calls has it. */
const FIXED_SHARE = 0.98;
/** Fixed words a prompt without system text (or with a short, general one) must have to be a template, not a coincidence. */
const MIN_FIXED_TOKENS = 8;
/** A system text with fewer fixed words says little ("You are a helpful assistant."): the user text must add a template. */
const SHORT_SYSTEM_TOKENS = 8;

/** A key for a line: a masked line's id, or a pattern's number, counted downward from -1. */
export type LineKey = number;

/** Calls that share one skeleton: one way of asking. */
export type Group = {
  readonly calls: readonly Fingerprint[];
  /** Lines of `Fingerprint.lines` that nearly all calls have. */
  readonly fixed: readonly FixedLine[];
  /** Lines of the first user message that nearly all calls have, where there is a system text beside it. */
  readonly userFixed: readonly FixedLine[];
  readonly keyOf: (line: number) => LineKey;
};

/** A masked line, or a pattern of masked words; with the key it goes by in this partition. */
export type FixedLine = { readonly text: string | Pattern; readonly key: LineKey };

/** Groups the calls of one partition (same tools, same output form, system text or none) by the lines they share. */
export function clusterPartition(calls: readonly Fingerprint[], masked: Interner): Group[] {
  const patterns = new LinePatterns();
  const keyOf = lineKeys(calls, masked, patterns);
  const tokens = (key: LineKey): number =>
    key >= 0 ? tokensOf(masked.text(key)).length : patterns.pattern(-1 - key).length;
  const sets = distinctSets(calls, keyOf);
  const common = commonLines(sets);
  const weight = (key: LineKey): number => (common.get(key) ?? 0) * tokens(key);
  return leaders(sets, weight)
    .filter((members) => isLarge(members))
    .flatMap((members) => splitVersions(members.flatMap((set) => set.calls)))
    .map((members) => toGroup(members, { masked, patterns, keyOf }))
    .filter((group) => isTemplate(group));
}

/** A call's line keys as a set, with all calls that have exactly these. */
type LineSet = { readonly keys: readonly LineKey[]; readonly calls: Fingerprint[] };

function lineKeys(
  calls: readonly Fingerprint[],
  masked: Interner,
  patterns: LinePatterns,
): (line: number) => LineKey {
  const counts = new Map<number, number>();
  for (const call of calls) for (const line of call.lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  const keys = new Map<number, LineKey>();
  // The most common lines first: they are the templates that rarer ones vary.
  const ordered = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  for (const [line] of ordered) {
    const group = patterns.add(tokensOf(masked.text(line)));
    if (group !== null) keys.set(line, group);
  }
  const sizes = new Map<number, number>();
  for (const group of keys.values()) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  return (line) => {
    const group = keys.get(line);
    return group !== undefined && (sizes.get(group) ?? 0) > 1 ? -1 - group : line;
  };
}

function distinctSets(calls: readonly Fingerprint[], keyOf: (line: number) => LineKey): LineSet[] {
  const byText = new Map<string, LineSet>();
  for (const call of calls) {
    const keys = [...new Set([...call.lines].map(keyOf))].sort((a, b) => a - b);
    const text = keys.join(",");
    const set = byText.get(text);
    if (set === undefined) byText.set(text, { keys, calls: [call] });
    else set.calls.push(call);
  }
  return [...byText.values()].sort((a, b) => b.calls.length - a.calls.length);
}

function commonLines(sets: readonly LineSet[]): Map<LineKey, number> {
  const counts = new Map<LineKey, number>();
  for (const { keys, calls } of sets)
    for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + calls.length);
  for (const [key, count] of counts) if (count < MIN_TASK_CALLS) counts.delete(key);
  return counts;
}

/** Leader clustering: each distinct set joins the most similar leader, or becomes one. Weighted Jaccard on common lines. */
function leaders(sets: readonly LineSet[], weight: (key: LineKey) => number): LineSet[][] {
  const clusters: {
    readonly leader: ReadonlySet<LineKey>;
    readonly total: number;
    readonly members: LineSet[];
  }[] = [];
  for (const set of sets) {
    const common = set.keys.filter((key) => weight(key) > 0);
    const total = common.reduce((sum, key) => sum + weight(key), 0);
    let best: { cluster: (typeof clusters)[number]; alike: number } | null = null;
    for (const cluster of clusters) {
      const shared = common.reduce((sum, key) => sum + (cluster.leader.has(key) ? weight(key) : 0), 0);
      const either = total + cluster.total - shared;
      const alike = either === 0 ? 0 : shared / either;
      if (alike >= MIN_SHARED && alike > (best?.alike ?? 0)) best = { cluster, alike };
    }
    if (best === null) clusters.push({ leader: new Set(common), total, members: [set] });
    else best.cluster.members.push(set);
  }
  return clusters.map(({ members }) => members);
}

type Reading = {
  readonly masked: Interner;
  readonly patterns: LinePatterns;
  readonly keyOf: (line: number) => LineKey;
};

const isLarge = (members: readonly LineSet[]): boolean =>
  members.reduce((sum, set) => sum + set.calls.length, 0) >= MIN_TASK_CALLS;

function toGroup(calls: readonly Fingerprint[], { masked, patterns, keyOf }: Reading): Group {
  const line = (key: LineKey): FixedLine => ({
    key,
    text: key < 0 ? patterns.pattern(-1 - key) : masked.text(key),
  });
  const own = linesOfShare(calls.map((call) => [...new Set([...call.lines].map(keyOf))]));
  const user = calls[0].hasSystem ? linesOfShare(calls.map((call) => [...new Set(call.userLines)])) : [];
  return { calls, fixed: own.map(line), userFixed: user.map(line), keyOf };
}

function linesOfShare(sets: readonly (readonly LineKey[])[]): LineKey[] {
  const counts = new Map<LineKey, number>();
  for (const keys of sets) for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts].filter(([, count]) => count >= FIXED_SHARE * sets.length).map(([key]) => key);
}

function isTemplate(group: Group): boolean {
  if (group.calls.length < MIN_TASK_CALLS) return false;
  const { hasSystem, toolsHash } = group.calls[0];
  if (toolsHash !== null) return true;
  const fixed = wordsOf(group.fixed);
  if (!hasSystem) return fixed >= MIN_FIXED_TOKENS;
  return (
    fixed >= SHORT_SYSTEM_TOKENS || fixed + wordsOf(group.userFixed) >= SHORT_SYSTEM_TOKENS + MIN_FIXED_TOKENS
  );
}

/** Fixed words of fixed lines. */
export function wordsOf(lines: readonly FixedLine[]): number {
  const words = ({ text }: FixedLine): number =>
    typeof text === "string" ? tokensOf(text).length : text.filter((word) => word !== null).length;
  return lines.reduce((sum, line) => sum + words(line), 0);
}
