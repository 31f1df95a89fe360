export { findAll, type MaskOptions } from "./find.ts";
export { MASK_TYPES, type Finding, type MaskType } from "./finding.ts";
export { createMasker, maskText, type Masked, type Masker, type Span } from "./masker.ts";
