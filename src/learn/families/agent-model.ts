import { hash32, type Answer, type Json, type TaskInput } from "../../core/index.ts";
import { chooseHashed, type HashedChoice, type Offer } from "../linear/hashed-choice.ts";
import { splitName } from "./answer-text.ts";
import { candidatesOf, type Candidate, type SlotQuestion } from "./agent-candidates.ts";
import type { Anchor } from "./agent-moments.ts";
import type { Slot, ToolSlots } from "./agent-slots.ts";
import { slotKey, viewOf, type AgentView } from "./agent-view.ts";

/** How answers are built: what is known of the tools, which texts recur, what else an answer can be. Plain data. */
export type AgentForm = {
  readonly tools: ToolSlots;
  /** Texts that recur word for word. */
  readonly texts: readonly string[];
  /** Whether answers can be JSON. */
  readonly hasJson: boolean;
  readonly maxCalls: number;
  readonly anchor: Anchor;
};

export type AgentModel = { readonly form: AgentForm; readonly weights: Float32Array };

/** JSON answers are calls of a tool without a name: their keys are its arguments. */
export const JSON_TOOL = "";

/** What can be done next. */
export type Act =
  | { readonly kind: "text" }
  | { readonly kind: "constant"; readonly text: string }
  | { readonly kind: "call"; readonly tool: string }
  | { readonly kind: "end" };

export const actKey = (act: Act): string =>
  act.kind === "constant" ? `say ${act.text}` : act.kind === "call" ? `call ${act.tool}` : act.kind;

/** One decision taken. */
export type Decision = {
  readonly p: number;
  /** P of the runner-up. */
  readonly second: number;
  /** P that the value is none of those found. */
  readonly other: number;
  /** What was decided, and where the value came from: seen before or new. */
  readonly pattern: string;
};

export type AgentReading = {
  readonly answer: Answer;
  readonly acts: readonly Act[];
  readonly decisions: readonly Decision[];
  /** True when the answer is a text that has to be written: this family does not. */
  readonly isDeclined: boolean;
};

export const readView = (form: AgentForm, input: TaskInput): AgentView => viewOf(input, form.anchor);

type Made = { readonly tool: string; readonly args: { [name: string]: Json } };
type Taken = Map<string, string[]>;

/** Takes one decision after the other: the act, its arguments, and whether another call follows. */
export function decide(
  { form, weights }: AgentModel,
  view: AgentView,
  witnesses?: (slot: string, canonical: string) => number,
): AgentReading {
  const decisions: Decision[] = [];
  const acts: Act[] = [];
  const made: Made[] = [];
  const taken: Taken = new Map();
  for (let step = 0; step < form.maxCalls; step += 1) {
    const offered = actsOffered(form, view, step);
    const question = actChoice(
      form,
      view,
      offered,
      made.map(({ tool }) => tool),
    );
    const picked = best(chooseHashed(weights, question));
    const act = offered[picked.at];
    acts.push(act);
    decisions.push({
      p: picked.p,
      second: picked.second,
      other: 0,
      pattern: `${lastCall(view)} > ${made.length} ${actKey(act)}`,
    });
    if (act.kind === "end") break;
    if (act.kind === "text") return { answer: { type: "text", text: "" }, acts, decisions, isDeclined: true };
    if (act.kind === "constant")
      return { answer: { type: "text", text: act.text }, acts, decisions, isDeclined: false };
    const args: { [name: string]: Json } = {};
    const given = new Map<string, string>();
    for (const slot of form.tools[act.tool]) {
      const slotAt = slotKey(act.tool, slot.name);
      const asked: SlotQuestion = {
        tool: act.tool,
        slot,
        view,
        taken,
        given,
        ...(witnesses === undefined ? {} : { witnesses: (canonical) => witnesses(slotAt, canonical) }),
      };
      const { candidate, decision } = fill(weights, asked);
      decisions.push(decision);
      if (candidate.value === undefined) continue;
      args[slot.name] = candidate.value;
      given.set(slot.name, candidate.canonical);
      taken.set(slotAt, [...(taken.get(slotAt) ?? []), candidate.canonical]);
    }
    made.push({ tool: act.tool, args });
    if (act.tool === JSON_TOOL) break;
  }
  return { answer: answerOfCalls(made), acts, decisions, isDeclined: false };
}

function fill(weights: Float32Array, asked: SlotQuestion): { candidate: Candidate; decision: Decision } {
  const candidates = candidatesOf(asked);
  const probabilities = chooseHashed(weights, slotChoice(asked, candidates));
  const otherAt = candidates.findIndex(({ kind }) => kind === "other");
  const other = probabilities[otherAt];
  const isAlone = candidates.length === 1;
  // The best value is given even where something else is likelier: the score says so.
  const open = probabilities.map((p, at) => (at === otherAt && !isAlone ? -1 : p));
  const { at, p, second } = best(open);
  const candidate = candidates[at];
  return {
    candidate,
    decision: {
      p: candidate.kind === "other" ? 0 : p,
      second: Math.max(second, other),
      other,
      pattern: `${slotKey(asked.tool, asked.slot.name)} ${candidate.source}`,
    },
  };
}

