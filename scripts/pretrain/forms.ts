// How a task is asked and how its answer is written.
import type { Json, Random } from "../../src/core/index.ts";
import { chance, pick, weighted } from "./draw.ts";

export type KeyCase = "snake" | "camel" | "kebab" | "pascal" | "upper" | "space" | "opaque";
export type AnswerForm = "nested" | "flat" | "keyed" | "bare" | "entities" | "pairs" | "call" | "lines";
export type Absent = "omit" | "null" | "empty";

/** One task's way of writing answers; the same for all its answers. */
export type Style = {
  readonly form: AnswerForm;
  readonly keyCase: KeyCase;
  readonly absent: Absent;
  readonly intentKey: string;
  readonly slotsKey: string;
  /** Whether numbers, dates and times are written in their normal form. */
  readonly isNormal: boolean;
  /** Whether slots stand in the order of the schema or of the utterance. */
  readonly isSchemaOrder: boolean;
};

/** The style of answers whose schema is not stated. */
export const PLAIN_STYLE: Style = {
  form: "nested",
  keyCase: "snake",
  absent: "omit",
  intentKey: "intent",
  slotsKey: "slots",
  isNormal: false,
  isSchemaOrder: true,
};

export function drawStyle(random: Random, intents: number): Style {
  const form = weighted<AnswerForm>(random, [
    [32, "nested"],
    [16, "flat"],
    [8, "keyed"],
    [intents === 1 ? 40 : 0, "bare"],
    [7, "entities"],
    [intents === 1 ? 6 : 0, "pairs"],
    [5, "call"],
    [4, "lines"],
  ]);
  const isTool = chance(random, 0.25);
  return {
    form,
    keyCase: weighted<KeyCase>(random, [
      [50, "snake"],
      [14, "camel"],
      [4, "kebab"],
      [5, "pascal"],
      [3, "upper"],
      [6, "space"],
      [3, "opaque"],
    ]),
    absent: weighted<Absent>(random, [
      [75, "omit"],
      [18, "null"],
      [7, "empty"],
    ]),
    intentKey: isTool
      ? "name"
      : pick(random, ["intent", "intent", "action", "task", "function", "type", "command", "label"]),
    slotsKey: isTool
      ? "arguments"
      : pick(random, [
          "slots",
          "slots",
          "parameters",
          "args",
          "entities",
          "fields",
          "params",
          "values",
          "data",
        ]),
    isNormal: chance(random, 0.35),
    isSchemaOrder: chance(random, 0.85),
  };
}

/** A name in the task's spelling; opaque names say nothing, their meaning must be found in examples. */
export function keyed(name: string, keyCase: KeyCase, place: number): string {
  const words = name.split(/[_ -]+/);
  const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
  switch (keyCase) {
    case "snake":
      return words.join("_");
    case "camel":
      return words.map((word, at) => (at === 0 ? word : capital(word))).join("");
    case "kebab":
      return words.join("-");
    case "pascal":
      return words.map(capital).join("");
    case "upper":
      return words.join("_").toUpperCase();
    case "space":
      return words.join(" ");
    case "opaque":
      return `${"fsxkv"[place % 5]}${place + 1}`;
  }
}

export type Entry = { readonly key: string; readonly value: Json };

