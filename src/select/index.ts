export { MIN_TRAINING_EXAMPLES, planFor, type Plan } from "./plan.ts";
export { profileOf } from "./profile.ts";
