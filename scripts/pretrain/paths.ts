import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Where fetched packages are kept between runs. */
export const CACHE = join(homedir(), ".cache", "understudy-pretrain");

/** The base made here: tokenizer, weights, model card. */
export const BASE = resolve(import.meta.dirname, "../../base");
