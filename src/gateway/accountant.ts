import type { Log } from "../core/index.ts";
import { createBudgets, type Bank, type Limit } from "../guard/index.ts";
import { priceOf, type PriceTable } from "../models/index.ts";
import type { Accountant } from "./hooks.ts";

/** What a process does not need it gives back this often: so long another may be refused for it. */
const BALANCE_MS = 1000;

export type AccountantWatch = {
  readonly accountant: Accountant;
  /** Other limits and prices from now on; what was counted stays counted. */
  update(limits: readonly Limit[], prices: PriceTable): void;
  /** Gives back what is held. The bank is closed by who opened it, after this. */
  close(): void;
};

export type AccountantDeps = {
  readonly bank: Bank;
  readonly prices: PriceTable;
  readonly nowMs: () => number;
  readonly log: Log;
};

/** Limits over a bank that all processes of the machine share. */
export function startAccountant(limits: readonly Limit[], deps: AccountantDeps): AccountantWatch {
  let { prices } = deps;
  let known = new Map<string, ReturnType<typeof priceOf>>();
  // Looking a dated name up walks the table; names come from clients, so what is kept is bounded.
  const price = (model: string): ReturnType<typeof priceOf> => {
    const cached = known.get(model);
    if (cached !== undefined) return cached;
    if (known.size >= MAX_KNOWN_PRICES) known = new Map();
    const found = priceOf(model, prices);
    known.set(model, found);
    return found;
  };
  const budgets = createBudgets(limits, { bank: deps.bank, priceOf: price, nowMs: deps.nowMs });
  const guarded = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      // Nothing is lost: the next round writes it.
      deps.log.warn({ event: "budgets-unbalanced", message: (error as Error).message });
    }
  };
  const timer = setInterval(() => guarded(() => budgets.balance()), BALANCE_MS);
  timer.unref();
  return {
    accountant: budgets,
    update(next, nextPrices) {
      prices = nextPrices;
      known = new Map();
      guarded(() => budgets.update(next));
    },
    close() {
      clearInterval(timer);
      guarded(() => budgets.balance());
    },
  };
}

const MAX_KNOWN_PRICES = 1000;
