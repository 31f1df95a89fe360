import { ANY, complement, codePoints, intersect, type CodePoints } from "./code-points.ts";
import { parseRegex, type Regex } from "./regex.ts";

/** A deterministic automaton over code points: from each state, disjoint sets lead on. State 0 is the start. */
export type Automaton = {
  readonly isAccepting: readonly boolean[];
  readonly edges: readonly (readonly Edge[])[];
};

export type Edge = { readonly on: CodePoints; readonly to: number };

/** A larger automaton compiles for seconds and holds more memory than a small model. */
export const MAX_STATES = 4000;

/** Texts in which a pattern matches somewhere (JSON Schema's sense); whole texts only where the pattern is anchored. */
export function matching(pattern: string): Automaton {
  const nfa = new Nfa();
  const start = nfa.state();
  const accept = nfa.state();
  nfa.edge(start, ANY, start);
  nfa.edge(accept, ANY, accept);
  nfa.build(parseRegex(pattern), start, accept);
  return minimal(determinise(nfa, start, accept));
}

/** Texts of `minimum` to `maximum` code points; null: without bound. */
export function ofLength(minimum: number, maximum: number | null): Automaton {
  const last = maximum ?? minimum;
  const isAccepting = Array.from({ length: last + 1 }, (_, length) => length >= minimum);
  const edges = isAccepting.map((_, length): Edge[] => {
    if (length < last) return [{ on: ANY, to: length + 1 }];
    return maximum === null ? [{ on: ANY, to: length }] : [];
  });
  return { isAccepting, edges };
}

/** Every text but these words. */
export function noneOf(words: readonly string[]): Automaton {
  // State 1: already different from every word.
  const isAccepting = [true, true];
  const next: Map<number, number>[] = [new Map(), new Map()];
  for (const word of words) {
    let state = 0;
    for (const letter of word) {
      const code = letter.codePointAt(0) ?? 0;
      const known = next[state].get(code);
      if (known === undefined) {
        next[state].set(code, next.length);
        state = next.length;
        next.push(new Map());
        isAccepting.push(true);
      } else state = known;
    }
    isAccepting[state] = false;
  }
  const edges = next.map((children): Edge[] => {
    const known = codePoints([...children.keys()].map((code) => [code, code] as const));
    const edgesOf = [...children].map(([code, to]): Edge => ({ on: [[code, code]], to }));
    return [...edgesOf, { on: complement(known), to: 1 }];
  });
  return { isAccepting, edges };
}

/** Texts that both automata take, without states that lead nowhere. Null when there is none. */
export function both(a: Automaton, b: Automaton): Automaton | null {
  const index = new Map<string, number>([["0,0", 0]]);
  const pairs: [number, number][] = [[0, 0]];
  const edges: Edge[][] = [];
  for (let state = 0; state < pairs.length; state += 1) {
    const [left, right] = pairs[state];
    const out: Edge[] = [];
    for (const edgeA of a.edges[left]) {
      for (const edgeB of b.edges[right]) {
        const on = intersect(edgeA.on, edgeB.on);
        if (on.length > 0) out.push({ on, to: stateOf(edgeA.to, edgeB.to) });
      }
    }
    edges.push(out);
  }
  const isAccepting = pairs.map(([left, right]) => a.isAccepting[left] && b.isAccepting[right]);
  return trimmed({ isAccepting, edges });

  function stateOf(left: number, right: number): number {
    const key = `${left},${right}`;
    const known = index.get(key);
    if (known !== undefined) return known;
    if (pairs.length >= MAX_STATES) throw new RangeError(`needs more than ${MAX_STATES} states`);
    index.set(key, pairs.length);
    pairs.push([left, right]);
    return pairs.length - 1;
  }
}

/** Without states from which no accepting one can be reached: a decoder must never walk into one. Null when nothing is accepted. */
export function trimmed(automaton: Automaton): Automaton | null {
  const isLive = [...automaton.isAccepting];
  for (let changed = true; changed;) {
    changed = false;
    for (let state = isLive.length - 1; state >= 0; state -= 1) {
      if (isLive[state] || !automaton.edges[state].some((edge) => isLive[edge.to])) continue;
      isLive[state] = true;
      changed = true;
    }
  }
  if (!isLive[0]) return null;
  const place: number[] = [];
  let count = 0;
  for (const live of isLive) place.push(live ? count++ : -1);
  return minimal({
    isAccepting: automaton.isAccepting.filter((_, state) => isLive[state]),
    edges: automaton.edges
      .filter((_, state) => isLive[state])
      .map((out) =>
        out.filter((edge) => isLive[edge.to]).map((edge) => ({ on: edge.on, to: place[edge.to] })),
      ),
  });
}

/** The same language with equal states merged (Moore 1956) and edges to one state joined. O(states² · edges) at worst. */
function minimal(automaton: Automaton): Automaton {
  let group = automaton.isAccepting.map(Number);
  for (let groups = 0; ;) {
    const names = new Map<string, number>();
    const next = group.map((own, state) => {
      const name = `${own}|${signature(automaton.edges[state], group)}`;
      const known = names.get(name) ?? names.size;
      names.set(name, known);
      return known;
    });
    // State 0 is named first, so the start stays state 0.
    group = next;
    if (names.size === groups) break;
    groups = names.size;
  }
  const first = Array.from({ length: Math.max(...group) + 1 }, (_, index) => group.indexOf(index));
  return {
    isAccepting: first.map((state) => automaton.isAccepting[state]),
    edges: first.map((state) => joined(automaton.edges[state], group)),
  };
}

