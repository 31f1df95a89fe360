import type { Random } from "../../src/core/index.ts";
import { LARGE, jsonText, says, slip, type Draft } from "./draft.ts";
import { chance, pick, sections, type Slots } from "./grammar.ts";
import { fromLines } from "./messages.ts";
import { TOOL_TEXT } from "./text-tools.ts";
import { typed } from "./voice.ts";

const CANDIDATES = 8;
const NONE = "none";
// Requests for which no listed tool fits: the right one was left off the list.
const NONE_SHARE = 0.07;

const TOOL_LINES = sections(TOOL_TEXT);
const TITLES = [...TOOL_LINES.keys()];
const nameOf = (title: string): string => title.split(":")[0];

/** A request of a colleague and a list of tools that changes from call to call. */
export function toolSession(_at: Date, random: Random): Draft[] {
  const wanted = pick(TITLES, random);
  const others = random.shuffle(TITLES.filter((title) => title !== wanted)).slice(0, CANDIDATES);
  const isListed = !chance(NONE_SHARE, random);
  const listed = isListed ? random.shuffle([wanted, ...others.slice(1)]) : others;
  const truth = isListed ? nameOf(wanted) : NONE;
  const { label, noise } = slip(truth, [...listed.map(nameOf), NONE], random);
  const answer = jsonText({ tool: label }, 0.02, random);
  const slots: Slots = new Map();
  const opener = chance(0.35, random)
    ? pick(["Hi, ", "please ", "can you ", "quick one: ", "hello, ", "I need this: "], random)
    : "";
  const text = typed(opener + fromLines(TOOL_LINES.get(wanted) ?? [], random, slots).trim(), random);
  const messages = [
    { role: "system", content: prompt(listed) },
    { role: "user", content: text },
  ];
  const request = { model: LARGE, messages, temperature: 0 };
  return [
    {
      task: "tool-choice",
      version: 1,
      request,
      answer: says(answer.content),
      truth,
      noise: noise ?? answer.noise,
      waitMs: 0,
    },
  ];
}

const prompt = (titles: readonly string[]): string =>
  `You choose the tool for the operations assistant. Name the one tool that does what the colleague asks, or "${NONE}" if none of them does.

Tools:
${titles.map((title) => `- ${title}`).join("\n")}

Answer as JSON: {"tool": "<name>"}`;
