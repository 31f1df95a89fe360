import { NANO, type Amounts } from "./amounts.ts";
import type { Period } from "./window.ts";

/** A limit as the config has it. */
export type Limit = {
  readonly key?: string;
  readonly task?: string;
  readonly model?: string;
  readonly each?: "key" | "task" | "model";
  readonly per: Period;
  readonly requests?: number;
  readonly tokens?: number;
  readonly usd?: number;
};

/** What a call is counted under. */
export type Subject = { readonly keyId: string; readonly taskId: string | null; readonly model: string };

/** A limit, ready to be asked. Its name says what it counts, not how much it allows: a raised limit keeps its count. */
export type Rule = {
  readonly name: string;
  readonly per: Period;
  readonly limit: Amounts;
  /** For messages: `for each key`, `for model "fast"`. */
  readonly describe: string;
  /** Null when the rule does not count the call; else for whom it does: one counter each. */
  counterOf(subject: Subject): string | null;
};

/** Limits as rules: those that count the same are one, with the lower amounts. */
export function rulesOf(limits: readonly Limit[]): readonly Rule[] {
  const rules = new Map<string, Rule>();
  for (const limit of limits) {
    const rule = ruleOf(limit);
    const same = rules.get(rule.name);
    rules.set(rule.name, same === undefined ? rule : { ...rule, limit: lower(rule.limit, same.limit) });
  }
  return [...rules.values()];
}

function ruleOf({ key, task, model, each, per, requests, tokens, usd }: Limit): Rule {
  const selected = [
    ["key", key],
    ["task", task],
    ["model", model],
  ].filter(([, value]) => value !== undefined);
  const parts = selected.map(([what, value]) => `for ${what} "${value}"`);
  return {
    name: JSON.stringify([key ?? null, task ?? null, model ?? null, each ?? null, per]),
    per,
    limit: [requests ?? Infinity, tokens ?? Infinity, usd === undefined ? Infinity : Math.round(usd * NANO)],
    describe: [...parts, ...(each === undefined ? [] : [`for each ${each}`])].join(" ") || "for all calls",
    counterOf(subject) {
      if (key !== undefined && key !== subject.keyId) return null;
      if (task !== undefined && task !== subject.taskId) return null;
      if (model !== undefined && model !== subject.model) return null;
      switch (each) {
        case "key":
          return subject.keyId;
        case "task":
          return subject.taskId ?? "";
        case "model":
          return subject.model;
        case undefined:
          return "";
      }
    },
  };
}

const lower = (a: Amounts, b: Amounts): Amounts => [
  Math.min(a[0], b[0]),
  Math.min(a[1], b[1]),
  Math.min(a[2], b[2]),
];
