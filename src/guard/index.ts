export { type Amounts } from "./budgets/amounts.ts";
export { memoryBank, type Bank, type Change } from "./budgets/bank.ts";
export { createBudgets, type Ask, type Budgets, type BudgetRefusal, type Held } from "./budgets/budgets.ts";
export { type Limit } from "./budgets/rules.ts";
export { findAll, type MaskOptions } from "./find.ts";
export { MASK_TYPES, type Finding, type MaskType } from "./finding.ts";
export { createMasker, maskText, type Masked, type Masker, type Span } from "./masker.ts";
