import { canonicalJson, hash32, type Json } from "../../core/index.ts";
import type { Offer } from "../linear/hashed-choice.ts";
import { phraseOf, type Normal, type Passage, type PassageSpan } from "./agent-passages.ts";
import { typeOf, type Slot } from "./agent-slots.ts";
import { isScalar, slotKey, type AgentView, type Found } from "./agent-view.ts";
import { RULES } from "./span-rules.ts";

/** A value that an argument may get. `other`: none of those found; what that would be, only the large model knows. */
export type Candidate = Offer & {
  readonly kind: "absent" | "other" | "value";
  /** Undefined unless it is a value. */
  readonly value: Json | undefined;
  readonly canonical: string;
  /** Where it is from, coarsely: what is new in a pick is told by this. */
  readonly source: string;
};

export type SlotQuestion = {
  readonly tool: string;
  readonly slot: Slot;
  readonly view: AgentView;
  /** Arguments of the calls of this answer that stand before, as canonical JSON by slot. */
  readonly taken: ReadonlyMap<string, readonly string[]>;
  /** Arguments that the call has already: names with canonical values. */
  readonly given: ReadonlyMap<string, string>;
  /** Runs that witness a value beside the run of the example itself; the slot's own count when not given. */
  readonly witnesses?: (canonical: string) => number;
};

type Draft = { value: Json; features: Set<number>; sources: Set<string>; id: number };

const MAX_CANDIDATES = 400;
const MAX_FEATURES = 48;

/** All candidates of an argument, with what speaks for each. Values found in several places are one candidate. */
export function candidatesOf(question: SlotQuestion): Candidate[] {
  const { slot, tool } = question;
  const drafts = new Map<string, Draft>();
  const add = (value: Json, source: string, features: readonly string[], id: number = 0): void => {
    const key = canonicalJson(value);
    let draft = drafts.get(key);
    if (draft === undefined) {
      if (drafts.size >= MAX_CANDIDATES) return;
      draft = { value, features: new Set(), sources: new Set(), id: 0 };
      drafts.set(key, draft);
    }
    draft.sources.add(source);
    if (id !== 0) draft.id = id;
    for (const feature of features)
      if (draft.features.size < MAX_FEATURES) draft.features.add(hash32(feature, 21));
  };
  addKnown(question, add);
  addFound(question, add);
  addSpans(question, add);
  const stem = slotKey(tool, slot.name);
  const plain = (kind: "absent" | "other"): Candidate => ({
    kind,
    value: undefined,
    canonical: kind,
    source: kind,
    id: hash32(`${stem}\n${kind}`, 22) | 1,
    features: Uint32Array.of(hash32(`kind ${kind}`, 21)),
  });
  const values = [...drafts].map(([canonical, draft]) => finish(canonical, draft, question));
  return [...(slot.isRequired ? [] : [plain("absent")]), plain("other"), ...values];
}

type Add = (value: Json, source: string, features: readonly string[], id?: number) => void;

function finish(
  canonical: string,
  draft: Draft,
  { slot, tool, view, taken, given }: SlotQuestion,
): Candidate {
  const kinds = [...draft.sources].sort().join(" ");
  const key = slotKey(tool, slot.name);
  const used = view.used.get(key) ?? [];
  const features = new Set(draft.features);
  const add = (text: string): void => void features.add(hash32(text, 23));
  add(`kinds ${kinds}`);
  add(`used ${used.includes(canonical)} ${used.at(-1) === canonical}`);
  add(`taken ${taken.get(key)?.includes(canonical) ?? false}`);
  if (typeof draft.value === "string") {
    const words = draft.value
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .filter((word) => word !== "");
    const said = words.filter((word) => view.userWords.has(word)).length;
    add(`said ${said === 0 ? 0 : said === words.length ? 2 : 1} ${kinds}`);
    if (draft.value.length <= MAX_PHRASE) mentions(draft.value, view, add);
  }
  if ([...given.values()].includes(canonical)) add("given to another");
  add(`type ${typeOf(draft.value)}`);
  return {
    kind: "value",
    value: draft.value,
    canonical,
    source: kinds,
    id: draft.id,
    features: Uint32Array.from(features),
  };
}

// A phrase, not a text.
const MAX_PHRASE = 80;

