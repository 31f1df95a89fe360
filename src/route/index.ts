export { attempt, SPECIALIST_BUDGET_MS, type Responder } from "./attempt.ts";
export {
  candidateFor,
  decide,
  isOffered,
  isServable,
  type Attempt,
  type Decision,
  type ProviderReason,
  type Reason,
} from "./decide.ts";
export {
  closePolicy,
  emptyPolicy,
  loadPolicy,
  versionOf,
  type Policy,
  type PolicyEntry,
  type PolicySource,
} from "./policy.ts";
export { SPECIALIST_CALL_PREFIX } from "../models/index.ts";
