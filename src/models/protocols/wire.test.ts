import { createReadStream, existsSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import type { ChatRequest } from "../../core/index.ts";
import { textOf } from "../../core/index.ts";
import type { ParsedRequest } from "../protocol.ts";
import type { FoldedAnswer } from "../provider.ts";
import { protocols } from "./protocols.ts";
import { recordedFormOf } from "./recorded-form.ts";

// Exchanges of real providers, as they were recorded; their licence keeps them out of the repository.
const RECORDED = resolve(import.meta.dirname, "../../../../shared/data/wire_openllmetry.jsonl.gz");

type Exchange = {
  readonly id: string;
  readonly host: string;
  readonly path: string;
  readonly stream: boolean;
  readonly request: { readonly body: unknown };
  readonly response: { readonly status: number; readonly body: unknown };
};

// The naive reader: walks the JSON in the simplest way that can be right, and shares nothing with what is tested.
type Said = {
  readonly text: string;
  readonly calls: readonly string[];
  readonly input: number | null;
  readonly output: number | null;
};
// oxlint-disable-next-line typescript/no-explicit-any
type Any = any;

const bytesOf = (body: unknown): Buffer =>
  Buffer.from(typeof body === "string" ? body : JSON.stringify(body));

function eventsIn(text: string): Any[] {
  return text
    .split(/\r?\n/)
    .filter((line) => line.startsWith("data:") && !line.includes("[DONE]"))
    .map((line) => JSON.parse(line.slice(5)));
}

const joined = (texts: readonly unknown[]): string =>
  texts.filter((text) => typeof text === "string").join("");
const callOf = (name: unknown, args: unknown): string =>
  `${String(name)} ${JSON.stringify(typeof args === "string" && args !== "" ? JSON.parse(args) : args || {})}`;

function naive(form: string, exchange: Exchange): Said {
  const { body } = exchange.response;
  const all: Any[] = exchange.stream ? eventsIn(String(body)) : [body];
  switch (form) {
    case "chat":
      return naiveChat(all);
    case "completions": {
      const usage = all.map((one) => one.usage).findLast(Boolean);
      const text = joined(
        all.flatMap((one) => one.choices?.filter((c: Any) => !c.index).map((c: Any) => c.text) ?? []),
      );
      return {
        text,
        calls: [],
        input: usage?.prompt_tokens ?? null,
        output: usage?.completion_tokens ?? null,
      };
    }
    case "responses": {
      const final: Any = exchange.stream ? all.at(-1).response : body;
      const text = final.output.flatMap((item: Any) =>
        item.type === "message" ? item.content.map((part: Any) => part.text) : [],
      );
      const calls = final.output
        .filter((item: Any) => item.type === "function_call")
        .map((item: Any) => callOf(item.name, item.arguments));
      return {
        text: joined(text),
        calls,
        input: final.usage?.input_tokens ?? null,
        output: final.usage?.output_tokens ?? null,
      };
    }
    case "messages":
      return naiveMessages(all, exchange.stream);
    case "gemini": {
      const parts = (body as Any).candidates[0].content.parts.filter((part: Any) => !part.thought);
      const usage = (body as Any).usageMetadata;
      const output = (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0);
      return {
        text: joined(parts.map((part: Any) => part.text)),
        calls: [],
        input: usage.promptTokenCount,
        output,
      };
    }
    default: {
      const { output, usage } = body as Any;
      const text = joined(output.message.content.map((block: Any) => block.text));
      return {
        text,
        calls: [],
        input: usage.inputTokens + (usage.cacheReadInputTokens ?? 0) + (usage.cacheWriteInputTokens ?? 0),
        output: usage.outputTokens,
      };
    }
  }
}

function naiveChat(all: readonly Any[]): Said {
  const choices = all.flatMap((one) => (one.choices ?? []).filter((choice: Any) => !choice.index));
  const messages = choices.map((choice) => choice.delta ?? choice.message ?? {});
  const byIndex = new Map<number, { name: string; args: string }>();
  for (const call of messages.flatMap((message) => message.tool_calls ?? [])) {
    const index = call.index ?? byIndex.size;
    const known = byIndex.get(index) ?? { name: "", args: "" };
    byIndex.set(index, {
      name: known.name || call.function.name,
      args: known.args + (call.function.arguments ?? ""),
    });
  }
  const usage = all.map((one) => one.usage ?? one.x_groq?.usage).findLast(Boolean);
  return {
    text: joined(messages.map((message) => message.content)),
    calls: [...byIndex.values()].map(({ name, args }) => callOf(name, args)),
    input: usage?.prompt_tokens ?? null,
    output: usage?.completion_tokens ?? null,
  };
}

function naiveMessages(all: readonly Any[], isStream: boolean): Said {
  const usages = all.map((one) => one.message?.usage ?? one.usage).filter(Boolean);
  const usage = Object.assign({}, ...usages);
  const input =
    usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0);
  if (!isStream) {
    const blocks = all[0].content;
    const calls = blocks
      .filter((block: Any) => block.type === "tool_use")
      .map((block: Any) => callOf(block.name, block.input));
    const text = joined(blocks.filter((block: Any) => block.type === "text").map((block: Any) => block.text));
    return { text, calls, input, output: usage.output_tokens };
  }
  const text = joined(all.map((one) => (one.delta?.type === "text_delta" ? one.delta.text : "")));
  const starts = all.filter((one) => one.content_block?.type === "tool_use");
  const calls = starts.map((start) => {
    const pieces = all.filter((one) => one.index === start.index && one.delta?.type === "input_json_delta");
    return callOf(start.content_block.name, joined(pieces.map((one) => one.delta.partial_json)));
  });
  return { text, calls, input, output: usage.output_tokens };
}

