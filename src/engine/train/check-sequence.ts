import { HouseError } from "../../core/index.ts";
import { headWidth } from "../graph/heads.ts";
import { headOf } from "./objective.ts";
import type { StoreOptions, TrainingSequence } from "./sequences.ts";

type Expectation = StoreOptions & { readonly index: number; readonly teacherWidth: number };

/** Throws HouseError `bad-input`, with the place and the value, where a sequence cannot be learnt from. */
export function checkSequence(sequence: TrainingSequence, expected: Expectation): void {
  const { ids, weights } = sequence;
  const { index, config } = expected;
  const refuse: Refuse = (what) => {
    throw new HouseError("bad-input", `Cannot train on sequence ${index}: ${what}`);
  };
  if (ids.length === 0) refuse("it is empty");
  if (ids.length !== weights.length) refuse(`${ids.length} tokens but ${weights.length} weights`);
  for (let at = 0; at < ids.length; at += 1) {
    if (!isBelow(ids[at], config.vocabularySize))
      refuse(`token ${ids[at]} is outside the vocabulary of ${config.vocabularySize}`);
    if (!(weights[at] >= 0 && weights[at] < Infinity))
      refuse(`weight ${weights[at]} is not a finite number of at least 0`);
  }
  checkTargets(sequence, expected, refuse);
  checkLabels(sequence, expected, refuse);
  checkTeacher(sequence, expected, refuse);
}

type Refuse = (what: string) => never;

function checkTargets(
  { ids, weights, targets }: TrainingSequence,
  { objective, config }: Expectation,
  refuse: Refuse,
): void {
  if (objective.kind === "tags" && targets === undefined)
    refuse("it has no targets: tags need one per token");
  if (targets === undefined) return;
  if (targets.length !== ids.length) refuse(`${ids.length} tokens but ${targets.length} targets`);
  const head = headOf(objective);
  const width = head === null ? config.vocabularySize : headWidth(head);
  for (let at = 0; at < targets.length; at += 1) {
    if (weights[at] > 0 && !isBelow(targets[at], width))
      refuse(`target ${targets[at]} is not one of ${width}`);
  }
}

function checkLabels({ ids, labels }: TrainingSequence, { objective }: Expectation, refuse: Refuse): void {
  if (objective.kind === "classes") {
    if (labels?.length !== 1) refuse(`it has ${labels?.length ?? 0} labels: classes need one`);
    if (!isBelow(labels[0], objective.classes))
      refuse(`label ${labels[0]} is not one of ${objective.classes} classes`);
  }
  if (objective.kind === "spans") {
    const wanted = 2 * objective.fields;
    if (labels?.length !== wanted)
      refuse(`it has ${labels?.length ?? 0} labels: ${objective.fields} spans need ${wanted}`);
    for (let at = 0; at < wanted; at += 1) {
      if (!isBelow(labels[at], ids.length))
        refuse(`a span reaches token ${labels[at]}, the sequence has ${ids.length}`);
    }
  }
}

function checkTeacher(
  { ids, weights, teacher }: TrainingSequence,
  { objective, config, teacherWidth }: Expectation,
  refuse: Refuse,
): void {
  if (objective.kind !== "distillation") return;
  const wanted = ids.length * teacherWidth;
  if (teacherWidth === 0) refuse("it has no teacher: distillation needs one");
  if (teacher?.tokens.length !== wanted || teacher.logProbs.length !== wanted)
    refuse("its teacher's tokens do not fit the others'");
  for (let at = 0; at < wanted; at += 1) {
    if (weights[Math.floor(at / teacherWidth)] === 0) continue;
    if (!isBelow(teacher.tokens[at], config.vocabularySize))
      refuse(
        `its teacher's token ${teacher.tokens[at]} is outside the vocabulary of ${config.vocabularySize}`,
      );
    if (!Number.isFinite(teacher.logProbs[at]))
      refuse(`its teacher's log-probability ${teacher.logProbs[at]} is not finite`);
  }
}

const isBelow = (value: number, limit: number): boolean =>
  Number.isInteger(value) && value >= 0 && value < limit;
