import type { AnswerStep, Counts, ReasoningProof } from "../protocol.ts";
import { parseJson } from "../../core/index.ts";

/** Tool calls of one answer are counted by the provider; a broken one must not make us allocate. */
const MAX_CALLS = 256;

/** Steps that wait for an open tool call; more than any real answer has, and far from what would hurt. */
const MAX_HELD = 100_000;

/** How a protocol names a tool call while it is under way: its index, its id. */
export type CallKey = string | number;

export type CallOpening = { readonly id: string; readonly name: string; readonly signature?: string };

type ContentStep = Extract<
  AnswerStep,
  { type: "text-delta" | "refusal-delta" | "reasoning-delta" | "reasoning-proof" | "other" }
>;

type Operation =
  | { readonly type: "content"; readonly step: ContentStep }
  | { readonly type: "call-start"; readonly key: CallKey; readonly opening: CallOpening }
  | { readonly type: "call-delta"; readonly key: CallKey; readonly text: string }
  | { readonly type: "call-end"; readonly key: CallKey };

/** Takes what the reader of a protocol finds, and gives it out as steps that keep the contract of `AnswerStep`. */
export type StepQueue = {
  start(id: string | null, model: string | null): void;
  text(text: string): void;
  refusal(text: string): void;
  reasoning(text: string): void;
  proof(proof: ReasoningProof): void;
  other(step: Extract<AnswerStep, { type: "other" }>): void;
  callStart(key: CallKey, opening: CallOpening): void;
  callDelta(key: CallKey, text: string): void;
  callEnd(key: CallKey): void;
  finish(reason: string | null, usage: Counts): void;
  fail(status: number, error: unknown): void;
  isOver(): boolean;
  /** The steps since the last time. */
  take(): readonly AnswerStep[];
};

/**
 * Tool calls may run into each other on the wire (OpenAI numbers their pieces), and most protocols cannot say that. So the pieces
 * of a second call wait until the arguments of the first are whole JSON: as a rule they are when the second one begins.
 */
export function stepQueue(): StepQueue {
  const order = callOrder();
  let isStarted = false;
  let isOver = false;

  const start = (id: string | null, model: string | null): void => {
    if (isStarted || isOver) return;
    isStarted = true;
    order.out({ type: "start", id, model });
  };
  const add = (operation: Operation): void => {
    if (isOver) return;
    start(null, null);
    order.add(operation);
  };
  const end = (step: Extract<AnswerStep, { type: "finish" | "error" }>): void => {
    if (isOver) return;
    if (step.type === "finish") start(null, null);
    if (isStarted) order.endAll();
    isOver = true;
    order.out(step);
  };
  const content = (step: ContentStep): void => add({ type: "content", step });
  const words = (type: "text-delta" | "refusal-delta" | "reasoning-delta", text: string): void => {
    if (text !== "") content({ type, text });
  };

  return {
    start,
    text: (text) => words("text-delta", text),
    refusal: (text) => words("refusal-delta", text),
    reasoning: (text) => words("reasoning-delta", text),
    proof: (proof) => content({ type: "reasoning-proof", proof }),
    other: (step) => content(step),
    callStart: (key, opening) => add({ type: "call-start", key, opening }),
    callDelta: (key, text) => {
      if (text !== "") add({ type: "call-delta", key, text });
    },
    callEnd: (key) => add({ type: "call-end", key }),
    finish: (reason, usage) => end({ type: "finish", reason, usage }),
    fail: (status, error) => end({ type: "error", status, error }),
    isOver: () => isOver,
    take: () => order.take(),
  };
}

/** Tries to find the arguments of a call whole while others wait; each reads all of them. */
const MAX_TRIES = 200;

type Line = {
  steps: AnswerStep[];
  open: { readonly key: CallKey; readonly index: number; arguments: string } | null;
  calls: number;
};

function close(line: Line): void {
  if (line.open !== null) line.steps.push({ type: "tool-call-end", index: line.open.index });
  line.open = null;
}

function apply(line: Line, operation: Operation): void {
  switch (operation.type) {
    case "content":
      line.steps.push(operation.step);
      return;
    case "call-start":
      if (line.calls >= MAX_CALLS) return;
      line.open = { key: operation.key, index: line.calls, arguments: "" };
      line.calls += 1;
      line.steps.push({ type: "tool-call-start", index: line.open.index, ...operation.opening });
      return;
    case "call-delta":
      // A piece for a call that is closed: its arguments were whole, so this can only be space.
      if (line.open?.key !== operation.key) return;
      line.open.arguments += operation.text;
      line.steps.push({ type: "tool-call-delta", index: line.open.index, arguments: operation.text });
      return;
    case "call-end":
      if (line.open?.key === operation.key) close(line);
  }
}

type CallOrder = {
  add(operation: Operation): void;
  endAll(): void;
  out(step: AnswerStep): void;
  take(): readonly AnswerStep[];
};

function callOrder(): CallOrder {
  const line: Line = { steps: [], open: null, calls: 0 };
  let held: Operation[] = [];

  let tries = 0;

  const mayGoOn = (): boolean => {
    if (line.open === null) return true;
    tries += 1;
    return tries <= MAX_TRIES && isWhole(line.open.arguments);
  };
  const release = (): void => {
    close(line);
    const waiting = held;
    held = [];
    for (const operation of waiting) add(operation);
  };
  const add = (operation: Operation): void => {
    if (line.open === null || isOf(line.open.key, operation)) {
      apply(line, operation);
      if (held.length > 0 && mayGoOn()) release();
    } else if (held.length === 0 && isWhole(line.open.arguments)) {
      close(line);
      apply(line, operation);
    } else if (held.length < MAX_HELD) {
      // What is held keeps its order, except for pieces of the open call.
      held.push(operation);
    }
  };
  return {
    add,
    endAll() {
      while (held.length > 0) release();
      close(line);
    },
    out: (step) => line.steps.push(step),
    take: () => line.steps.splice(0),
  };
}

const isOf = (key: CallKey, operation: Operation): boolean =>
  (operation.type === "call-delta" || operation.type === "call-end") && operation.key === key;

const isWhole = (text: string): boolean => parseJson(text) !== undefined;
