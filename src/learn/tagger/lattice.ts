/**
 * The state graph of a linear chain over tags. A component is one value of the head field (one intent); states of different
 * components are never connected, so the chain chooses the head and the tags together.
 * A state remembers the last tag begun: for a component with K tags there are 1 + 3K states: O before any tag, and B, I, O per tag.
 */
export type Lattice = {
  readonly heads: number;
  /** Emission labels: every state reads its score from one shared and one own label. */
  readonly labels: number;
  readonly states: number;
  readonly headOf: Int32Array;
  readonly sharedLabel: Int32Array;
  /** −1 where no other component has the tag. */
  readonly ownLabel: Int32Array;
  /** The tag of a state and its place: 0 outside, 1 begin, 2 inside. */
  readonly tagOf: Int32Array;
  readonly placeOf: Uint8Array;
  /** Edges are sorted by `from`; those of a state begin at `firstEdge[state]` and end before `firstEdge[state + 1]`. */
  readonly firstEdge: Int32Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Two link weights per edge: shared by all components, and own. */
  readonly sharedLink: Int32Array;
  readonly ownLink: Int32Array;
  /** Link weight of starting in a state; −1 where a chain cannot start. */
  readonly startLink: Int32Array;
  readonly links: number;
};

export const OUTSIDE = 0;
export const BEGIN = 1;
export const INSIDE = 2;

export type LatticeOptions = {
  /** Tags each component can use. */
  readonly components: readonly (readonly number[])[];
  readonly tags: number;
  /** Tags that can stand more than once in one answer. */
  readonly repeatable: readonly boolean[];
};

/** Builds the graph. Size: for K tags in a component 3K + 1 states and about 3K² edges. */
export function buildLattice(options: LatticeOptions): Lattice {
  const { components, tags } = options;
  // A tag of one component needs no label of its own there.
  const users = Array.from(
    { length: tags },
    (_, tag) => components.filter((allowed) => allowed.includes(tag)).length,
  );
  const isShared = (tag: number): boolean => components.length > 1 && (tag < 0 || users[tag] > 1);
  const sharedLabels = 1 + 2 * tags;
  const states: { head: number; tag: number; place: number }[] = [];
  const edges: { from: number; to: number; shared: string; own: string }[] = [];
  const starts: { state: number; link: string }[] = [];
  components.forEach((allowed, head) => {
    const base = states.length;
    states.push({ head, tag: -1, place: OUTSIDE });
    for (const tag of allowed)
      for (const place of [BEGIN, INSIDE, OUTSIDE]) states.push({ head, tag, place });
    const add = (from: number, to: number, name: string): void => {
      edges.push({ from, to, shared: name, own: `${head}|${name}` });
    };
    add(base, base, "o");
    starts.push({ state: base, link: `${head}|start` });
    allowed.forEach((tag, index) => {
      const begin = base + 1 + index * 3;
      add(base, begin, `o>${tag}`);
      starts.push({ state: begin, link: `${head}|start>${tag}` });
      add(begin, begin + 1, `${tag}i`);
      add(begin + 1, begin + 1, `${tag}ii`);
      add(begin, begin + 2, `${tag}.`);
      add(begin + 1, begin + 2, `${tag}.`);
      add(begin + 2, begin + 2, `${tag}o`);
      allowed.forEach((next, nextIndex) => {
        if (next === tag && !options.repeatable[tag]) return;
        const target = base + 1 + nextIndex * 3;
        add(begin, target, `${tag}>${next}`);
        add(begin + 1, target, `${tag}>${next}`);
        add(begin + 2, target, `${tag}o>${next}`);
      });
    });
  });
  edges.sort((a, b) => a.from - b.from);
  return packLattice({ states, edges, starts, isShared, sharedLabels, heads: components.length });
}

type Draft = {
  readonly states: readonly { head: number; tag: number; place: number }[];
  readonly edges: readonly { from: number; to: number; shared: string; own: string }[];
  readonly starts: readonly { state: number; link: string }[];
  readonly isShared: (tag: number) => boolean;
  readonly sharedLabels: number;
  readonly heads: number;
};