function answerOfCalls(made: readonly Made[]): Answer {
  if (made[0]?.tool === JSON_TOOL) return { type: "json", value: made[0].args };
  return {
    type: "tool-calls",
    calls: made.map(({ tool, args }) => ({ name: tool, arguments: args })),
    text: "",
  };
}

export const lastCall = ({ state }: AgentView): string => {
  const last = state.happenings.findLast(({ kind }) => kind === "call");
  return last?.kind === "call" ? last.tool : "";
};

/** What can be done at a step of an answer: tools the request offers, and what is no call. */
export function actsOffered(form: AgentForm, { state }: AgentView, step: number): Act[] {
  const known = Object.keys(form.tools).filter((tool) => tool !== JSON_TOOL);
  const offered = state.tools.length === 0 ? known : known.filter((tool) => state.tools.includes(tool));
  const calls = offered.map((tool): Act => ({ kind: "call", tool }));
  if (step > 0) return [{ kind: "end" }, ...calls];
  return [
    // Something can always be left to the large model.
    { kind: "text" },
    ...form.texts.map((text): Act => ({ kind: "constant", text })),
    ...(form.hasJson ? [{ kind: "call", tool: JSON_TOOL } as const] : []),
    ...calls,
  ];
}

/** The choice of an act, in the form that is learnt and asked. `made`: tools called in this answer already. */
export function actChoice(
  form: AgentForm,
  view: AgentView,
  acts: readonly Act[],
  made: readonly string[],
): HashedChoice {
  const context =
    made.length === 0
      ? view.context
      : Uint32Array.from([
          ...[...view.context].map((feature) => Math.imul(feature, 0x9e3779b1) >>> 0),
          hash32(`made ${made.length}`),
          hash32(`made ${made.join(" ")}`),
        ]);
  return {
    context,
    offers: acts.map((act) => actOffer(form, view, act)),
    scopes: Uint32Array.of(hash32("act")),
  };
}

function actOffer(form: AgentForm, view: AgentView, act: Act): Offer {
  const id = hash32(actKey(act), 31) | 1;
  const features = [`kind ${act.kind}`];
  if (act.kind === "call" && act.tool !== JSON_TOOL)
    features.push(...toolFeatures(form.tools[act.tool], view, act.tool));
  return { id, features: Uint32Array.from(features, (text) => hash32(text, 32)) };
}

/** What speaks for a tool whatever it is called: its name in the message, calls before, values that wait for it. */
function toolFeatures(slots: readonly Slot[], view: AgentView, tool: string): string[] {
  const words = splitName(tool).toLowerCase().split(/\s+/);
  const said = words.filter((word) => view.userWords.has(word)).length;
  const calls = view.state.happenings.filter((one) => one.kind === "call" && one.tool === tool).length;
  const isLast = lastCall(view) === tool;
  const out = [
    `said ${said} of ${Math.min(4, words.length)}`,
    `calls ${Math.min(3, calls)}`,
    `last ${isLast}`,
  ];
  const keys = new Set(view.found.map(({ key }) => key.toLowerCase()));
  const required = slots.filter(({ isRequired }) => isRequired);
  const ready = required.filter(({ name }) => keys.has(name.toLowerCase())).length;
  out.push(`ready ${ready === required.length} ${Math.min(2, required.length)}`);
  for (const { name } of required.slice(0, 2)) {
    const waiting = waitingFor(view, slotKey(tool, name));
    if (waiting >= 0)
      out.push(`waiting ${Math.min(2, waiting)} ${isLast}`, `waiting ${Math.min(2, waiting)} ${tool}`);
  }
  return out;
}

/** Values of the list that the last argument of a slot stood in, which no call has used yet; −1 where it stood in none. */
function waitingFor(view: AgentView, slot: string): number {
  const used = view.used.get(slot);
  const last = used?.at(-1);
  if (used === undefined || last === undefined) return -1;
  const home = view.found.find(
    ({ list, canonical, from }) => from === "result" && list >= 0 && canonical === last,
  );
  if (home === undefined) return -1;
  return view.found.filter(
    ({ happening, list, path, canonical }) =>
      happening === home.happening && list === home.list && path === home.path && !used.includes(canonical),
  ).length;
}

/** The choice of a value, in the form that is learnt and asked. */
export function slotChoice(
  { tool, slot, view, given }: Pick<SlotQuestion, "tool" | "slot" | "view" | "given">,
  candidates: readonly Candidate[],
): HashedChoice {
  return {
    context: Uint32Array.from([...view.words, ...[...given.keys()].map((name) => hash32(`filled ${name}`))]),
    offers: candidates,
    scopes: Uint32Array.of(
      hash32(`slot ${slotKey(tool, slot.name)}`),
      hash32(`name ${slot.name}`),
      hash32("any slot"),
    ),
  };
}

function best(probabilities: Float64Array): { at: number; p: number; second: number } {
  let at = 0;
  let second = 0;
  for (let index = 1; index < probabilities.length; index += 1) {
    if (probabilities[index] > probabilities[at]) {
      second = probabilities[at];
      at = index;
    } else second = Math.max(second, probabilities[index]);
  }
  return { at, p: probabilities[at], second: Math.max(0, second) };
}
