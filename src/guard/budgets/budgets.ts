import { HouseError, type ErrorCode, type Usage } from "../../core/index.ts";
import {
  add,
  AMOUNT_NAMES,
  counted,
  isNothing,
  misfit,
  NANO,
  NOTHING,
  subtract,
  type Amounts,
} from "./amounts.ts";
import type { Bank, Change } from "./bank.ts";
import { rulesOf, type Limit, type Rule, type Subject } from "./rules.ts";
import { windowAt } from "./window.ts";

/**
 * A process takes at least one part in so many of what is left: few looks into the shared store (about 16 · ln(limit / need) until a
 * budget is used up), and the parts grow small as it runs out, so that one process does not sit on what another could use.
 */
const LEASE_PARTS = 16;
/** Keys, tasks or models that one limit counts each for itself; those that come later share one counter. Models are named by clients. */
const MAX_COUNTERS_PER_RULE = 10_000;
const OTHERS = "(others)";

/** USD per million tokens. */
export type PriceOf = (model: string) => { readonly inputUsd: number; readonly outputUsd: number } | null;

export type Ask = Subject & {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Models that may answer, as their providers name them; the dearest is reserved for. The model asked for when left out. */
  readonly targets?: readonly string[];
};

export type BudgetRefusal = {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfterS?: number;
};

export type Held = {
  /** `model`: as the provider that answered names it. */
  settle(usage: Usage, servedBy: "provider" | "specialist" | "cache", model?: string): void;
  release(): void;
};

export type Budgets = {
  reserve(ask: Ask): Held | BudgetRefusal;
  /** Gives back to the bank what this process does not need now, and takes what it has overdrawn. Call it about once a second. */
  balance(): void;
  /** Other limits from now on; what was counted stays counted. */
  update(limits: readonly Limit[]): void;
};

export type BudgetDeps = { readonly bank: Bank; readonly priceOf: PriceOf; readonly nowMs: () => number };

/** A part of a budget in this process: `held` is what calls have taken or may yet take of what was `granted`. */
type Counter = {
  readonly rule: Rule;
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  granted: Amounts;
  held: Amounts;
  /** Of `held`, what calls in flight may yet take. */
  reserved: Amounts;
  open: number;
};

/**
 * Budgets over fixed windows. A call is reserved for before it begins and settled after: when what calls take is never more than what
 * was reserved for them, no budget is ever exceeded, whatever runs at once and in how many processes; when a call takes more, the
 * excess is charged, and the budget is exceeded by no more than that. A call counts in the window in which it began. A process that
 * dies takes the parts it held with it: they count as used until the window ends.
 */
export function createBudgets(limits: readonly Limit[], deps: BudgetDeps): Budgets {
  const { bank, nowMs } = deps;
  let rules = rulesOf(limits);
  let current = new Map<string, Map<string, Counter>>();
  /** Counters of windows and limits that are over, while calls are still open in them. */
  const past = new Set<Counter>();

  const counterOf = (rule: Rule, whom: string, now: number): Counter => {
    let byName = current.get(rule.name);
    if (byName === undefined) current.set(rule.name, (byName = new Map()));
    const known = byName.get(whom);
    if (known !== undefined && now >= known.startMs && now < known.endMs) return known;
    if (known === undefined && byName.size >= MAX_COUNTERS_PER_RULE && whom !== OTHERS)
      return counterOf(rule, OTHERS, now);
    if (known !== undefined) past.add(known);
    const name = JSON.stringify([rule.name, whom]);
    const fresh = {
      rule,
      name,
      ...windowAt(rule.per, now),
      granted: NOTHING,
      held: NOTHING,
      reserved: NOTHING,
      open: 0,
    };
    byName.set(whom, fresh);
    return fresh;
  };

  return {
    reserve(ask) {
      if (rules.length === 0) return FREE;
      const now = nowMs();
      const prices = pricesOf(ask, deps.priceOf);
      const need = needOf(ask, prices);
      const counters: Counter[] = [];
      for (const rule of rules) {
        const whom = rule.counterOf(ask);
        if (whom === null) continue;
        const counter = counterOf(rule, whom, now);
        const isUnpriced = prices.length === 0 && rule.limit[2] < Infinity;
        const refusal = isUnpriced ? unpriced(ask) : hold(counter, need, { bank, now });
        if (refusal !== null) {
          for (const held of counters) close(held, need, NOTHING);
          return refusal;
        }
        counters.push(counter);
      }
      return heldBy(counters, need, { ask, priceOf: deps.priceOf });
    },
    balance() {
      const now = nowMs();
      const all = [...past, ...[...current.values()].flatMap((byName) => [...byName.values()])];
      const due = all.filter(({ granted, held }) => !isNothing(subtract(held, granted)));
      bank.update(due.map((counter) => changeOf(counter, () => subtract(counter.held, counter.granted))));
      for (const counter of due) counter.granted = counter.held;
      for (const counter of past) if (counter.open === 0) past.delete(counter);
      for (const byName of current.values())
        for (const [whom, counter] of byName)
          if (counter.open === 0 && now >= counter.endMs) byName.delete(whom);
    },
    update(next) {
      for (const byName of current.values()) for (const counter of byName.values()) past.add(counter);
      current = new Map();
      rules = rulesOf(next);
      this.balance();
    },
  };
}

const FREE: Held = { settle: () => {}, release: () => {} };