/** Everything that a user says in a request, wherever it stands. */
function saidByUser(body: Any): string[] {
  const turns = [body.messages, body.contents, Array.isArray(body.input) ? body.input : []].flatMap(
    (list) => list ?? [],
  );
  const texts = turns
    .filter((turn: Any) => turn.role === "user")
    .flatMap((turn: Any) => {
      const content = turn.content ?? turn.parts;
      return typeof content === "string"
        ? [content]
        : (content ?? []).map((part: Any) => part.text ?? part.guardContent?.text?.text);
    });
  return [...texts, body.prompt, body.input].filter((text) => typeof text === "string");
}

type Read = {
  readonly exchange: Exchange;
  readonly form: string;
  readonly parsed: ParsedRequest;
  readonly answer: FoldedAnswer;
};

const saidIn = ({ response }: FoldedAnswer): Pick<Said, "text" | "calls"> => ({
  text: response === null ? "" : partsJoined(response.message.content),
  calls: (response?.message.tool_calls ?? []).map((call) =>
    callOf(call.function.name, call.function.arguments),
  ),
});
const partsJoined = (content: unknown): string =>
  Array.isArray(content) ? joined(content.map(({ text }: Any) => text)) : joined([content]);

/** A body with a comma too many, which its provider took. */
const NO_JSON = "wire-88d3f177deb8";

/** At the path of OpenAI's completions, but a stream of `{"value": …}`: said to be none. */
const OTHER_FORM = "wire-192888c9c8db";

describe.skipIf(!existsSync(RECORDED))("recorded exchanges of real providers", () => {
  const all: Read[] = [];

  beforeAll(async () => {
    for await (const line of createInterface({ input: createReadStream(RECORDED).pipe(createGunzip()) })) {
      const exchange = JSON.parse(line) as Exchange;
      const body = bytesOf(exchange.request.body);
      const { form, said } = recordedFormOf({ path: exchange.path, body });
      const fold = form.fold(exchange.response.status, exchange.stream);
      const bytes = bytesOf(exchange.response.body);
      for (let at = 0; at < bytes.length; at += 997) fold.push(bytes.subarray(at, at + 997));
      all.push({ exchange, form: form.name, parsed: form.parse(body, said), answer: fold.end() });
    }
  });

  const failed = ({ exchange: { id, response } }: Read): boolean =>
    response.status >= 400 || ((response.body as Any).error ?? null) !== null || id === OTHER_FORM;
  const ids = (list: readonly Read[]): readonly string[] =>
    list.map(({ exchange }) => `${exchange.id} ${exchange.host}${exchange.path}`);

  test("each is read in the form it is in, or said not to be", () => {
    const counts = new Map<string, number>();
    for (const { form } of all) counts.set(form, (counts.get(form) ?? 0) + 1);
    expect(Object.fromEntries(counts)).toEqual({
      chat: 353,
      completions: 61,
      converse: 5,
      gemini: 2,
      messages: 49,
      responses: 59,
      // Cohere, Titan, Llama, Nova and Jurassic by their own forms, Writer's chat, Ollama's native API, Anthropic's old completions.
      unread: 68,
    });
  });

  test("each request is read, with all that the user says", () => {
    expect(all.filter(({ parsed }) => !parsed.ok).map(({ exchange }) => exchange.id)).toEqual([NO_JSON]);
    const missing = all.filter(({ exchange, form, parsed }) => {
      if (form === "unread" || !parsed.ok) return false;
      const read = userTexts(parsed.request);
      return !saidByUser(exchange.request.body).every((text) => read.includes(text));
    });
    expect(ids(missing)).toEqual([]);
  });

  test("each answer is read as what it says: text, tool calls, counts", () => {
    const wrong = all.filter((read) => {
      if (read.form === "unread" || failed(read)) return false;
      const { text, calls, input, output } = naive(read.form, read.exchange);
      const { usage } = read.answer;
      const isSame = JSON.stringify(saidIn(read.answer)) === JSON.stringify({ text, calls });
      return (
        read.answer.response === null ||
        !isSame ||
        usage.inputTokens !== input ||
        usage.outputTokens !== output
      );
    });
    expect(ids(wrong)).toEqual([]);
  });

  test("each failure keeps its error, and no other answer has one", () => {
    const wrong = all.filter((read) => {
      const { response, error } = read.answer;
      if (read.form === "unread") return response !== null || error === null;
      return failed(read) ? response !== null || error === null : error !== null;
    });
    expect(ids(wrong)).toEqual([]);
  });

  test("usageOf() finds in each the counts that the fold finds", () => {
    const wrong = all.filter(({ exchange, form, answer }) => {
      const { form: reader } = recordedFormOf({ path: exchange.path, body: bytesOf(exchange.request.body) });
      const counts = reader.usageOf([bytesOf(exchange.response.body)], exchange.stream);
      return form !== "unread" && JSON.stringify(counts) !== JSON.stringify(answer.usage);
    });
    expect(ids(wrong)).toEqual([]);
  });

  test("each request can be written for every protocol", () => {
    const written = all.flatMap(({ parsed }) =>
      parsed.ok ? [...protocols.values()].map((protocol) => protocol.writeRequest(parsed.request).body) : [],
    );
    expect(written.filter((body) => body.length < 10)).toEqual([]);
    expect(written.length).toBe((all.length - 1) * protocols.size);
  });
});

function userTexts(request: ChatRequest): string {
  return request.messages.map((message) => textOf(message)).join("\n");
}
