import type { AnswerStep, ReasoningProof } from "../../protocol.ts";
import { nonEmpty, isFields, type Fields } from "../fields.ts";
import { messageIn, sseEvent } from "../writing.ts";
import { OPENAI_FORMAT } from "./items.ts";
import { endOf, textPart, type ItemForms } from "./forms.ts";

type Send = (type: string, fields: Fields) => string;

/** An item under way: takes the steps that belong to it. */
type OpenItem = {
  readonly kind: "text" | "refusal" | "reasoning" | "call";
  delta(piece: string): string;
  /** The events that end it, and the item as it stands in the output. */
  close(proof?: ReasoningProof): { readonly events: readonly string[]; readonly item: Fields };
};

/** The events of a stream of Responses, in the order in which OpenAI sends them. */
export function eventsOf(head: Fields, forms: ItemForms): (step: AnswerStep) => readonly string[] {
  const send = sender();
  const items = outputItems(send, forms);
  return (step) => {
    switch (step.type) {
      case "start":
        return [
          send("response.created", { response: head }),
          send("response.in_progress", { response: head }),
        ];
      case "text-delta":
        return items.piece("text", step.text);
      case "refusal-delta":
        return items.piece("refusal", step.text);
      case "reasoning-delta":
        return items.piece("reasoning", step.text);
      case "reasoning-proof":
        return proofEvents(step.proof, items);
      case "tool-call-start":
        return items.begin((send, at, forms) => startCall(send, at, forms, step));
      case "tool-call-delta":
        return items.more(step.arguments);
      case "tool-call-end":
        return items.close();
      case "other":
        return [];
      case "finish": {
        const events = [...(items.isEmpty() ? items.begin(STARTS.text) : []), ...items.close()];
        const response = endOf(head, items.output, step.reason, step.usage);
        return [...events, send(`response.${String(response["status"])}`, { response })];
      }
      case "error":
        return [...items.close(), failedEvent(send, { ...head, output: items.output }, step.error)];
    }
  };
}

function sender(): Send {
  let sequence = 0;
  return (type, fields) => {
    const text = sseEvent({ type, ...fields, sequence_number: sequence }, type);
    sequence += 1;
    return text;
  };
}

type OutputItems = {
  readonly output: readonly Fields[];
  isEmpty(): boolean;
  kind(): OpenItem["kind"] | null;
  begin(start: Start): string[];
  /** A piece of an item of this kind; of the open one, or of a new one. */
  piece(kind: keyof typeof STARTS, text: string): string[];
  /** A piece of the open item. */
  more(text: string): string[];
  close(proof?: ReasoningProof): string[];
};

function outputItems(send: Send, forms: ItemForms): OutputItems {
  const output: Fields[] = [];
  let open: OpenItem | null = null;
  const close = (proof?: ReasoningProof): string[] => {
    if (open === null) return [];
    const { events, item } = open.close(proof);
    output.push(item);
    open = null;
    return [...events];
  };
  const begin = (start: Start): string[] => {
    const before = close();
    const { item, events } = start(send, output.length, forms);
    open = item;
    return [...before, ...events];
  };
  const more = (text: string): string[] => (open === null ? [] : [open.delta(text)]);
  return {
    output,
    isEmpty: () => open === null && output.length === 0,
    kind: () => open?.kind ?? null,
    begin,
    piece: (kind, text) => [...(open?.kind === kind ? [] : begin(STARTS[kind])), ...more(text)],
    more,
    close,
  };
}

function proofEvents(proof: ReasoningProof, items: OutputItems): readonly string[] {
  if (proof.format !== OPENAI_FORMAT) return items.kind() === "reasoning" ? items.close() : [];
  // An id alone: the encrypted text of the same item may follow.
  if (proof.data === undefined) return [];
  const events = items.kind() === "reasoning" ? [] : items.begin(STARTS.reasoning);
  return [...events, ...items.close(proof)];
}

