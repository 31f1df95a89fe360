// Questions over random tables to SQL.
import type { Random } from "../../src/core/index.ts";
import { anything, type Situation } from "./values.ts";
import { between, chance, pick, sample, weighted } from "./draw.ts";
import { arrange, single, type Family } from "./items.ts";
import type { Category } from "./lexicon.ts";

type Column = { readonly name: string; readonly isNumber: boolean; readonly category: Category | null };
type Table = { readonly name: string; readonly columns: readonly Column[] };
type Condition = { readonly words: string; readonly sql: string };

export const toSql: Family = (situation, pool) => {
  const { random } = situation;
  const tables = Array.from(
    {
      length: weighted(random, [
        [4, 1],
        [3, 2],
        [1, 3],
      ]),
    },
    () => drawTable(situation, pool.categories),
  );
  const [table] = tables;
  const schema = random
    .shuffle(tables)
    .map((each) => writeTable(random, each))
    .join("\n");
  const { question, sql } =
    chance(random, 0.2) && tables.length > 1 ? joinQuestion(random, tables) : tableQuestion(situation, table);
  const text = chance(random, 0.5)
    ? question.toLowerCase()
    : `${question[0].toUpperCase()}${question.slice(1)}${chance(random, 0.5) ? "?" : ""}`;
  return single(
    "sql",
    arrange(random, [schema, ...(chance(random, 0.3) ? ["sql"] : [])], text),
    chance(random, 0.2) ? `${sql};` : sql,
  );
};

const NUMBER_COLUMNS =
  "age price year size weight height count score rating salary duration amount quantity length capacity rank total distance speed stock".split(
    " ",
  );

function drawTable({ random, lexicon }: Situation, categories: readonly Category[]): Table {
  const noun = pick(random, lexicon.nouns);
  const texts = sample(random, categories, between(random, 1, 3)).map((category): Column => ({
    name: category.name.replaceAll(" ", "_"),
    isNumber: false,
    category,
  }));
  const numbers = sample(random, NUMBER_COLUMNS, between(random, 1, 2)).map((name): Column => ({
    name,
    isNumber: true,
    category: null,
  }));
  const columns: Column[] = [{ name: "name", isNumber: false, category: null }, ...texts, ...numbers];
  return {
    name: chance(random, 0.5) ? noun : plural(noun),
    columns: [{ name: "id", isNumber: true, category: null }, ...random.shuffle(columns)],
  };
}

function writeTable(random: Random, { name, columns }: Table): string {
  const names = columns.map((column) => column.name);
  const typed = columns.map((column) => `${column.name} ${column.isNumber ? "int" : "text"}`);
  return pick(random, [
    `${name}(${names.join(", ")})`,
    `${name}: ${names.join(", ")}`,
    `create table ${name} (${typed.join(", ")})`,
  ]);
}

type Ask = {
  readonly table: string;
  readonly shown: string;
  readonly number: string;
  readonly where: string;
  readonly whose: string;
};

function tableQuestion(
  situation: Situation,
  { name: table, columns }: Table,
): { question: string; sql: string } {
  const { random } = situation;
  const shown = pick(
    random,
    columns.filter(({ isNumber }) => !isNumber),
  );
  const number = pick(
    random,
    columns.filter(({ isNumber, name }) => isNumber && name !== "id"),
  );
  const others = columns.filter((column) => column !== shown && column.name !== "id");
  const filters = sample(random, others, between(random, 0, 2)).map((column) => condition(situation, column));
  const isFree = filters.length === 0;
  const where = isFree ? "" : ` WHERE ${filters.map(({ sql }) => sql).join(" AND ")}`;
  const words = filters.map(({ words }) => words).join(" and ");
  const whose = isFree ? "" : ` ${pick(random, ["with", "that have", "having"])} ${words}`;
  return askOf(random, { table, shown: shown.name, number: number.name, where, whose });
}

