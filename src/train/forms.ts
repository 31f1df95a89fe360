import type { Example, FamilyForm } from "../core/index.ts";
import { expectedCeiling, outputFormOf } from "../learn/index.ts";

/** A ceiling is told in percent: so many examples suffice, and fewer where they are long. */
const MAX_EXAMPLES = 600;
const MAX_CHARS = 400_000;

/** The forms that these families would give a task with such examples, the most able first. Families without one are left out. Seconds. */
export function formsOf(
  examples: readonly Example[],
  families: readonly string[],
  seed: number,
): FamilyForm[] {
  const read = firstOf(examples).map(({ input, answer }) => ({ input, answer }));
  const forms = families.flatMap((family): FamilyForm[] => {
    const ceiling = expectedCeiling(family, read, seed);
    if (ceiling === null) return [];
    const form = outputFormOf(family, read);
    return form === null ? [] : [{ family, can: form.can, cannot: form.cannot, ceiling, n: read.length }];
  });
  return forms.sort((a, b) => b.ceiling - a.ceiling);
}

function firstOf(examples: readonly Example[]): readonly Example[] {
  let chars = 0;
  const tooLong = examples.findIndex(({ input }) => {
    chars += input.parts.reduce((sum, { text }) => sum + text.length, 0);
    return chars > MAX_CHARS;
  });
  return examples.slice(0, Math.min(MAX_EXAMPLES, tooLong < 0 ? examples.length : tooLong));
}
