import { parameterCount } from "../../src/engine/index.ts";
import type { AdapterFigures } from "./adapters.ts";
import { CONFIG, ROW } from "./material.ts";
import type { Spread } from "./measure.ts";
import type { Figures, WriterFigures } from "./run.ts";
import { FORMULA, flopsPerToken, LORA, multipliedParameters, STEP_TOKENS } from "./training.ts";

const GIGA = 1e9;
/** The headline compares weights of 8 bits in blocks of 32 on both sides. */
const OURS = "ours, int8";
const PEER = "node-llama-cpp, q8_0";

/** The headline, per second of one core; `llamaDecodeTokensPerSecond` is null where llama.cpp cannot be had. */
export type Summary = {
  readonly gemmGflops: number;
  readonly trainGflops: number;
  readonly trainShareOfGemm: number;
  readonly trainTokensPerSecond: number;
  readonly loraTokensPerSecond: number;
  readonly decodeTokensPerSecond: number;
  readonly decodeComputedTokensPerSecond: number;
  readonly prefillTokensPerSecond: number;
  readonly llamaDecodeTokensPerSecond: number | null;
  /** Written tokens per cpu-second of every engine and format. */
  readonly decoding: Readonly<Record<string, number>>;
  readonly adapterMegabytes: Readonly<Record<string, number>>;
  readonly adapterSwitchMs: number;
  readonly tokenMs: number;
};

export function summaryOf(figures: Figures, adapters: readonly AdapterFigures[]): Summary {
  const gemmGflops = Math.max(...figures.products.map(({ flops }) => flops.perCpuSecond.high)) / GIGA;
  const trainTokensPerSecond = figures.training.perCpuSecond.median;
  const trainGflops = (trainTokensPerSecond * flopsPerToken(CONFIG, ROW)) / GIGA;
  const ours = writerOf(figures, OURS);
  const llama = writerOf(figures, PEER);
  if (ours === undefined) throw new TypeError(`No decoding of "${OURS}" was measured`);
  return {
    gemmGflops,
    trainGflops,
    trainShareOfGemm: trainGflops / gemmGflops,
    trainTokensPerSecond,
    loraTokensPerSecond: figures.lora.perCpuSecond.median,
    decodeTokensPerSecond: ours.written.perCpuSecond.median,
    decodeComputedTokensPerSecond: ours.computed.perCpuSecond.median,
    prefillTokensPerSecond: ours.prefill.perCpuSecond.median,
    llamaDecodeTokensPerSecond: llama?.written.perCpuSecond.median ?? null,
    decoding: Object.fromEntries(
      figures.writers.map(({ name, written }) => [name, written.perCpuSecond.median]),
    ),
    adapterMegabytes: Object.fromEntries(
      adapters.map(({ name, rank, megabytes }) => [`${name}, rank ${rank}`, megabytes]),
    ),
    adapterSwitchMs: adapters[0].switchMs.median,
    tokenMs: adapters[0].tokenMs.median,
  };
}

const writerOf = ({ writers }: Figures, wanted: string): WriterFigures | undefined =>
  writers.find(({ name }) => name === wanted);

export function reportOf(figures: Figures, adapters: readonly AdapterFigures[]): string {
  const summary = summaryOf(figures, adapters);
  const share = (100 * summary.trainShareOfGemm).toFixed(0);
  return [
    trainingTable(figures),
    "",
    `Training reaches ${summary.trainGflops.toFixed(0)} of ${summary.gemmGflops.toFixed(0)} GFLOP per second of one core: ${share} % of the best round of the fastest product.`,
    `A token is ${(flopsPerToken(CONFIG, ROW) / 1e6).toFixed(1)} MFLOP: ${FORMULA}, with ${(multipliedParameters(CONFIG) / 1e6).toFixed(2)} M multiplied parameters (the embedding once, as the head) and rows of ${ROW}.`,
    "",
    decodingTable(figures.writers),
    "",
    figures.noLlama === null
      ? "“Same” is the share of answers that are letter by letter those of the first row. node-llama-cpp computes each token that it writes."
      : `Without node-llama-cpp: ${figures.noLlama}.`,
    "",
    adapterTable(adapters),
  ].join("\n");
}

export function sectionOf(report: string, machine: string): string {
  return [
    "## The engine",
    "",
    `\`npm run bench:engine\`; ${machine}. Medians of rounds that measure each thing once, one after another; in brackets the range. Rates are per second of one core`,
    `(all threads of the process added, one was asked for); in the last column of rates per second on the wall, other work on the machine included.`,
    `The model: ${(parameterCount(CONFIG) / 1e6).toFixed(2)} M parameters (hidden ${CONFIG.hiddenSize}, ${CONFIG.layers} layers, ${CONFIG.heads} heads, inner ${CONFIG.intermediateSize}, vocabulary ${CONFIG.vocabularySize}), trained for some steps on calls of two tools.`,
    "",
    report,
  ].join("\n");
}

function trainingTable({ products, training, lora }: Figures): string {
  const flops = flopsPerToken(CONFIG, ROW);
  const rows = [
    ...products.map(({ name, flops: rate }) => [
      `product ${name}`,
      gigas(rate.perCpuSecond),
      "",
      gigas(rate.perSecond),
    ]),
    [
      `full training, steps of ${STEP_TOKENS} tokens, AdamW included`,
      gigas(training.perCpuSecond, flops),
      counts(training.perCpuSecond),
      gigas(training.perSecond, flops),
    ],
    [`LoRA of rank ${LORA.rank} on all linear layers`, "", counts(lora.perCpuSecond), ""],
  ];
  return table(["", "GFLOP per cpu-s", "tokens per cpu-s", "GFLOP per s"], rows);
}

function decodingTable(writers: readonly WriterFigures[]): string {
  const rows = writers.map((one) => [
    one.name,
    counts(one.written.perCpuSecond),
    counts(one.computed.perCpuSecond),
    counts(one.characters.perCpuSecond),
    one.tokensPerAnswer.toFixed(0),
    `${(100 * one.sameShare).toFixed(0)} %`,
    counts(one.prefill.perCpuSecond),
    counts(one.written.perSecond),
  ]);
  const head = [
    "calls of tools under a grammar, greedy",
    "tokens per cpu-s",
    "computed tokens per cpu-s",
    "characters per cpu-s",
    "tokens an answer",
    "same",
    "prompt tokens per cpu-s",
    "tokens per s",
  ];
  return table(head, rows);
}

function adapterTable(adapters: readonly AdapterFigures[]): string {
  const rows = adapters.map(
    ({ name, rank, adapters: count, megabytes, heldMegabytes, switchMs, tokenMs }) => [
      `${count} adapters of rank ${rank} on ${name}`,
      megabytes.toFixed(2),
      heldMegabytes.toFixed(2),
      milliseconds(switchMs),
      milliseconds(tokenMs),
    ],
  );
  return table(["", "MB each (growth of the process)", "MB held", "switch, cpu-ms", "a token, cpu-ms"], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), `|---|${"--:|".repeat(head.length - 1)}`, ...rows.map(line)].join("\n");
}

const ranged = ({ median, low, high, n }: Spread, write: (value: number) => string): string =>
  `${write(median)} (${write(low)}–${write(high)}, n ${n})`;

const gigas = (spread: Spread, scale = 1): string =>
  ranged(spread, (value) => ((value * scale) / GIGA).toFixed(0));

const counts = (spread: Spread): string => ranged(spread, (value) => value.toFixed(0));

const milliseconds = (spread: Spread): string => ranged(spread, (value) => value.toFixed(2));