function packLattice(draft: Draft): Lattice {
  const links = new Map<string, number>();
  const labels = new Map<string, number>();
  const indexIn = (map: Map<string, number>, name: string, offset: number = 0): number => {
    const known = map.get(name);
    if (known !== undefined) return known;
    map.set(name, map.size + offset);
    return map.size - 1 + offset;
  };
  const labelOf = (tag: number, place: number): number =>
    place === OUTSIDE ? 0 : 1 + tag * 2 + (place - BEGIN);
  const startLink = new Int32Array(draft.states.length).fill(-1);
  const sharedLink = Int32Array.from(draft.edges, (edge) => indexIn(links, edge.shared));
  const ownLink = Int32Array.from(draft.edges, (edge) => indexIn(links, edge.own));
  for (const start of draft.starts) startLink[start.state] = indexIn(links, start.link);
  const sharedLabel = Int32Array.from(draft.states, (state) => labelOf(state.tag, state.place));
  const ownLabel = Int32Array.from(draft.states, (state) =>
    draft.isShared(state.place === OUTSIDE ? -1 : state.tag)
      ? indexIn(labels, `${state.head}|${labelOf(state.tag, state.place)}`, draft.sharedLabels)
      : -1,
  );
  return {
    heads: draft.heads,
    labels: draft.sharedLabels + labels.size,
    states: draft.states.length,
    headOf: Int32Array.from(draft.states, (state) => state.head),
    sharedLabel,
    ownLabel,
    tagOf: Int32Array.from(draft.states, (state) => state.tag),
    placeOf: Uint8Array.from(draft.states, (state) => state.place),
    firstEdge: firstEdges(draft),
    from: Int32Array.from(draft.edges, (edge) => edge.from),
    to: Int32Array.from(draft.edges, (edge) => edge.to),
    sharedLink,
    ownLink,
    startLink,
    links: links.size,
  };
}

function firstEdges(draft: Draft): Int32Array {
  const first = new Int32Array(draft.states.length + 1);
  for (const edge of draft.edges) first[edge.from + 1] += 1;
  for (let state = 0; state < draft.states.length; state += 1) first[state + 1] += first[state];
  return first;
}

export type Segment = { readonly tag: number; readonly start: number; readonly end: number };

/** The state path of a head and its segments (sorted, not overlapping; end is exclusive), or null where the graph has none. */
export function pathOf(
  lattice: Lattice,
  head: number,
  segments: readonly Segment[],
  length: number,
): Int32Array | null {
  const key = (tag: number, place: number): number => (tag + 1) * 3 + place;
  const found = new Map<number, number>();
  for (let state = 0; state < lattice.states; state += 1) {
    if (lattice.headOf[state] === head) found.set(key(lattice.tagOf[state], lattice.placeOf[state]), state);
  }
  const path = new Int32Array(length).fill(-1);
  let last = -1;
  let at = 0;
  for (const segment of segments) {
    if (last === segment.tag && !isRepeatable(lattice, found.get(key(last, BEGIN)))) return null;
    for (; at < segment.start; at += 1) path[at] = found.get(key(last, OUTSIDE)) ?? -1;
    last = segment.tag;
    for (; at < segment.end; at += 1)
      path[at] = found.get(key(last, at === segment.start ? BEGIN : INSIDE)) ?? -1;
  }
  for (; at < length; at += 1) path[at] = found.get(key(last, OUTSIDE)) ?? -1;
  return path.includes(-1) ? null : path;
}

function isRepeatable(lattice: Lattice, begin: number | undefined): boolean {
  if (begin === undefined) return false;
  for (let edge = 0; edge < lattice.from.length; edge += 1) {
    if (lattice.from[edge] === begin && lattice.to[edge] === begin) return true;
  }
  return false;
}

/** The segments of a state path. */
export function segmentsOf(lattice: Lattice, path: Int32Array): Segment[] {
  const segments: { tag: number; start: number; end: number }[] = [];
  for (let at = 0; at < path.length; at += 1) {
    const place = lattice.placeOf[path[at]];
    if (place === BEGIN) segments.push({ tag: lattice.tagOf[path[at]], start: at, end: at + 1 });
    if (place === INSIDE) segments[segments.length - 1].end = at + 1;
  }
  return segments;
}