/** Takes what a call needs, from what this process has or from the bank; or says why not. */
function hold(
  counter: Counter,
  need: Amounts,
  { bank, now }: { readonly bank: Bank; readonly now: number },
): BudgetRefusal | null {
  const { limit } = counter.rule;
  const part = counted(need, limit);
  const lacking = subtract(add(counter.held, part), counter.granted);
  if (lacking.some((amount) => amount > 0)) {
    let refusal: BudgetRefusal | null = null;
    const lease = changeOf(counter, (taken) => {
      const at = misfit(taken, lacking, limit);
      if (at < 0) return leaseOf(taken, lacking, limit);
      refusal = refusalOf(counter, { at, part, taken, now });
      return null;
    });
    try {
      const [granted] = bank.update([lease]);
      if (granted !== null) counter.granted = add(counter.granted, granted);
    } catch (error) {
      if (!(error instanceof HouseError)) throw error;
      // What cannot be counted is not let through: a budget that fails open is none.
      return {
        code: "overloaded",
        message: "Cannot count the call against its budget: try again",
        retryAfterS: 1,
      };
    }
    if (refusal !== null) return refusal;
  }
  counter.held = add(counter.held, part);
  counter.reserved = add(counter.reserved, part);
  counter.open += 1;
  return null;
}

/** Replaces what was reserved for a call by what it took. */
function close(counter: Counter, need: Amounts, took: Amounts): void {
  const { limit } = counter.rule;
  const part = counted(need, limit);
  counter.held = add(counter.held, subtract(counted(took, limit), part));
  counter.reserved = subtract(counter.reserved, part);
  counter.open -= 1;
}

function changeOf({ name, startMs, endMs }: Counter, decide: Change["decide"]): Change {
  return { counter: name, startMs, endMs, decide };
}

function leaseOf(taken: Amounts, lacking: Amounts, limit: Amounts): Amounts {
  const part = (at: 0 | 1 | 2): number =>
    lacking[at] <= 0 ? 0 : Math.max(lacking[at], Math.floor((limit[at] - taken[at]) / LEASE_PARTS));
  return [part(0), part(1), part(2)];
}

function heldBy(
  counters: readonly Counter[],
  need: Amounts,
  { ask, priceOf }: { readonly ask: Ask; readonly priceOf: PriceOf },
): Held {
  let isOpen = true;
  const end = (took: Amounts): void => {
    if (!isOpen) return;
    isOpen = false;
    for (const counter of counters) close(counter, need, took);
  };
  return {
    release: () => end(NOTHING),
    settle(usage, servedBy, model) {
      // What specialists and the cache answer costs no tokens of a provider, but is a request.
      if (servedBy === "provider") end(tookOf(ask, usage, model === undefined ? null : priceOf(model)));
      else end([1, 0, 0]);
    },
  };

  function tookOf({ inputTokens, outputTokens }: Ask, usage: Usage, price: Price | null): Amounts {
    const input = usage.inputTokens ?? inputTokens;
    const output = usage.outputTokens ?? outputTokens;
    const prices = price === null ? pricesOf(ask, priceOf) : [price];
    return [1, whole(input + output), dearest(prices, input, output)];
  }
}

type Price = NonNullable<ReturnType<PriceOf>>;

/** Prices of all that may answer; none when one of them is unknown. */
function pricesOf({ targets, model }: Ask, priceOf: PriceOf): readonly Price[] {
  const prices = (targets ?? [model]).map((name) => priceOf(name));
  return prices.every((price) => price !== null) ? prices : [];
}

function needOf({ inputTokens, outputTokens }: Ask, prices: readonly Price[]): Amounts {
  return [1, whole(inputTokens + outputTokens), dearest(prices, inputTokens, outputTokens)];
}

// A price is USD per million tokens: a thousand billionths of a dollar per token.
function dearest(prices: readonly Price[], input: number, output: number): number {
  return Math.max(
    0,
    ...prices.map(({ inputUsd, outputUsd }) => Math.ceil((input * inputUsd + output * outputUsd) * 1000)),
  );
}

// Counts come from providers: what is no count is none, never NaN in a sum.
const whole = (tokens: number): number => (Number.isFinite(tokens) ? Math.max(0, Math.ceil(tokens)) : 0);

function unpriced({ model, targets }: Ask): BudgetRefusal {
  const names = (targets ?? [model]).join(", ").slice(0, 200);
  return {
    code: "forbidden",
    message: `Cannot hold the call under a budget in USD: no price is known for ${names}; add it to prices in the config`,
  };
}

type Shortage = {
  readonly at: number;
  readonly part: Amounts;
  readonly taken: Amounts;
  readonly now: number;
};

function refusalOf(counter: Counter, { at, part, taken, now }: Shortage): BudgetRefusal {
  const { rule, granted, held, reserved, endMs } = counter;
  const unit = AMOUNT_NAMES[at];
  const allowed = unit === "USD" ? `${rule.limit[at] / NANO} USD` : `${rule.limit[at]} ${unit}`;
  const budget = `the budget of ${allowed} per ${rule.per} ${rule.describe}`;
  if (part[at] > rule.limit[at])
    return { code: "over-limit", message: `Cannot take the call: alone it may need more than ${budget}` };
  // What others hold, and what has been used here: without the calls in flight it might fit.
  const settled = taken[at] - granted[at] + held[at] - reserved[at];
  const isSoon = settled + part[at] <= rule.limit[at];
  const retryAfterS = isSoon ? 1 : Math.max(1, Math.ceil((endMs - now) / 1000));
  const when = isSoon ? "held by calls in flight" : "used up";
  return { code: "over-limit", message: `Cannot take the call: ${budget} is ${when}`, retryAfterS };
}