/** The answer as text: compact, keys in the order given. */
export function writeAnswer(style: Style, intent: string, entries: readonly Entry[]): string {
  const record = Object.fromEntries(entries.map(({ key, value }) => [key, value]));
  switch (style.form) {
    case "nested":
      return JSON.stringify({ [style.intentKey]: intent, [style.slotsKey]: record });
    case "flat":
      return JSON.stringify({ [style.intentKey]: intent, ...record });
    case "keyed":
      return JSON.stringify({ [intent]: record });
    case "bare":
      return JSON.stringify(record);
    case "entities":
      return JSON.stringify({
        [style.intentKey]: intent,
        [style.slotsKey]: entries.map(({ key, value }) => ({ type: key, value })),
      });
    case "pairs":
      return JSON.stringify(entries.map(({ key, value }) => [key, value]));
    case "call":
      return `${intent}(${entries.map(({ key, value }) => `${key}=${JSON.stringify(value)}`).join(", ")})`;
    case "lines":
      return [
        intent,
        ...entries.map(
          ({ key, value }) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`,
        ),
      ].join("\n");
  }
}

export type SchemaSlot = {
  readonly label: string;
  readonly type: string;
  readonly description: string | null;
};
export type SchemaIntent = { readonly label: string; readonly slots: readonly SchemaSlot[] };

/** The schema in one of the short ways a prompt may state it. */
export function writeSchema(random: Random, intents: readonly SchemaIntent[], style: Style): string {
  const isTyped = style.isNormal;
  const label = ({ label, type }: SchemaSlot): string =>
    isTyped && type !== "string" ? `${label}: ${type}` : label;
  const typed = ({ label, type }: SchemaSlot): string => `${label}: ${type}`;
  const ways: (readonly [number, () => string])[] = [
    [5, () => intents.map((intent) => `${intent.label}: ${intent.slots.map(label).join(", ")}`).join("\n")],
    [5, () => intents.map((intent) => `${intent.label}(${intent.slots.map(label).join(", ")})`).join("\n")],
    [3, () => intents.map((intent) => `${intent.label}(${intent.slots.map(typed).join(", ")})`).join("\n")],
    [
      3,
      () =>
        JSON.stringify(Object.fromEntries(intents.map((intent) => [intent.label, intent.slots.map(label)]))),
    ],
    [
      2,
      () =>
        JSON.stringify(
          intents.map((intent) => ({ name: intent.label, parameters: properties(intent.slots) })),
        ),
    ],
    [
      2,
      () => intents.map((intent) => `- ${intent.label} [${intent.slots.map(label).join("] [")}]`).join("\n"),
    ],
  ];
  if (intents.length === 1) {
    const [{ slots }] = intents;
    const list = slots.map(label).join(", ");
    ways.push([8, () => `${pick(random, EXTRACT)}${list}`]);
    ways.push([
      4,
      () => JSON.stringify(Object.fromEntries(slots.map((slot) => [slot.label, isTyped ? slot.type : ""]))),
    ]);
    ways.push([2, () => JSON.stringify({ type: "object", properties: properties(slots) })]);
    ways.push([
      2,
      () =>
        slots
          .map(
            (slot) =>
              `${typed(slot)}${slot.description === null ? "" : ` - ${slot.description.slice(0, 50)}`}`,
          )
          .join("\n"),
    ]);
  }
  return weighted(random, ways)();
}

const EXTRACT = [
  "extract ",
  "Extract: ",
  "fields: ",
  "keys: ",
  "find ",
  "return json with ",
  "slots: ",
  "get the ",
  "Fill in ",
  "json keys ",
  "What are the ",
  "read off ",
  "columns: ",
];

function properties(slots: readonly SchemaSlot[]): Json {
  return Object.fromEntries(slots.map(({ label, type }) => [label, { type }]));
}

/** What a prompt must say so that the answer follows from it. `only` is the name of the single intent, null of several. */
export function writeHints(style: Style, only: string | null): string[] {
  const hints: string[] = [];
  const isUsual = style.form === "nested" && style.intentKey === "intent" && style.slotsKey === "slots";
  if (style.form !== "bare" && (only !== null || !isUsual))
    hints.push(`form: ${skeleton(style, only ?? "")}`);
  if (style.absent !== "omit") hints.push(`if missing: ${style.absent === "null" ? "null" : '""'}`);
  if (!style.isSchemaOrder) hints.push("in order of mention");
  return hints;
}

function skeleton(style: Style, intent: string): string {
  if (style.form === "call") return `${intent || "f"}(key=value)`;
  if (style.form === "lines") return `${intent || "name"}, then lines key: value`;
  if (style.form === "pairs") return "[[key,value]]";
  return writeAnswer(style, intent, style.form === "entities" ? [{ key: "", value: "" }] : []);
}
