export type { CurateOptions } from "./curate.ts";
export { PART_SHARES, partOf } from "./split.ts";
export { curateTask, type Curation } from "./step.ts";