function joined(edges: readonly Edge[], group: readonly number[]): Edge[] {
  const byTarget = new Map<number, (readonly [number, number])[]>();
  for (const edge of edges) {
    const to = group[edge.to];
    byTarget.set(to, [...(byTarget.get(to) ?? []), ...edge.on]);
  }
  return [...byTarget]
    .map(([to, ranges]) => ({ on: codePoints(ranges), to }))
    .toSorted((a, b) => a.on[0][0] - b.on[0][0]);
}

function signature(edges: readonly Edge[], group: readonly number[]): string {
  return joined(edges, group)
    .map((edge) => `${edge.on.map((range) => range.join("-")).join(",")}>${edge.to}`)
    .join(";");
}

type Anchored = { readonly to: number; readonly needs: "start" | "end" | null };

/** Thompson's construction (1968), with anchors as edges that may be taken only at the start or the end. */
class Nfa {
  readonly empty: Anchored[][] = [];
  readonly edges: Edge[][] = [];

  state(): number {
    if (this.edges.length > MAX_STATES * 10) throw new RangeError(`needs more than ${MAX_STATES} states`);
    this.empty.push([]);
    this.edges.push([]);
    return this.edges.length - 1;
  }

  edge(from: number, on: CodePoints, to: number): void {
    this.edges[from].push({ on, to });
  }

  build(tree: Regex, from: number, to: number): void {
    switch (tree.kind) {
      case "set":
        return this.edge(from, tree.set, to);
      case "start":
      case "end":
        return void this.empty[from].push({ to, needs: tree.kind });
      case "choice":
        return tree.items.forEach((item) => this.build(item, from, to));
      case "sequence":
        return this.#chain(tree.items, from, to);
      case "repeat":
        return this.#repeat(tree, from, to);
    }
  }

  #chain(items: readonly Regex[], from: number, to: number): void {
    let at = from;
    for (const item of items) {
      const next = this.state();
      this.build(item, at, next);
      at = next;
    }
    this.empty[at].push({ to, needs: null });
  }

  #repeat(tree: Regex & { kind: "repeat" }, from: number, to: number): void {
    const required = Array.from({ length: tree.minimum }, () => tree.item);
    let at = this.state();
    this.#chain(required, from, at);
    if (tree.maximum === null) {
      const loop = this.state();
      this.empty[at].push({ to: loop, needs: null });
      const after = this.state();
      this.build(tree.item, loop, after);
      this.empty[after].push({ to: loop, needs: null });
      return void this.empty[loop].push({ to, needs: null });
    }
    for (let count = tree.minimum; count < tree.maximum; count += 1) {
      this.empty[at].push({ to, needs: null });
      const next = this.state();
      this.build(tree.item, at, next);
      at = next;
    }
    this.empty[at].push({ to, needs: null });
  }
}

function determinise(nfa: Nfa, start: number, accept: number): Automaton {
  const first = closure(nfa, [start], "start");
  const sets = [first];
  // The start is told from the same set met later: only there may an anchor be passed.
  const index = new Map<string, number>();
  const isAccepting: boolean[] = [];
  const edges: Edge[][] = [];
  for (let state = 0; state < sets.length; state += 1) {
    const set = sets[state];
    const atEnd = closure(nfa, state === 0 ? [start] : set, state === 0 ? "both" : "end");
    isAccepting.push(atEnd.includes(accept));
    const out = set.flatMap((member) => nfa.edges[member]);
    edges.push(partition(out).map(({ on, to }) => ({ on, to: stateOf(closure(nfa, to, null)) })));
  }
  return { isAccepting, edges };

  function stateOf(set: readonly number[]): number {
    const key = set.join(",");
    const known = index.get(key);
    if (known !== undefined) return known;
    if (sets.length >= MAX_STATES) throw new RangeError(`needs more than ${MAX_STATES} states`);
    index.set(key, sets.length);
    sets.push([...set]);
    return sets.length - 1;
  }
}

function closure(nfa: Nfa, states: readonly number[], place: "start" | "end" | "both" | null): number[] {
  const seen = new Set(states);
  for (const state of seen) {
    for (const edge of nfa.empty[state]) {
      if (edge.needs === null || place === "both" || edge.needs === place) seen.add(edge.to);
    }
  }
  return [...seen].toSorted((a, b) => a - b);
}

/** Disjoint sets of code points with all the states each leads to. */
function partition(edges: readonly Edge[]): { on: CodePoints; to: number[] }[] {
  const cuts = new Set<number>();
  for (const edge of edges) {
    for (const [first, last] of edge.on) {
      cuts.add(first);
      cuts.add(last + 1);
    }
  }
  const points = [...cuts].toSorted((a, b) => a - b);
  const byTargets = new Map<string, { ranges: [number, number][]; to: number[] }>();
  for (let index = 0; index + 1 < points.length; index += 1) {
    const first = points[index];
    const covers = edges.filter((edge) => edge.on.some(([low, high]) => low <= first && first <= high));
    const to = [...new Set(covers.map((edge) => edge.to))].toSorted((a, b) => a - b);
    if (to.length === 0) continue;
    const entry = byTargets.get(to.join(",")) ?? { ranges: [], to };
    entry.ranges.push([first, points[index + 1] - 1]);
    byTargets.set(to.join(","), entry);
  }
  return [...byTargets.values()].map(({ ranges, to }) => ({ on: codePoints(ranges), to }));
}
