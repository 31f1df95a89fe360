import { MODELS_FOR_A_SERVER_A_TO_L } from "./for-a-server-a-to-l.ts";
import { MODELS_FOR_A_SERVER_M_TO_Z } from "./for-a-server-m-to-z.ts";
import { MODELS_FOR_THE_ENGINE } from "./for-the-engine.ts";
import type { OpenModel } from "./open-model.ts";

/** When the facts of the catalogue were read. */
export const CATALOGUE_CHECKED = "2026-11";

/** Open small language models: the families that Belcak et al. (arXiv 2506.02153, section 3) name, and today's. */
export const CATALOGUE: readonly OpenModel[] = [
  ...MODELS_FOR_THE_ENGINE,
  ...MODELS_FOR_A_SERVER_A_TO_L,
  ...MODELS_FOR_A_SERVER_M_TO_Z,
];

/** Models the paper names that are not in the catalogue, and why. */
export const LEFT_OUT: readonly { readonly name: string; readonly why: string }[] = [
  { name: "RETRO-7.5B", why: "its authors published no weights" },
  { name: "Toolformer", why: "its authors published no weights" },
];
