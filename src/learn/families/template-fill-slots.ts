import type { HoleKind } from "./template-fill-cut.ts";
import {
  CASES,
  valueHash,
  writeAs,
  type Case,
  type Look,
  type Seen,
  type Use,
} from "./template-fill-uses.ts";

type Counts<K> = Map<K, number>;
type LookCounts = {
  readonly shape: Counts<string>;
  readonly order: Counts<number>;
  readonly before: Counts<number>;
  readonly after: Counts<number>;
  readonly beforeForm: Counts<string>;
  readonly afterForm: Counts<string>;
};

/** How often spans of inputs look in each way, whether copied or not. */
export type Background = { readonly spans: number; readonly counts: LookCounts };

/** What is known of the holes of one key (or of one kind, as a fallback). */
type Slot = {
  readonly uses: readonly Use[];
  readonly copied: number;
  readonly looks: LookCounts;
  readonly values: Counts<number>;
  readonly constants: Counts<string>;
  /** Per word of the input, how often holes were filled with each constant. */
  readonly words: ReadonlyMap<number, Counts<string>>;
  readonly letters: Case;
};

export type Slots = {
  readonly background: Background;
  readonly keys: ReadonlyMap<string, Slot>;
  readonly kinds: ReadonlyMap<HoleKind, Slot>;
  /** Uses by template and place. */
  readonly holes: ReadonlyMap<string, readonly Use[]>;
};

/** A value for a hole and what speaks for it. */
export type Candidate = { readonly value: string; readonly features: readonly number[] };

/** One input as the slots see it. */
export type Query = {
  readonly seen: readonly Seen[];
  /** Hashes of its words. */
  readonly words: readonly number[];
  /** Likeness to each training example. */
  readonly likeness: Float32Array;
  /** A training example that must not count, so that features on it are those of an unseen input; −1 for none. */
  readonly without: number;
};

const emptyLooks = (): LookCounts => ({
  shape: new Map(),
  order: new Map(),
  before: new Map(),
  after: new Map(),
  beforeForm: new Map(),
  afterForm: new Map(),
});

export function backgroundOf(sources: readonly (readonly Seen[])[]): Background {
  const counts = emptyLooks();
  for (const seen of sources) for (const { look } of seen) addLook(counts, look);
  return { spans: sources.reduce((sum, seen) => sum + seen.length, 0), counts };
}

/** Counts of how holes were filled. words: per example the hashes of its input's words. */
export function slotsOf(
  uses: readonly Use[],
  words: readonly (readonly number[])[],
  background: Background,
): Slots {
  return {
    background,
    keys: slotMap(
      groupBy(uses, ({ key }) => key),
      words,
    ),
    kinds: slotMap(
      groupBy(uses, ({ kind }) => kind),
      words,
    ),
    holes: groupBy(uses, ({ template, place }) => holeKey(template, place)),
  };
}

export const holeKey = (template: number, place: number): string => `${template} ${place}`;

function slotMap<K>(
  groups: ReadonlyMap<K, readonly Use[]>,
  words: readonly (readonly number[])[],
): Map<K, Slot> {
  return new Map([...groups].map(([key, uses]) => [key, slotOf(uses, words)]));
}

function slotOf(uses: readonly Use[], wordsOf: readonly (readonly number[])[]): Slot {
  const looks = emptyLooks();
  const values: Counts<number> = new Map();
  const constants: Counts<string> = new Map();
  const words = new Map<number, Counts<string>>();
  for (const use of uses) {
    bump(values, use.hash);
    if (use.look !== null) addLook(looks, use.look);
    if (use.value !== null) bump(constants, use.value);
    for (const word of wordsOf[use.example]) {
      const counts = words.get(word) ?? new Map<string, number>();
      words.set(word, counts);
      bump(counts, use.value ?? "");
    }
  }
  const copied = uses.filter(({ look }) => look !== null).length;
  return { uses, copied, looks, values, constants, words, letters: usualCase(uses) };
}

function usualCase(uses: readonly Use[]): Case {
  const votes = CASES.map((_, bit) => uses.filter(({ cases }) => (cases & (1 << bit)) !== 0).length);
  return CASES[votes.indexOf(Math.max(...votes))];
}

/** What of a hole decides which candidates it has. */
export type HoleToFill = {
  readonly key: string;
  readonly kind: HoleKind;
  /** Whether values of earlier holes of the key are ruled out. */
  readonly isDistinct: boolean;
  /** Whether a later hole of the key takes another value. */
  readonly hasTwin: boolean;
};

/** The hole to fill: its template and place, and what earlier holes of the answer took. */
export type Ask = {
  readonly template: number;
  readonly place: number;
  readonly hole: HoleToFill;
  readonly earlier: readonly { readonly key: string; readonly value: string }[];
};