function askOf(
  random: Random,
  { table, shown, number, where, whose }: Ask,
): { question: string; sql: string } {
  const [most, order] = pick(random, SUPERLATIVES);
  const [aggregate, call] = pick(random, AGGREGATES);
  const [each, plain] = [spaced(shown), spaced(number)];
  const count = between(random, 2, 20);
  const among = whose === "" ? "" : ` among ${table}${whose}`;
  const top = `ORDER BY ${number} ${order} LIMIT`;
  const asks: readonly (readonly [weight: number, question: string, sql: string])[] = [
    [4, `${pick(random, SHOW)} ${each} of ${table}${whose}`, `SELECT ${shown} FROM ${table}${where}`],
    [3, `how many ${table}${whose === "" ? " are there" : whose}`, `SELECT COUNT(*) FROM ${table}${where}`],
    [
      3,
      `what is the ${aggregate} ${plain} of ${table}${whose}`,
      `SELECT ${call}(${number}) FROM ${table}${where}`,
    ],
    [2, `which ${each} has the ${most} ${plain}${among}`, `SELECT ${shown} FROM ${table}${where} ${top} 1`],
    [2, `the ${count} ${table} with the ${most} ${plain}`, `SELECT * FROM ${table} ${top} ${count}`],
    [
      2,
      `how many ${table} per ${each}${whose}`,
      `SELECT ${shown}, COUNT(*) FROM ${table}${where} GROUP BY ${shown}`,
    ],
    [1, `all different ${each} of ${table}${whose}`, `SELECT DISTINCT ${shown} FROM ${table}${where}`],
    [
      1,
      `${each} and ${plain} of ${table}${whose} by ${plain}`,
      `SELECT ${shown}, ${number} FROM ${table}${where} ORDER BY ${number}`,
    ],
  ];
  const [, question, sql] = weighted(
    random,
    asks.map((ask) => [ask[0], ask] as const),
  );
  return { question, sql };
}

const SHOW = ["what is the", "show the", "list the", "give me the", "find the", "which"];
const SUPERLATIVES = [
  ["highest", "DESC"],
  ["largest", "DESC"],
  ["lowest", "ASC"],
  ["smallest", "ASC"],
] as const;
const AGGREGATES = [
  ["average", "AVG"],
  ["total", "SUM"],
  ["maximum", "MAX"],
  ["minimum", "MIN"],
] as const;

function condition(situation: Situation, { name, isNumber, category }: Column): Condition {
  const { random } = situation;
  const said = spaced(name);
  if (isNumber) {
    const bound = between(random, 1, 2000);
    const [words, sign] = pick(random, [
      ["over", ">"],
      ["above", ">"],
      ["under", "<"],
      ["below", "<"],
      ["of at least", ">="],
      ["of at most", "<="],
      ["of", "="],
      ["of exactly", "="],
    ] as const);
    return { words: `${said} ${words} ${bound}`, sql: `${name} ${sign} ${bound}` };
  }
  const value =
    category === null || chance(random, 0.2) ? anything(situation) : pick(random, category.members);
  // Lower case, so that a question in lower case still holds the value as it stands in the answer.
  const text = value.toLowerCase();
  const quoted = chance(random, 0.75) ? `"${text}"` : `'${text.replaceAll("'", "''")}'`;
  if (chance(random, 0.12)) return { words: `${said} other than ${text}`, sql: `${name} != ${quoted}` };
  return { words: `${said} ${pick(random, ["", "", "equal to "])}${text}`, sql: `${name} = ${quoted}` };
}

function joinQuestion(random: Random, [left, right]: readonly Table[]): { question: string; sql: string } {
  const [a, b] = [pick(random, left.columns.slice(1)).name, pick(random, right.columns.slice(1)).name];
  const on = `${right.name}.${left.name}_id = ${left.name}.id`;
  return {
    question: `${spaced(a)} of each of the ${left.name} and ${spaced(b)} of its ${right.name}`,
    sql: `SELECT ${left.name}.${a}, ${right.name}.${b} FROM ${left.name} JOIN ${right.name} ON ${on}`,
  };
}

function plural(noun: string): string {
  if (/(s|x|z|ch|sh)$/.test(noun)) return `${noun}es`;
  return /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`;
}

function spaced(name: string): string {
  return name.replaceAll("_", " ");
}
