import {
  HouseError,
  writeJson,
  type Answer,
  type AnswerStyle,
  type Json,
  type Message,
  type Prediction,
  type Specialist,
  type TaskInput,
} from "../core/index.ts";
import { createMasker } from "../guard/index.ts";
import {
  predictCappedPlatt,
  predictIsotonic,
  predictPlatt,
  type CappedPlattModel,
  type IsotonicModel,
  type PlattModel,
} from "../learn/index.ts";
import { familyOf } from "./families.ts";

/** From raw scores to P(agree): monotone, JSON-safe, saved with the specialist. `platt` works on log-odds; `capped-platt`
 * as well, where a share of the recorded answers is wrong; `none` leaves the raw score. */
export type Calibration =
  | ({ readonly kind: "isotonic" } & IsotonicModel)
  | ({ readonly kind: "platt" } & PlattModel)
  | ({ readonly kind: "capped-platt" } & CappedPlattModel)
  | { readonly kind: "none" };

/** All that decides what a specialist answers: its hash is the policy hash of a certificate. */
export type SpecialistParts = {
  readonly familyKind: string;
  readonly artifact: Uint8Array;
  readonly calibration: Calibration;
  readonly style: AnswerStyle;
};

/** An answer in the words of the caller, with the calibrated score that a threshold is compared with. */
export type SpecialistAnswer = { readonly answer: Answer; readonly score: number };

export type SpecialistModel = {
  readonly style: AnswerStyle;
  /** Pure: the same input gives the same answer, online and offline. At once or later, as the specialist does. */
  respond(input: TaskInput, signal?: AbortSignal): SpecialistAnswer | Promise<SpecialistAnswer>;
  /** Frees what the specialist holds, after the answers in flight. */
  close(): Promise<void>;
};

/**
 * The specialist in an artifact, ready to answer unmasked inputs. Training, certification and the gateway
 * all answer through this one function: a certificate is about exactly what is served. `base`: folder of the model that generative
 * specialists were adapted from, beside the one that ships with this package.
 */
export async function loadSpecialist(parts: SpecialistParts, base?: string): Promise<SpecialistModel> {
  const family = familyOf(parts.familyKind, base);
  if (family === undefined) {
    throw new HouseError(
      "bad-input",
      `Cannot load a specialist of the family "${parts.familyKind}": it is not known`,
    );
  }
  return modelFrom(await family.load(parts.artifact), parts);
}

/** A specialist as it answers callers: input masked, answer unmasked, score calibrated. */
export function modelFrom(
  specialist: Specialist,
  { calibration, style }: Pick<SpecialistParts, "calibration" | "style">,
): SpecialistModel {
  return {
    style,
    respond(input, signal) {
      // One masker per call: placeholders are numbered within the call, as in its example.
      const masker = createMasker();
      const masked = {
        parts: input.parts.map((part) => ({ role: part.role, text: masker.mask(part.text) })),
        tools: input.tools,
      };
      const answerFrom = ({ answer, score }: Prediction): SpecialistAnswer => ({
        answer: mapAnswer(answer, (text) => masker.unmask(text)),
        score: calibratedScore(calibration, Number.isFinite(score) ? score : 0),
      });
      const prediction = specialist.predict(masked, signal);
      return prediction instanceof Promise ? prediction.then(answerFrom) : answerFrom(prediction);
    },
    close: async () => specialist.close?.(),
  };
}

/** The calibrated score at a raw score in [0, 1]. */
export function calibratedScore(calibration: Calibration, score: number): number {
  switch (calibration.kind) {
    case "isotonic":
      return predictIsotonic(calibration, score);
    case "platt":
      return predictPlatt(calibration, logOdds(score));
    case "capped-platt":
      return predictCappedPlatt(calibration, logOdds(score));
    case "none":
      return score;
  }
}

/** Keeps the log-odds of a score of exactly 0 or 1 finite. */
const SCORE_MARGIN = 1e-9;

/** ln(s / (1 − s)): where a specialist is nearly sure, differences show here and not in the score itself. */
export function logOdds(score: number): number {
  const inside = Math.min(1 - SCORE_MARGIN, Math.max(SCORE_MARGIN, score));
  return Math.log(inside / (1 - inside));
}

/** The answer with every text in it replaced: labels, string leaves, keys and tool arguments. */
export function mapAnswer(answer: Answer, replace: (text: string) => string): Answer {
  switch (answer.type) {
    case "text":
      return { type: "text", text: replace(answer.text) };
    case "json":
      return { type: "json", value: mapJson(answer.value, replace) };
    case "tool-calls":
      return {
        type: "tool-calls",
        calls: answer.calls.map((call) => ({
          name: call.name,
          arguments: mapJson(call.arguments, replace),
        })),
        text: replace(answer.text),
      };
  }
}

/** The message the model would have written for this answer. `newId` names tool calls: `call_…`. */
export function messageOf(answer: Answer, style: AnswerStyle, newId: (prefix: string) => string): Message {
  switch (answer.type) {
    case "text":
      return { role: "assistant", content: answer.text };
    case "json":
      return { role: "assistant", content: writeJson(answer.value, style) };
    case "tool-calls":
      return {
        role: "assistant",
        content: answer.text === "" ? null : answer.text,
        tool_calls: answer.calls.map((call) => ({
          id: newId("call"),
          type: "function",
          function: { name: call.name, arguments: argumentsText(call.arguments) },
        })),
      };
  }
}

// Providers write arguments compactly whatever the task's style; text that was never JSON goes back as it came.
function argumentsText(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function mapJson(value: Json, replace: (text: string) => string): Json {
  if (typeof value === "string") return replace(value);
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((item: Json) => mapJson(item, replace));
  const entries = Object.entries(value as { readonly [key: string]: Json });
  return Object.fromEntries(entries.map(([key, inner]) => [replace(key), mapJson(inner, replace)]));
}
