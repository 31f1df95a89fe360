import OpenAI from "openai";
import { count, dollars, milliseconds, paint, percent, table } from "../../src/cli/print.ts";
import { agrees, answerOf, type ChatRequest, type ChatResponse, type Message } from "../../src/core/index.ts";
import { clopperPearsonInterval } from "../../src/learn/index.ts";
import { costOf } from "../../src/models/index.ts";

export type RecordedLine = {
  readonly id: string;
  readonly session: string;
  readonly request: ChatRequest;
  readonly response:
    | (ChatResponse & {
        readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number };
      })
    | null;
  readonly latency_ms: number;
};

/** What came back for one call. */
export type Outcome = {
  readonly task: string;
  readonly isSpecialist: boolean;
  readonly reason: string;
  readonly isAgreeing: boolean;
  readonly latencyMs: number;
  readonly recordedLatencyMs: number;
  readonly costUsd: number | null;
};

const IN_FLIGHT = 6;

/** Sends every recorded request with an unmodified OpenAI client; calls the log has no answer for are left out. */
export async function replayThroughClient(
  baseURL: string,
  lines: readonly RecordedLine[],
): Promise<Outcome[]> {
  const client = new OpenAI({ baseURL, apiKey: "not-needed-here", maxRetries: 0 });
  const queue = lines.filter(({ response }) => response !== null);
  const outcomes: Outcome[] = [];
  const worker = async (): Promise<void> => {
    for (let line = queue.shift(); line !== undefined; line = queue.shift())
      outcomes.push(await sendOne(client, line));
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return outcomes;
}

async function sendOne(
  client: OpenAI,
  { request, response, session, latency_ms }: RecordedLine,
): Promise<Outcome> {
  const started = performance.now();
  // A recorded request is what the client's types describe.
  const body = request as unknown as OpenAI.Chat.ChatCompletionCreateParamsNonStreaming;
  const { data, response: http } = await client.chat.completions
    .create(body, { headers: { "x-understudy-session": session } })
    .withResponse();
  const latencyMs = performance.now() - started;
  const said = data.choices[0].message as unknown as Message;
  const recorded = response as ChatResponse;
  const usage = {
    inputTokens: response?.usage?.prompt_tokens ?? null,
    outputTokens: response?.usage?.completion_tokens ?? null,
  };
  return {
    task: http.headers.get("x-understudy-task") ?? "",
    isSpecialist: http.headers.get("x-understudy-served-by") === "specialist",
    reason: http.headers.get("x-understudy-reason") ?? "",
    isAgreeing: agrees(answerOf(said), answerOf(recorded.message)),
    latencyMs,
    recordedLatencyMs: latency_ms,
    costUsd: costOf(request.model, usage),
  };
}

/** The outcomes for people: by task who answered and how often it agreed, then cost and latency. */
export function summaryOf(
  outcomes: readonly Outcome[],
  names: ReadonlyMap<string, string> = new Map(),
): string {
  const served = outcomes.filter(({ isSpecialist }) => isSpecialist);
  const byTask = new Map<string, Outcome[]>();
  for (const outcome of outcomes) byTask.set(outcome.task, [...(byTask.get(outcome.task) ?? []), outcome]);
  const rows = [...byTask]
    .filter(([, group]) => group.some(({ isSpecialist }) => isSpecialist))
    .sort((a, b) => b[1].length - a[1].length)
    .map(([task, group]) => rowOf(names.get(task) ?? task, group));
  const columns = [
    { title: "task" },
    { title: "calls", right: true },
    { title: "by specialist", right: true },
    { title: "agreeing with the LLM" },
  ];
  return ["", table(columns, rows), "", ...totals(outcomes, served), ""].join("\n");
}

function rowOf(name: string, group: readonly Outcome[]): string[] {
  const served = group.filter(({ isSpecialist }) => isSpecialist);
  return [
    name,
    count(group.length),
    `${count(served.length)} (${percent(served.length / group.length, 0)})`,
    agreement(served),
  ];
}

function agreement(served: readonly Outcome[]): string {
  if (served.length === 0) return "–";
  const wrong = served.filter(({ isAgreeing }) => !isAgreeing).length;
  const interval = clopperPearsonInterval(wrong, served.length, 0.95);
  const range =
    interval === null
      ? ""
      : paint("dim", `  95 % interval ${percent(1 - interval.high)} to ${percent(1 - interval.low)}`);
  return `${percent(1 - wrong / served.length)} of ${count(served.length)}${range}`;
}

function totals(outcomes: readonly Outcome[], served: readonly Outcome[]): string[] {
  const cost = (group: readonly Outcome[]): number =>
    group.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0);
  const [before, saved] = [cost(outcomes), cost(served)];
  const median = (values: readonly number[]): number | null =>
    [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;
  return [
    `  ${paint("bold", `${count(served.length)} of ${count(outcomes.length)} calls (${percent(served.length / outcomes.length)}) answered by specialists`)}, agreeing with the recorded LLM on ${agreement(served)}`,
    `  all others went to the LLM: nothing was guessed`,
    `  cost of these calls ${dollars(before)} → ${dollars(before - saved)} (list prices; ${percent(saved / before)} less)`,
    `  latency p50: specialists ${milliseconds(median(served.map(({ latencyMs }) => latencyMs)))} through HTTP, the LLM took ${milliseconds(median(served.map(({ recordedLatencyMs }) => recordedLatencyMs)))} for the same calls`,
  ];
}