function failedEvent(send: Send, response: Fields, cause: unknown): string {
  const code = (isFields(cause) ? nonEmpty(cause["code"]) : undefined) ?? "server_error";
  const error = { code, message: messageIn(cause) };
  return send("response.failed", { response: { ...response, status: "failed", error } });
}

type Start = (send: Send, at: number, forms: ItemForms) => { item: OpenItem; events: string[] };

const STARTS: { readonly [kind in "text" | "refusal" | "reasoning"]: Start } = {
  text: (send, at, forms) => startContent(send, at, forms, "text"),
  refusal: (send, at, forms) => startContent(send, at, forms, "refusal"),
  reasoning: startReasoning,
};

function startContent(send: Send, at: number, forms: ItemForms, kind: "text" | "refusal"): ReturnType<Start> {
  const empty = forms.message(at, [], "in_progress");
  const place = { item_id: empty["id"], output_index: at, content_index: 0 };
  const name = kind === "text" ? "response.output_text" : "response.refusal";
  const partOf = (text: string): Fields =>
    kind === "text" ? textPart(text) : { type: "refusal", refusal: text };
  const more = kind === "text" ? { logprobs: [] } : {};
  let text = "";
  const item: OpenItem = {
    kind,
    delta(piece) {
      text += piece;
      return send(`${name}.delta`, { ...place, delta: piece, ...more });
    },
    close() {
      const whole = forms.message(at, [partOf(text)]);
      const events = [
        send(`${name}.done`, { ...place, [kind]: text, ...more }),
        send("response.content_part.done", { ...place, part: partOf(text) }),
        send("response.output_item.done", { output_index: at, item: whole }),
      ];
      return { events, item: whole };
    },
  };
  return {
    item,
    events: [
      send("response.output_item.added", { output_index: at, item: empty }),
      send("response.content_part.added", { ...place, part: partOf("") }),
    ],
  };
}

function startReasoning(send: Send, at: number, forms: ItemForms): ReturnType<Start> {
  const empty = forms.reasoning(at, "");
  const place = { item_id: empty["id"], output_index: at, summary_index: 0 };
  let text = "";
  const item: OpenItem = {
    kind: "reasoning",
    delta(piece) {
      const isFirst = text === "";
      text += piece;
      const part = { type: "summary_text", text: "" };
      const added = isFirst ? send("response.reasoning_summary_part.added", { ...place, part }) : "";
      return added + send("response.reasoning_summary_text.delta", { ...place, delta: piece });
    },
    close(proof) {
      // The item keeps the id that its first event gave it.
      const whole = forms.reasoning(at, text, {
        id: String(empty["id"]),
        ...(proof?.data === undefined ? {} : { data: proof.data }),
      });
      const part = { type: "summary_text", text };
      const ends = [
        send("response.reasoning_summary_text.done", { ...place, text }),
        send("response.reasoning_summary_part.done", { ...place, part }),
      ];
      const done = send("response.output_item.done", { output_index: at, item: whole });
      return { events: [...(text === "" ? [] : ends), done], item: whole };
    },
  };
  return { item, events: [send("response.output_item.added", { output_index: at, item: empty })] };
}

function startCall(
  send: Send,
  at: number,
  forms: ItemForms,
  { id, name }: { readonly id: string; readonly name: string },
): ReturnType<Start> {
  const empty = forms.call(at, { id, name, text: "" }, "in_progress");
  const place = { item_id: empty["id"], output_index: at };
  const isCustom = forms.isCustom(name);
  const event = isCustom ? "response.custom_tool_call_input" : "response.function_call_arguments";
  let text = "";
  const item: OpenItem = {
    kind: "call",
    delta(piece) {
      text += piece;
      return send(`${event}.delta`, { ...place, delta: piece });
    },
    close() {
      const whole = forms.call(at, { id, name, text });
      const said = isCustom ? { input: text } : { name, arguments: text };
      const events = [
        send(`${event}.done`, { ...place, ...said }),
        send("response.output_item.done", { output_index: at, item: whole }),
      ];
      return { events, item: whole };
    },
  };
  return { item, events: [send("response.output_item.added", { output_index: at, item: empty })] };
}
