import type { Fold, ParsedRequest, Protocol, ProtocolName, SaidInPath } from "../protocol.ts";
import type { FoldedAnswer } from "../provider.ts";
import { completions } from "./completions.ts";
import { fieldsOf, isFields, nonEmpty, readObject } from "./fields.ts";
import { noCounts } from "./fold-steps.ts";
import { protocols } from "./protocols.ts";

/** A form in which recorded requests and answers are: what is needed to make a call of them. */
export type RecordedForm = Pick<Protocol, "parse" | "fold" | "usageOf"> & { readonly name: string };

export type RecordedExchange = {
  /** Of the request, without host. */
  readonly path: string;
  readonly body: Uint8Array;
};

/** The form of a recorded exchange, by where it went, and what its path says. One that is not known is `unread`. */
export function recordedFormOf({ path, body }: RecordedExchange): {
  readonly form: RecordedForm;
  readonly said: SaidInPath;
} {
  const [bare] = path.split(/[?#]/, 1);
  for (const { pattern, form } of PATHS) {
    const match = pattern.exec(bare);
    if (match === null) continue;
    const model = match[1] === undefined ? undefined : decoded(match[1]);
    const isStream = /stream/i.test(bare) ? true : undefined;
    const said = {
      ...(model === undefined ? {} : { model }),
      ...(isStream === undefined ? {} : { isStream }),
    };
    return { form: form === "invoke" ? invokeForm(body) : formNamed(form), said };
  }
  return { form: unread, said: {} };
}

const PATHS: readonly { readonly pattern: RegExp; readonly form: ProtocolName | "completions" | "invoke" }[] =
  [
    { pattern: /\/deployments\/([^/]+)\/chat\/completions$/, form: "chat" },
    { pattern: /\/chat\/completions$/, form: "chat" },
    { pattern: /\/deployments\/([^/]+)\/completions$/, form: "completions" },
    { pattern: /\/completions$/, form: "completions" },
    { pattern: /\/responses$/, form: "responses" },
    { pattern: /\/messages$/, form: "messages" },
    { pattern: /\/models\/([^/]+):(?:streamG|g)enerateContent$/, form: "gemini" },
    { pattern: /\/model\/([^/]+)\/converse(?:-stream)?$/, form: "converse" },
    { pattern: /\/model\/([^/]+)\/invoke$/, form: "invoke" },
  ];

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function formNamed(name: ProtocolName | "completions"): RecordedForm {
  return name === "completions" ? completions : (protocols.get(name) ?? unread);
}

// Bedrock's InvokeModel takes each maker's own form; Claude's is Messages, and says so.
function invokeForm(body: Uint8Array): RecordedForm {
  const read = readObject(body);
  const isMessages =
    read.ok && read.value["anthropic_version"] !== undefined && Array.isArray(read.value["messages"]);
  return isMessages ? formNamed("messages") : unread;
}

/** A form that is not read: the call says so, and keeps what was asked as it came. */
export const unread: RecordedForm = {
  name: "unread",
  parse: parseUnread,
  fold: foldUnread,
  usageOf: () => noCounts,
};

function parseUnread(body: Uint8Array, path: SaidInPath = {}): ParsedRequest {
  const read = readObject(body);
  if (!read.ok) return read;
  const model = nonEmpty(read.value["model"]) ?? path.model ?? "unknown";
  return { ok: true, request: { model, messages: [], unread: read.value } };
}

function foldUnread(status: number): Fold {
  const chunks: Uint8Array[] = [];
  return {
    push(bytes) {
      if (status >= 400) chunks.push(bytes);
      return false;
    },
    end(): FoldedAnswer {
      const read = readObject(Buffer.concat(chunks));
      const said = status >= 400 && read.ok ? (fieldsOf(read.value)["error"] ?? read.value) : null;
      const notRead = { type: "protocol_not_read", message: "answer is in a protocol that is not read" };
      return { response: null, usage: noCounts, error: isFields(said) ? said : notRead };
    },
  };
}
