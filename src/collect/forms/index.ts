import { braintrust } from "./braintrust.ts";
import type { Form } from "./form.ts";
import { helicone } from "./helicone.ts";
import { http } from "./http.ts";
import { langfuse } from "./langfuse.ts";
import { langsmith } from "./langsmith.ts";
import { litellm } from "./litellm.ts";
import { otlp } from "./otlp.ts";
import { portkey } from "./portkey.ts";
import { tensorzero } from "./tensorzero.ts";

/** Exports of others whose records hold calls, by the name of the form. Each is told by fields that the others do not have. */
export const FORMS = {
  otlp,
  langfuse,
  litellm,
  helicone,
  portkey,
  langsmith,
  braintrust,
  tensorzero,
  http,
} as const satisfies {
  readonly [name: string]: Form;
};

export type ExportFormat = keyof typeof FORMS;

export type { Draft, Form, Found } from "./form.ts";
export { asFinetune, isSharegpt } from "./sharegpt.ts";
export { Halves, type Settled } from "./halves.ts";
