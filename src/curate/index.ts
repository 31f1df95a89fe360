export { curate, type Curated, type CurateOptions } from "./curate.ts";
export { PART_SHARES, partOf } from "./split.ts";
