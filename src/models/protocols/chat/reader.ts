import { parseJson } from "../../../core/index.ts";
import type { StepReader } from "../../protocol.ts";
import { fieldsOf, isFields, nonEmpty, objects, stringOf, type Fields } from "../fields.ts";
import { noCounts } from "../fold-steps.ts";
import { fail, laidOver, plainReader, sseReader, type SseTaker } from "../reading.ts";
import { countsInChat, proofOf, signatureOf, usageIn } from "../response-steps.ts";
import type { StepQueue } from "../step-queue.ts";

/** Steps of an answer of Chat Completions: of its first choice. */
export function chatReader(status: number, isStream: boolean): StepReader {
  return isStream ? sseReader(chunksTaker) : plainReader(status, readBody);
}

// A plain answer is read as a stream of one piece.
function readBody(body: unknown, steps: StepQueue): void {
  const fields = fieldsOf(body);
  const error = fields["error"] ?? null;
  const choice = firstChoice(fields);
  if (error !== null) steps.fail(502, error);
  else if (choice === undefined || !isAnswer(choice)) fail(steps, "answer has no choices[0].message");
  else {
    steps.start(nonEmpty(fields["id"]) ?? null, nonEmpty(fields["model"]) ?? null);
    deltaTaker(steps)(fieldsOf(choice["message"]));
    steps.finish(nonEmpty(choice["finish_reason"]) ?? null, countsInChat(usageIn(fields)));
  }
}

/** Azure leaves out the message of an answer that its filter stopped. */
export function isAnswer(choice: Fields): boolean {
  return isFields(choice["message"]) || typeof choice["finish_reason"] === "string";
}

function firstChoice(body: Fields): Fields | undefined {
  return objects(body["choices"]).find((choice) => (choice["index"] ?? 0) === 0);
}

function chunksTaker(steps: StepQueue): SseTaker {
  const takeDelta = deltaTaker(steps);
  let reason: string | null = null;
  let counts = noCounts;
  return {
    event(data) {
      if (data.trim() === "[DONE]") {
        steps.finish(reason, counts);
        return;
      }
      const chunk = parseJson(data);
      if (!isFields(chunk)) return;
      if (chunk["error"] !== undefined && chunk["error"] !== null) {
        steps.fail(502, chunk["error"]);
        return;
      }
      counts = laidOver(counts, countsInChat(usageIn(chunk)));
      const choice = firstChoice(chunk);
      if (choice === undefined) return;
      steps.start(nonEmpty(chunk["id"]) ?? null, nonEmpty(chunk["model"]) ?? null);
      takeDelta(fieldsOf(choice["delta"]));
      reason = nonEmpty(choice["finish_reason"]) ?? reason;
    },
    // Some compatible servers send no [DONE]; a finish reason says that the answer is whole.
    end() {
      if (reason !== null) steps.finish(reason, counts);
    },
  };
}

/** Takes the deltas of one choice, or its whole message. */
function deltaTaker(steps: StepQueue): (delta: Fields) => void {
  const begun = new Set<number>();
  let count = 0;
  let lastId = "";

  // Some compatible servers leave the index out: a new id then starts a new call.
  const indexOf = (call: Fields): number => {
    if (typeof call["index"] === "number" && call["index"] >= 0) return Math.trunc(call["index"]);
    const id = nonEmpty(call["id"]);
    return (id !== undefined && id !== lastId) || count === 0 ? count : count - 1;
  };
  const takeCall = (call: Fields): void => {
    const index = indexOf(call);
    const isCustom = isFields(call["custom"]);
    const said = fieldsOf(isCustom ? call["custom"] : call["function"]);
    lastId = nonEmpty(call["id"]) ?? lastId;
    if (!begun.has(index)) {
      begun.add(index);
      count = Math.max(count, index + 1);
      const signature = signatureOf(call);
      const opening = { id: nonEmpty(call["id"]) ?? `call_${index}`, name: stringOf(said["name"]) };
      steps.callStart(index, signature === undefined ? opening : { ...opening, signature });
    }
    steps.callDelta(index, stringOf(isCustom ? said["input"] : said["arguments"]));
  };

  return (delta) => {
    takeReasoning(delta, steps);
    takeContent(delta["content"], steps);
    steps.refusal(stringOf(delta["refusal"]));
    for (const call of objects(delta["tool_calls"])) takeCall(call);
    for (const name of OTHERS) {
      const content = delta[name];
      const isEmpty =
        content === undefined || content === null || (Array.isArray(content) && content.length === 0);
      if (!isEmpty) steps.other({ type: "other", protocol: "chat", content: { [name]: content } });
    }
  };
}

/** Fields of a message that say something and have no step of their own. */
const OTHERS = ["annotations", "audio", "images"] as const;

function takeReasoning(delta: Fields, steps: StepQueue): void {
  const details = objects(delta["reasoning_details"]);
  const texts = details.map((detail) => stringOf(detail["text"]) || stringOf(detail["summary"]));
  // OpenRouter says reasoning twice, with details and without: the details are richer.
  if (texts.join("") === "")
    steps.reasoning(stringOf(delta["reasoning_content"]) || stringOf(delta["reasoning"]));
  for (const [at, detail] of details.entries()) {
    steps.reasoning(texts[at]);
    const proof = proofOf(detail);
    if (proof !== null) steps.proof(proof);
  }
}

function takeContent(content: unknown, steps: StepQueue): void {
  if (typeof content === "string") steps.text(content);
  for (const part of objects(content)) {
    if (typeof part["text"] === "string") steps.text(part["text"]);
    // Mistral's reasoning models.
    else if (part["type"] === "thinking")
      steps.reasoning(
        objects(part["thinking"])
          .map(({ text }) => stringOf(text))
          .join(""),
      );
    else steps.other({ type: "other", protocol: "chat", content: part });
  }
}