/** Where the value is said, in any letters; which message said it last. */
function mentions(value: string, view: AgentView, add: (text: string) => void): void {
  const phrase = phraseOf(value);
  if (phrase.trim() === "") return;
  const where = view.passages
    .filter((passage) => passage.phrase.includes(phrase))
    .map((passage) => passage.where);
  if (where.length === 0) return add("mentioned nowhere");
  for (const one of where) add(`mentioned ${one}`);
  add(`mentioned ${where.join(" ")}`);
}

function addKnown({ slot, tool, witnesses }: SlotQuestion, add: Add): void {
  for (const [value, runs] of slot.known) {
    const canonical = canonicalJson(value);
    const count = witnesses?.(canonical) ?? runs;
    // Named by the schema alone, or seen in other runs: both are known.
    if (count === 0 && runs > 0) continue;
    const bucket = Math.min(6, Math.floor(Math.log2(1 + count)));
    add(
      value,
      "known",
      [`known ${bucket}`, `known ${bucket} of ${Math.min(5, slot.known.length)}`],
      hash32(`${slotKey(tool, slot.name)}\n${canonical}`, 22) | 1,
    );
  }
}

const bucketOf = (count: number): number => (count < 3 ? count : count < 6 ? 3 : 4);

function addFound({ slot, tool, view, taken }: SlotQuestion, add: Add): void {
  const used = new Set([
    ...(view.used.get(slotKey(tool, slot.name)) ?? []),
    ...(taken.get(slotKey(tool, slot.name)) ?? []),
  ]);
  const lastUsed =
    taken.get(slotKey(tool, slot.name))?.at(-1) ?? view.used.get(slotKey(tool, slot.name))?.at(-1);
  const lists = listsOf(view.found, used);
  const perPath = new Map<string, number>();
  for (const { path, happening } of view.found)
    perPath.set(`${happening} ${path}`, (perPath.get(`${happening} ${path}`) ?? 0) + 1);
  for (const found of view.found) {
    const same = found.key.toLowerCase() === slot.name.toLowerCase();
    const ago = Math.min(found.ago, 3);
    const list = lists.get(listKey(found));
    const next = list === undefined ? "" : list.firstUnused === found.place ? "next" : "";
    const after = list !== undefined && list.lastAt >= 0 && list.canonicals[found.place - 1] === lastUsed;
    const place =
      found.list < 0 ? "single" : `${Math.min(found.place, 3)} of ${bucketOf(list?.canonicals.length ?? 0)}`;
    const stem = `${found.from} ${found.tool} ${found.path}`;
    const features = [
      stem,
      `${stem} ${ago}`,
      `${stem} ${next} ${after}`,
      `${found.from} ${ago} ${same}`,
      `${found.from} key ${found.key} ${ago}`,
      `${found.from} place ${place} ${same}`,
      `${found.from} ${next} ${after} ${same}`,
      `alone ${Math.min(3, perPath.get(`${found.happening} ${found.path}`) ?? 0)} ${same}`,
    ];
    const source = `${found.from} ${found.path}`;
    for (const value of converted(found.value, slot)) add(value, source, features);
    if (Array.isArray(found.value) && slot.keysets.length > 0)
      for (const value of projections(found.value as readonly Json[], slot))
        add(value, `${source} some keys`, features);
  }
}

type List = { canonicals: string[]; firstUnused: number; lastAt: number };

const listKey = ({ happening, list, path }: Found): string => `${happening} ${list} ${path}`;

/** Values of lists in order, with the first that no earlier call used. */
function listsOf(found: readonly Found[], used: ReadonlySet<string>): Map<string, List> {
  const lists = new Map<string, List>();
  for (const one of found) {
    if (one.list < 0) continue;
    const list = lists.get(listKey(one)) ?? { canonicals: [], firstUnused: 0, lastAt: -1 };
    lists.set(listKey(one), list);
    list.canonicals[one.place] = one.canonical;
  }
  for (const list of lists.values()) {
    const isUsed = (canonical: string | undefined): boolean => canonical !== undefined && used.has(canonical);
    list.firstUnused = list.canonicals.findIndex((canonical) => !isUsed(canonical));
    list.lastAt = list.canonicals.findLastIndex(isUsed);
  }
  return lists;
}

/** The value in the types that the argument had; none where it has no such form. */
function converted(value: Json, slot: Slot): Json[] {
  const type = typeOf(value);
  const values: Json[] = slot.types.includes(type) ? [value] : [];
  if (!isScalar(value) || value === null || value === "") return values;
  if (type === "number" && slot.types.includes("string")) values.push(String(value));
  if (type === "string" && slot.types.includes("number") && Number.isFinite(Number(value)))
    values.push(Number(value));
  if (slot.types.includes("list") && slot.keysets.length === 0 && type !== "boolean") values.push([value]);
  return values;
}

