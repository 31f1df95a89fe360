export { openBase, readBase, type Base } from "./base.ts";
export { generative } from "./family.ts";
export { adaptDefaults, fitGenerative, type AdaptOptions } from "./fit.ts";
export { loadGenerative } from "./specialist.ts";
