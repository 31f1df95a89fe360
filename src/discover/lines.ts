import { textOf, type ChatRequest, type Message } from "../core/index.ts";

/** Lines of one message that are looked at; what comes after is content, not template. */
const MAX_LINES_READ = 400;

/** The lines of a text that carry something, trimmed, inner spaces as they are. */
export function linesIn(text: string): string[] {
  const lines: string[] = [];
  for (const line of text.split("\n")) {
    const trimmed = line.trim();
    if (trimmed !== "") lines.push(trimmed);
    if (lines.length >= MAX_LINES_READ) break;
  }
  return lines;
}

const isSystem = (message: Message): boolean => message.role === "system" || message.role === "developer";

/** Lines of all system and developer messages of a request. */
export function systemLines(request: ChatRequest): string[] {
  return request.messages.filter(isSystem).flatMap((message) => linesIn(textOf(message)));
}

/** Lines of the first user message: where a template without system text stands. */
export function firstUserLines(request: ChatRequest): string[] {
  const message = request.messages.find(({ role }) => role === "user");
  return message === undefined ? [] : linesIn(textOf(message));
}

const DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday|mon|tue|wed|thu|fri|sat|sun";
const MONTHS =
  "january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec";
const NAMED_DATE = new RegExp(`\\b(?:${DAYS}|${MONTHS})\\b`, "gi");
const ID_LIKE = /\b(?=\w*\d)(?=\w*[a-z])\w{6,}\b/gi;
const NUMBER = /\d+/g;

/** A line with what usually changes from call to call taken out: numbers, ids, names of days and months. Same shape, same text. */
export function maskLine(line: string): string {
  const spaced = line.replace(/\s+/g, " ");
  if (!/\d/.test(spaced)) return spaced;
  return spaced.replace(ID_LIKE, "<id>").replace(NAMED_DATE, "<day>").replace(NUMBER, "<n>");
}

/** Words of a line, split at spaces. */
export function tokensOf(line: string): string[] {
  return line.split(" ").filter((token) => token !== "");
}
