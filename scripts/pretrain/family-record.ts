// Records out of longer text: mails, notices, forms and lists, with sentences that do not matter.
import type { Json } from "../../src/core/index.ts";
import { conceptOf } from "./concepts.ts";
import { anything, type Situation } from "./values.ts";
import { between, chance, pick, sample, weighted } from "./draw.ts";
import { drawStyle, keyed, type Style } from "./forms.ts";
import { arrange, single, type Family, type Item, type Pool } from "./items.ts";
import { isoDay, weekday } from "./numbers.ts";

type Field = {
  readonly label: string;
  readonly said: string;
  readonly text: string;
  readonly json: Json;
  readonly kind: string;
};

const CONCEPT_FIELDS = (
  "person email phone address city country date time duration price code product brand department job priority status room hotel " +
  "restaurant flight airline number event_name app language course song movie author account version color team message small"
).split(" ");

const TYPES: { readonly [kind: string]: string } = {
  text: "string",
  integer: "integer",
  number: "number",
  date: "YYYY-MM-DD",
  time: "HH:MM",
  minutes: "minutes",
};

/** Several fields spread over a text. */
export const extracting: Family = (situation, pool) => {
  const { random } = situation;
  const style = drawStyle(random, 1);
  const fields = drawFields(situation, pool, style);
  const present = fields.filter(() => chance(random, 0.85));
  const noise = fields.filter((field) => !present.includes(field));
  const text = weighted(random, [
    [4, prose],
    [2, form],
    [2, mail],
    [1, clauses],
  ] as const)(situation, present);
  const asked = random.shuffle(fields);
  const isNormal = style.isNormal;
  const names = asked
    .map(({ label, kind }) => (isNormal && kind !== "text" ? `${label}: ${TYPES[kind]}` : label))
    .join(", ");
  const absent =
    noise.length === 0 ? [] : [chance(random, 0.5) ? "null if missing" : "leave out what is missing"];
  const isNull = absent[0] === "null if missing";
  const entries = asked.flatMap((field): [string, Json][] => {
    if (present.includes(field)) return [[field.label, isNormal ? field.json : field.text]];
    return isNull ? [[field.label, null]] : [];
  });
  const today =
    isNormal && fields.some(({ kind }) => kind === "date")
      ? [`today is ${isoDay(situation.today)}, ${weekday(situation.today)}`]
      : [];
  const ask = pick(random, ["extract ", "fields: ", "json: ", "record with ", "", "find "]);
  return single(
    "extract",
    arrange(random, [ask + names, ...absent, ...today], text),
    JSON.stringify(Object.fromEntries(entries)),
  );
};

function drawFields(situation: Situation, pool: Pool, style: Style): Field[] {
  const { random } = situation;
  const keyCase = style.keyCase === "opaque" ? "snake" : style.keyCase;
  const names = sample(random, CONCEPT_FIELDS, between(random, 1, 4));
  const known = names.map((name): Field => {
    const concept = conceptOf(name);
    const drawn = concept.draw(situation);
    const value = typeof drawn === "string" ? { text: drawn, json: drawn } : drawn;
    const label = chance(random, 0.6) || concept.names.length === 0 ? name : pick(random, concept.names);
    return {
      label: keyed(label, keyCase, 0),
      said: label.replaceAll("_", " "),
      kind: concept.kind,
      ...value,
    };
  });
  const invented = sample(random, pool.categories, between(random, 0, 3)).map((category): Field => {
    const text = chance(random, 0.2) ? anything(situation) : pick(random, category.members);
    return { label: keyed(category.name, keyCase, 0), said: category.name, text, json: text, kind: "text" };
  });
  const labels = new Set<string>();
  return random
    .shuffle([...known, ...invented])
    .filter(({ label }) => !labels.has(label) && labels.add(label));
}