/** Candidates kept of one hole: the right one is nearly always among the best few by looks. */
const MAX_SPANS = 16;
const MAX_CONSTANTS = 40;

/** A fresh filler of the holes of one query; what depends on the key alone is computed once. */
export function makeCandidates(slots: Slots, query: Query): (ask: Ask) => Candidate[] {
  const drafts = new Map<string, Draft[]>();
  const kinds = new Map<HoleKind, Weighed[]>();
  return (ask) => {
    const slot = slots.keys.get(ask.hole.key);
    if (slot === undefined) return [];
    const id = `${ask.hole.kind} ${ask.hole.key}`;
    const { kind } = ask.hole;
    const weighed = kinds.get(kind) ?? weighSpans(slots, kind, query);
    kinds.set(kind, weighed);
    const known = drafts.get(id) ?? draftsOf(slots, slot, weighed, query);
    drafts.set(id, known);
    const open = ask.hole.isDistinct ? known.filter(({ value }) => !isTaken(ask, value)) : known;
    const habit = habitOf(slots, ask, query);
    return open.map((draft) => finish(ask, habit, draft));
  };
}

/** A candidate before its hole is known. */
type Draft = {
  readonly value: string;
  /** Null for a constant. */
  readonly look: Look | null;
  readonly isConstant: boolean;
  readonly base: readonly number[];
};

/** A span that some value of the kind looks like, and what its look says for the kind. */
type Weighed = { readonly seen: Seen; readonly evidence: readonly number[] };

function weighSpans(slots: Slots, kind: HoleKind, query: Query): Weighed[] {
  const slot = slots.kinds.get(kind);
  if (slot === undefined) return [];
  const own = slot.uses.filter(({ example }) => example === query.without);
  return query.seen.flatMap((seen) => {
    if (kind === "number" && !/^[\d.]+$/.test(seen.span.text)) return [];
    if (!slot.looks.shape.has(seen.look.shape)) return [];
    return [{ seen, evidence: lookEvidence(slot, own, seen.look, slots.background) }];
  });
}

/** The spans that speak most for the key, one for each value. */
function bestSpans(
  slots: Slots,
  slot: Slot,
  weighed: readonly Weighed[],
  own: readonly Use[],
): [string, Weighed][] {
  const spans = new Map<string, Weighed & { readonly sum: number }>();
  for (const { seen, evidence: general } of weighed) {
    const evidence = [...lookEvidence(slot, own, seen.look, slots.background), ...general];
    const value = writeAs(seen.span.text, slot.letters);
    const sum = evidence.reduce((total, one) => total + one, 0);
    if ((spans.get(value)?.sum ?? -Infinity) < sum) spans.set(value, { seen, evidence, sum });
  }
  return [...spans].sort(([, a], [, b]) => b.sum - a.sum).slice(0, MAX_SPANS);
}

function draftsOf(slots: Slots, slot: Slot, weighed: readonly Weighed[], query: Query): Draft[] {
  const own = slot.uses.filter(({ example }) => example === query.without);
  const best = bestSpans(slots, slot, weighed, own);
  const likeness = likenessOf(slot, query);
  const voices = voicesOf(slot, query);
  const copyOdds = Math.log(
    (slot.copied - own.filter(isCopy).length + 0.5) / (slot.uses.length - slot.copied + 0.5),
  );
  const drafts: Draft[] = best.map(([value, { seen, evidence }]) => ({
    value,
    look: seen.look,
    isConstant: slot.constants.has(value),
    base: [
      ...evidence,
      copyOdds,
      Math.log1p(minus(slot.values, valueHash(value), own, ({ hash }) => hash)),
      likeness.copied,
      ...constantEvidence(slot, value, voices, own),
      0,
    ],
  }));
  const offered = new Set(drafts.map(({ value }) => value));
  const constants = [...slot.constants].filter(([value]) => !offered.has(value));
  for (const [value] of constants.slice(0, MAX_CONSTANTS)) {
    drafts.push({
      value,
      look: null,
      isConstant: true,
      base: [
        ...NO_EVIDENCE,
        -copyOdds,
        Math.log1p(minus(slot.values, valueHash(value), own, ({ hash }) => hash)),
        likeness.constants.get(value) ?? 0,
        ...constantEvidence(slot, value, voices, own),
        1,
      ],
    });
  }
  return drafts;
}

const LOOK_FEATURES = 12;
const NO_EVIDENCE: readonly number[] = Array.from({ length: LOOK_FEATURES }, () => 0);
const isCopy = (use: Use): boolean => use.look !== null;

const LOOKS = ["shape", "order", "before", "after", "beforeForm", "afterForm"] as const;

