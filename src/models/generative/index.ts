export { findBaseOf, openBase, readBase, type Base } from "./base.ts";
export { generative, generativeOn } from "./family.ts";
export { adaptDefaults, fitGenerative, type AdaptOptions } from "./fit.ts";
export { GENERATIVE_KIND, loadGenerative } from "./specialist.ts";
