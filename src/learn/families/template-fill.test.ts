import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TaskInput, TaskProfile, TrainingExample } from "../../core/index.ts";
import { closeHoles, cutAnswer, joinCut, namesIn, templateKey } from "./template-fill-cut.ts";
import { shapeWords, sourceOf, spansOf } from "./template-fill-source.ts";
import { looksOf, usesOf } from "./template-fill-uses.ts";
import { templateFill } from "./template-fill.ts";

const inputOf = (text: string): TaskInput => ({ parts: [{ role: "user", text }], tools: [] });
const never = (): boolean => false;
const valuesOf = (answer: string): string[] => cutAnswer(answer, never).holes.map(({ value }) => value);

describe("cutAnswer()", () => {
  test("takes quoted strings and numbers out, LIKE's signs and aliases stay", () => {
    const cut = cutAnswer(
      `SELECT T1.A FROM T AS T1 WHERE N LIKE "%Ann Lee%" AND Y = 2016 AND C = 'x' ;`,
      never,
    );
    expect(cut.fixed).toEqual([
      `SELECT T1.A FROM T AS T1 WHERE N LIKE "%`,
      `%" AND Y = `,
      ` AND C = '`,
      `' ;`,
    ]);
    expect(cut.holes.map(({ kind, key, value }) => [kind, key, value])).toEqual([
      ["quoted", `N LIKE " %`, "Ann Lee"],
      ["number", "AND Y =", "2016"],
      ["quoted", "AND C = '", "x"],
    ]);
  });

  test("leaves apostrophes alone and reads doubled quotes as part of the value", () => {
    expect(valuesOf("It's the shop's own")).toEqual([]);
    expect(valuesOf("name = 'O''Brien'")).toEqual(["O''Brien"]);
  });

  test("takes only those bare names that are copied", () => {
    const cut = cutAnswer(
      "Dear Ann Lee, order AB12 is with us. Thanks",
      (name) => name !== "Dear Ann Lee" && name !== "Thanks",
    );
    expect(namesIn("Dear Bo, order AB12 left")).toEqual(["Dear Bo", "AB12"]);
    expect(cut.holes.map(({ value }) => value)).toEqual(["AB12"]);
  });

  test("joinCut() puts back what was cut out of any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const cut = cutAnswer(text, () => true);
        expect(
          joinCut(
            cut.fixed,
            cut.holes.map(({ value }) => value),
          ),
        ).toBe(text);
      }),
    );
  });

  test("closeHoles() keeps the text and its key equal but for white space", () => {
    const cut = cutAnswer("LIMIT 1 OFFSET 5", never);
    expect(closeHoles(cut, ({ value }) => value === "1").fixed).toEqual(["LIMIT 1 OFFSET ", ""]);
    expect(templateKey(cut)).toBe(templateKey(cutAnswer("LIMIT 2\n OFFSET   7", never)));
  });
});

describe("sources", () => {
  test("shapeWords() shows numbers, codes and names by shape", () => {
    expect(shapeWords(sourceOf(inputOf("Is EECS 376 taught by Kira van Thurman of Ann Arbor?")))).toEqual(
      "is <A> <999> taught by <Aa> van <Aa> ?".split(" "),
    );
  });

  test("spansOf() ends at words and at the marks that touch them", () => {
    expect(spansOf(sourceOf(inputOf("a B+ now"))).map(({ text }) => text)).toEqual([
      "a",
      "a B",
      "a B+",
      "a B+ now",
      "B",
      "B+",
      "B+ now",
      "now",
    ]);
  });

  test("usesOf() tells copies from constants and knows the letter case", () => {
    const seen = looksOf(sourceOf(inputOf("who teaches eecs 376")));
    const uses = usesOf(cutAnswer(`D = "EECS" AND N = 376 AND S = "WN"`, never), seen, {
      example: 0,
      template: 0,
    });
    expect(uses.map(({ value, cases }) => [value, cases])).toEqual([
      [null, 0b0010],
      [null, 0b1111],
      ["WN", 0],
    ]);
  });
});

const COURSES = ["EECS", "PHIL", "MATH", "LING", "CHEM"];
const PEOPLE = ["Ann Lee", "Bo Chan", "Cy Stone", "Di Marsh", "Ed Finch", "Flo Grant", "Gus Hale"];

/** Questions of three kinds about courses and people, with the query each stands for. */
function queries(n: number): TrainingExample[] {
  return Array.from({ length: n }, (_, i) => {
    const [course, person, number] = [COURSES[i % 5], PEOPLE[i % 7], 100 + ((i * 37) % 500)];
    const [question, query] = [
      [
        `Who teaches ${course} ${number}?`,
        `SELECT name FROM t WHERE dept = "${course}" AND num = ${number} LIMIT 1;`,
      ],
      [`List the classes of ${person}.`, `SELECT num FROM t WHERE name LIKE "%${person}%" AND year = 2016;`],
      [
        `Is ${course} ${number} easier than ${course} ${number + 1}?`,
        `SELECT min(load) FROM t WHERE dept = "${course}" AND (num = ${number} OR num = ${number + 1});`,
      ],
    ][i % 3];
    return { input: inputOf(question), answer: { type: "text" as const, text: query } };
  });
}

describe("templateFill", () => {
  const fitted = templateFill.fit(queries(90), { seed: 1 });
  const predict = async (text: string): Promise<unknown> =>
    templateFill.load(await fitted).predict(inputOf(text)).answer;

  test("predict() fills a template with values never seen", async () => {
    expect(await predict("Who teaches ARTDES 777?")).toEqual({
      type: "text",
      text: `SELECT name FROM t WHERE dept = "ARTDES" AND num = 777 LIMIT 1;`,
    });
  });

  test("predict() keeps two like values in their order", async () => {
    expect(await predict("Is MUSIC 611 easier than MUSIC 322?")).toEqual({
      type: "text",
      text: `SELECT min(load) FROM t WHERE dept = "MUSIC" AND (num = 611 OR num = 322);`,
    });
  });

  test("predict() scores what it learnt above what it never saw", async () => {
    const specialist = templateFill.load(await fitted);
    const known = specialist.predict(inputOf("List the classes of Hal Young.")).score;
    expect(known).toBeGreaterThan(specialist.predict(inputOf("how is the weather")).score);
  });

  test("predict() reads only the end of a huge input", async () => {
    const end = `${"lorem ipsum ".repeat(600)}\nWho teaches ARTDES 777?`;
    expect(await predict(`${"PHIL 101 ".repeat(50_000)}${end}`)).toEqual(await predict(end));
  });

  test("fit() refuses answers that share no templates", async () => {
    const prose = Array.from({ length: 70 }, (_, i) => ({
      input: inputOf(`tell me ${i}`),
      answer: { type: "text" as const, text: `${"so ".repeat(i + 1)}it was` },
    }));
    await expect(templateFill.fit(prose, { seed: 1 })).rejects.toMatchObject({
      code: "nothing-to-do",
      message:
        "Cannot fit a template-fill specialist: 0 of 70 answers share their template with another, expected at least half",
    });
  });

  test("suits() asks for SQL or code, and enough of it", () => {
    const profile: TaskProfile = {
      kind: "sql",
      examples: 60,
      answers: 60,
      shareRepeatedAnswers: 0,
      shareAnswerOffered: 0,
      shareCopied: 0,
    };
    const changed = [{}, { kind: "code" }, { kind: "text" }, { examples: 59 }] as const;
    expect(changed.map((change) => templateFill.suits({ ...profile, ...change }))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