/** Log likelihood ratios: how much more often copied spans of this slot look so than any span does. */
function lookEvidence(slot: Slot, own: readonly Use[], look: Look, background: Background): number[] {
  const copied = slot.copied - own.filter(isCopy).length;
  return LOOKS.map((part) => {
    const value = look[part];
    // Keys of a part's counts are of the part's own type.
    const [counts, usually]: Counts<unknown>[] = [slot.looks[part], background.counts[part]];
    const taken = own.filter((use) => use.look !== null && use.look[part] === value).length;
    const count = (counts.get(value) ?? 0) - taken;
    const usual = ((usually.get(value) ?? 0) + 1) / (background.spans + 1);
    return Math.log((count + usual) / (copied + 1) / usual);
  });
}

/** Greatest likeness to an example that copied, and to one that took each constant. */
function likenessOf(slot: Slot, query: Query): { copied: number; constants: Map<string, number> } {
  let copied = 0;
  const constants = new Map<string, number>();
  for (const { example, value } of slot.uses) {
    if (example === query.without) continue;
    const alike = query.likeness[example];
    if (value === null) copied = Math.max(copied, alike);
    else constants.set(value, Math.max(constants.get(value) ?? 0, alike));
  }
  return { copied, constants };
}

/** A word of the input that examples of the key had: which constants they took, and how many there are. */
type Voice = { readonly counts: Counts<string>; readonly total: number };

function voicesOf(slot: Slot, { words }: Query): Voice[] {
  return words.flatMap((word) => {
    const counts = slot.words.get(word);
    if (counts === undefined) return [];
    let total = 0;
    for (const count of counts.values()) total += count;
    return [{ counts, total }];
  });
}

/** How usual a constant is for the key, and the most that one word of the input speaks for it. */
function constantEvidence(
  slot: Slot,
  value: string,
  voices: readonly Voice[],
  own: readonly Use[],
): number[] {
  if (!slot.constants.has(value)) return [0, 0];
  const count = minus(slot.constants, value, own, (use) => use.value);
  const taken = own.filter((use) => use.value === value).length;
  let most = 0;
  for (const { counts, total } of voices) {
    const here = (counts.get(value) ?? 0) - taken;
    most = Math.max(most, here / (total - own.length + 1));
  }
  return [Math.log((count + 0.1) / (slot.uses.length - own.length + 1)), most];
}

/** What the examples put into a hole: how many copied, by order among the spans of their shape, and each constant. */
type Habit = {
  readonly uses: number;
  readonly copied: number;
  readonly orders: Counts<number>;
  readonly constants: Counts<string>;
};

function habitOf(slots: Slots, { template, place }: Ask, { without }: Query): Habit {
  const [orders, constants] = [new Map<number, number>(), new Map<string, number>()];
  let [uses, copied] = [0, 0];
  for (const { example, look, value } of slots.holes.get(holeKey(template, place)) ?? []) {
    if (example === without) continue;
    uses += 1;
    if (value !== null) bump(constants, value);
    if (look === null) continue;
    copied += 1;
    bump(orders, look.order);
  }
  return { uses, copied, orders, constants };
}

/** The features that depend on the hole within its template and on earlier holes. */
function finish(ask: Ask, { uses, copied, orders, constants }: Habit, draft: Draft): Candidate {
  const same = draft.isConstant ? (constants.get(draft.value) ?? 0) : 0;
  const sameOrder = draft.look === null ? 0 : (orders.get(draft.look.order) ?? 0);
  // Half an example in favour of the first of its shape keeps new templates in reading order.
  const orderFit = Math.log((sameOrder + (draft.look?.order === 0 ? 0.5 : 0.1)) / (copied + 0.8));
  const share = (count: number): number => Math.log((count + 0.2) / (uses + 1));
  return {
    value: draft.value,
    features: [
      ...draft.base,
      draft.look === null ? 0 : share(copied),
      draft.look === null ? share(same) : 0,
      draft.look !== null && draft.isConstant ? share(same) : 0,
      isTaken(ask, draft.value) ? 1 : 0,
      ask.earlier.some((one) => one.key !== ask.hole.key && one.value === draft.value) ? 1 : 0,
      draft.look === null ? 0 : orderFit,
      draft.look === null || !ask.hole.hasTwin ? 0 : orderFit,
    ],
  };
}

/** Whether an earlier hole of the same key holds this value. */
const isTaken = (ask: Ask, value: string): boolean =>
  ask.earlier.some((one) => one.key === ask.hole.key && one.value === value);

function minus<K>(counts: Counts<K>, key: K, own: readonly Use[], of: (use: Use) => unknown): number {
  return (counts.get(key) ?? 0) - own.filter((use) => of(use) === key).length;
}

function addLook(counts: LookCounts, look: Look): void {
  bump(counts.shape, look.shape);
  bump(counts.order, look.order);
  bump(counts.before, look.before);
  bump(counts.after, look.after);
  bump(counts.beforeForm, look.beforeForm);
  bump(counts.afterForm, look.afterForm);
}

function bump<K>(counts: Counts<K>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
