import { canonicalJson, hash32, type Json, type Random, type TrainingExample } from "../../core/index.ts";
import type { TaughtChoice } from "../linear/hashed-choice.ts";
import { candidatesOf } from "./agent-candidates.ts";
import {
  actChoice,
  actKey,
  actsOffered,
  JSON_TOOL,
  lastCall,
  slotChoice,
  type Act,
  type AgentForm,
} from "./agent-model.ts";
import { traceOf } from "./agent-score.ts";
import { slotKey, type AgentView } from "./agent-view.ts";

export type AgentCall = { readonly tool: string; readonly args: { readonly [name: string]: Json } };

/** An answer as acts: calls, or a text. Null where it is none that this family could give. */
export type AgentAnswer =
  | { readonly kind: "calls"; readonly calls: readonly AgentCall[] }
  | { readonly kind: "text"; readonly text: string };

/** More calls than this in one answer are not learnt. */
export const MAX_CALLS = 8;

const isObject = (value: Json): value is { readonly [name: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function agentAnswer({ answer }: TrainingExample): AgentAnswer | null {
  switch (answer.type) {
    case "text":
      return { kind: "text", text: answer.text };
    case "json":
      return isObject(answer.value)
        ? { kind: "calls", calls: [{ tool: JSON_TOOL, args: answer.value }] }
        : null;
    case "tool-calls": {
      if (answer.calls.length > MAX_CALLS) return null;
      const calls = answer.calls.flatMap(({ name, arguments: args }) =>
        isObject(args) && name !== JSON_TOOL ? [{ tool: name, args }] : [],
      );
      return calls.length === answer.calls.length ? { kind: "calls", calls } : null;
    }
  }
}

/** What an example teaches: one choice per decision of its answer. */
export type Lesson = {
  readonly choices: readonly TaughtChoice[];
  /** For the memory of the score. */
  readonly trace: Uint32Array;
  /** Whether right decisions would give the very answer; null where it is a text that is left to the large model. */
  readonly isExpressible: boolean | null;
};

export type Teaching = {
  readonly form: AgentForm;
  readonly view: AgentView;
  readonly witnesses: (slot: string, canonical: string) => number;
  /** For the wrong candidates that are left out of a choice; null keeps all. */
  readonly random: Random | null;
};

export function lessonOf(answer: AgentAnswer, teaching: Teaching): Lesson {
  const { form, view } = teaching;
  const choices: TaughtChoice[] = [];
  const patterns: string[] = [];
  const made: string[] = [];
  let isExpressible = true;
  const teachAct = (act: Act): boolean => {
    const offered = actsOffered(form, view, made.length);
    const chosen = offered.findIndex((one) => actKey(one) === actKey(act));
    if (chosen < 0) return false;
    choices.push({ ...actChoice(form, view, offered, made), chosen });
    patterns.push(`${lastCall(view)} > ${made.length} ${actKey(act)}`);
    return true;
  };
  if (answer.kind === "text") {
    const isConstant = form.texts.includes(answer.text);
    const isTaught = teachAct(isConstant ? { kind: "constant", text: answer.text } : { kind: "text" });
    return { choices, trace: traceOf(patterns, view), isExpressible: isConstant ? isTaught : null };
  }
  const taken = new Map<string, string[]>();
  for (const call of answer.calls) {
    if (!teachAct({ kind: "call", tool: call.tool }))
      return { choices, trace: traceOf(patterns, view), isExpressible: false };
    isExpressible = teachArguments(call, { ...teaching, taken, choices, patterns }) && isExpressible;
    made.push(call.tool);
  }
  if (made[0] !== JSON_TOOL && made.length < form.maxCalls) teachAct({ kind: "end" });
  return { choices, trace: traceOf(patterns, view), isExpressible };
}

type Arguments = Teaching & {
  readonly taken: Map<string, string[]>;
  readonly choices: TaughtChoice[];
  readonly patterns: string[];
};

/** Whether all arguments are among their candidates. */
function teachArguments({ tool, args }: AgentCall, teaching: Arguments): boolean {
  const { form, view, taken, choices, patterns, witnesses, random } = teaching;
  const slots = form.tools[tool];
  let isComplete = Object.keys(args).every((name) => slots.some((slot) => slot.name === name));
  const given = new Map<string, string>();
  for (const slot of slots) {
    const at = slotKey(tool, slot.name);
    const question = {
      tool,
      slot,
      view,
      taken,
      given: new Map(given),
      witnesses: (canonical: string): number => witnesses(at, canonical),
    };
    const candidates = candidatesOf(question);
    const value = Object.hasOwn(args, slot.name) ? args[slot.name] : undefined;
    const wanted = value === undefined ? "absent" : canonicalJson(value);
    const kind = value === undefined ? "absent" : "value";
    let right = candidates.findIndex((one) => one.kind === kind && one.canonical === wanted);
    if (right < 0) {
      isComplete = false;
      right = candidates.findIndex((one) => one.kind === "other");
    }
    patterns.push(`${at} ${candidates[right].source}`);
    const kept = random === null ? candidates : some(candidates, right, random);
    choices.push({ ...slotChoice(question, kept), chosen: kept.indexOf(candidates[right]) });
    if (value === undefined) continue;
    given.set(slot.name, wanted);
    taken.set(at, [...(taken.get(at) ?? []), wanted]);
  }
  return isComplete;
}

// Of hundreds of spans a sample teaches as much; the first, which are known values and such, all stay.
const MAX_TAUGHT = 60;
const MAX_FIRST = 24;

function some<T>(candidates: readonly T[], right: number, random: Random): T[] {
  if (candidates.length <= MAX_TAUGHT) return [...candidates];
  const others = candidates.slice(MAX_FIRST).filter((_, at) => at + MAX_FIRST !== right);
  const drawn = random.shuffle(others).slice(0, MAX_TAUGHT - MAX_FIRST - 1);
  return [...candidates.slice(0, MAX_FIRST), ...(right < MAX_FIRST ? [] : [candidates[right]]), ...drawn];
}

/** The run an example is from, by its session; where that is not known, examples that start alike are one run. */
export function runOf({ input, session }: TrainingExample): number {
  if (session !== undefined) return hash32(session, 52);
  const first = input.parts.find(({ role }) => role === "user") ?? input.parts[0];
  return hash32(first?.text ?? "", 51);
}