const CLAUSES = [
  "the %c is %v",
  "its %c is %v",
  "%c: %v",
  "we have %v as the %c",
  "%v is the %c",
  "the %c was set to %v",
  "please note the %c, %v",
  "the %c will be %v",
  "as for the %c, it is %v",
  "%c %v",
  "the %c we agreed on is %v",
  "they chose %v for the %c",
];

function clause({ random }: Situation, field: Field): string {
  return pick(random, CLAUSES)
    .replace("%c", () => field.said)
    .replace("%v", () => field.text);
}

function prose(situation: Situation, fields: readonly Field[]): string {
  const { random, lexicon } = situation;
  const sentences = fields.map((field) => clause(situation, field));
  const extra = Array.from({ length: between(random, 0, 2) }, () => pick(random, lexicon.sentences));
  const all = chance(random, 0.5) ? random.shuffle([...sentences, ...extra]) : [...extra, ...sentences];
  return all.map((text) => `${text[0].toUpperCase()}${text.slice(1)}.`).join(" ");
}

function clauses(situation: Situation, fields: readonly Field[]): string {
  const { random, lexicon } = situation;
  const thing = pick(random, lexicon.nouns);
  const parts = fields.map((field) => clause(situation, field));
  return `${pick(random, ["about the", "for the", "new", "the"])} ${thing}: ${parts.join(pick(random, [", ", "; ", " and "]))}`;
}

function form({ random, lexicon }: Situation, fields: readonly Field[]): string {
  const line = pick(random, ["%c: %v", "%c = %v", "%c - %v", "%c | %v", "* %c: %v"]);
  const head = chance(random, 0.4)
    ? `${pick(random, lexicon.nouns)} ${pick(random, ["form", "receipt", "record", "ticket", "sheet"])}\n`
    : "";
  return (
    head +
    fields
      .map((field) =>
        line
          .replace("%c", () => (chance(random, 0.5) ? field.said : field.label))
          .replace("%v", () => field.text),
      )
      .join("\n")
  );
}

function mail(situation: Situation, fields: readonly Field[]): string {
  const { random, lexicon } = situation;
  const [to, from] = [pick(random, lexicon.firstNames), pick(random, lexicon.firstNames)];
  return `${pick(random, ["Hi", "Dear", "Hello"])} ${to},\n${prose(situation, fields)}\n${pick(random, ["Best", "Thanks", "Regards", "Cheers"])}, ${from}`;
}

/** A sentence that names several things, to a list. */
export const listing: Family = (situation, pool): Item => {
  const { random } = situation;
  const category = pick(random, pool.categories);
  const count = between(random, 2, 5);
  const things = Array.from({ length: count }, () =>
    chance(random, 0.2) ? anything(situation) : pick(random, category.members),
  );
  const unique = [...new Set(things)].filter((thing) => !/[,&]| and /.test(thing));
  if (unique.length === 0) return single("list", `list of ${category.name}: nothing today`, "[]");
  const said =
    unique.length === 1
      ? unique[0]
      : `${unique.slice(0, -1).join(pick(random, [", ", ", ", " and "]))} and ${unique[unique.length - 1]}`;
  const frame = pick(random, [
    "add % to the list",
    "i need %",
    "we saw % yesterday",
    "%",
    "please bring %",
    "there are %",
    "compare %",
    "my favourites are %",
    "do you have % in stock?",
    "both % would do",
  ]);
  const isLower = chance(random, 0.5);
  const text = frame.replace("%", () => said);
  const values = isLower ? unique.map((each) => each.toLowerCase()) : unique;
  const key = keyed(category.name, "snake", 0);
  const ask = pick(random, [
    `list every ${category.name}`,
    `${key}: list`,
    `json: ${key} (list)`,
    `{"${key}":[]}`,
  ]);
  const isBare = ask.startsWith("list every");
  return single(
    "list",
    arrange(random, [ask], isLower ? text.toLowerCase() : text),
    isBare ? JSON.stringify(values) : JSON.stringify({ [key]: values }),
  );
};