function projections(items: readonly Json[], slot: Slot): Json[] {
  return slot.keysets.flatMap((keys): Json[] => {
    const projected = items.map((item) =>
      item !== null && typeof item === "object" && !Array.isArray(item)
        ? Object.fromEntries(
            keys.flatMap((key) => {
              const inner = (item as { readonly [key: string]: Json })[key];
              return inner === undefined ? [] : [[key, inner]];
            }),
          )
        : null,
    );
    const isWhole = projected.every((item) => item !== null && Object.keys(item).length === keys.length);
    return isWhole && projected.length > 0 ? [projected] : [];
  });
}

// Values that are copied stand in few places of a message; beyond this it is a document.
const MAX_SPANS = 240;

function addSpans({ slot, view, tool }: SlotQuestion, add: Add): void {
  if (slot.rules.length === 0) return;
  const looks = new Set(slot.looks);
  const letterRules = slot.rules.filter((rule) => RULES.has(rule) && rule !== "number" && rule !== "digits");
  const normalRules = new Set(slot.rules.filter((rule) => !letterRules.includes(rule)));
  let count = 0;
  for (const passage of view.passages) {
    const all: Json[] = [];
    const fitting = passage.spans.filter(({ look }) => looks.has(look));
    const alike = new Map<number, number>();
    for (const { look } of fitting) alike.set(look, (alike.get(look) ?? 0) + 1);
    for (const span of letterRules.length === 0 ? [] : fitting) {
      if (count >= MAX_SPANS) break;
      for (const rule of letterRules) {
        const value = RULES.get(rule)?.(span.text);
        if (typeof value !== "string") continue;
        count += 1;
        const features = spanFeatures(passage, span, { rule, alike: alike.get(span.look) ?? 1 });
        if (slot.types.includes("string")) add(value, `${passage.where} ${rule}`, features);
        if (slot.types.includes("list")) {
          add([value], `${passage.where} ${rule} list`, features);
          all.push(value);
        }
      }
    }
    for (const normal of passage.normals) {
      if (!normalRules.has(normal.rule) || count >= MAX_SPANS) continue;
      count += 1;
      if (slot.types.includes(typeOf(normal.value)))
        add(normal.value, `${passage.where} ${normal.rule}`, normalFeatures(passage, normal));
    }
    // Several of a kind said at once: the people to invite.
    if (all.length > 1 && new Set(fitting.map(({ look }) => look)).size === 1)
      add(all, `${passage.where} all`, [`all ${passage.where}`, `all ${tool} ${slot.name}`]);
  }
}

function spanFeatures(
  passage: Passage,
  span: PassageSpan,
  { rule, alike }: { readonly rule: string; readonly alike: number },
): string[] {
  const { where, lower } = passage;
  const [left, right] = [lower[span.start - 1] ?? "<s>", lower[span.end] ?? "</>"];
  const left2 = lower[span.start - 2] ?? "<s>";
  const size = span.end - span.start;
  return [
    `span ${where} ${rule}`,
    `look ${span.look}`,
    `look ${span.look} ${where} ${Math.min(alike, 3)}`,
    `left ${left}`,
    `left ${left2} ${left}`,
    `right ${right}`,
    `around ${left} ${right}`,
    `first ${lower[span.start]}`,
    `last ${lower[span.end - 1]}`,
    `size ${size} ${rule}`,
    `whole ${size === lower.length} ${where}`,
    `look ${span.look} left ${left}`,
  ];
}

function normalFeatures(passage: Passage, normal: Normal): string[] {
  const { where, lower } = passage;
  const [left, right] = [lower[normal.start - 1] ?? "<s>", lower[normal.end] ?? "</>"];
  const size = normal.end - normal.start;
  return [
    `normal ${where} ${normal.rule}`,
    `normal ${normal.rule} left ${left}`,
    `normal ${normal.rule} right ${right}`,
    `normal ${normal.rule} size ${size}`,
    `normal ${normal.rule} around ${left} ${right}`,
    `normal ${normal.rule} first ${lower[normal.start]}`,
    `normal ${where} ${normal.rule} whole ${size === lower.length}`,
  ];
}
