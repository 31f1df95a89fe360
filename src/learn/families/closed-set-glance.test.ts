import { describe, expect, test } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { predictLogistic } from "../linear/logistic.ts";
import { chooseGlance, type Held } from "./closed-set-glance.ts";

/** Examples of class 0 or 1 as seen by models of which the whole is wrong where `wrong` says so, and the glance where `glanceWrong` does. */
function heldOf(n: number, wrong: (at: number) => boolean, glanceWrong: (at: number) => boolean): Held[] {
  const random = seededRandom(3);
  return Array.from({ length: n }, (_, at) => {
    const recorded = at % 2;
    // The lower in the list, the surer.
    const sure = 1 - at / n;
    const say = (isWrong: boolean) => ({ label: isWrong ? 1 - recorded : recorded, rank: null });
    return {
      recorded,
      whole: { ...say(wrong(at)), features: [] },
      wholeScore: 0.5 + sure / 2.1,
      glance: { ...say(glanceWrong(at)), features: [sure + 0.01 * random.next()] },
    };
  });
}

const LAST_TENTH = (at: number): boolean => at >= 900 && at % 2 === 0;

describe("chooseGlance()", () => {
  test("takes the largest share whose answers are those of the whole model", () => {
    // Where the whole model is right, the glance errs from the 750th on: in every fourth.
    const held = heldOf(1000, LAST_TENTH, (at) => LAST_TENTH(at) || (at >= 750 && at % 4 === 0));
    const glance = chooseGlance(held);
    const sure = held.filter((one) => predictLogistic(glance!.score, one.glance.features) >= glance!.above);
    expect(sure.length).toBe(700);
    expect(sure.filter((one) => one.glance.label !== one.whole.label)).toEqual([]);
  });

  test("is null where a glance is not the same as the whole", () => {
    expect(chooseGlance(heldOf(1000, LAST_TENTH, (at) => LAST_TENTH(at) || at % 20 === 0))).toBeNull();
  });

  test("is null where its score separates right from wrong worse than the whole model's", () => {
    // Both are wrong in the last tenth, of which the glance thinks as of the first.
    const held = heldOf(1000, LAST_TENTH, LAST_TENTH).map((one, at) => ({
      ...one,
      glance: { ...one.glance, features: [(at % 100) / 100] },
    }));
    expect(chooseGlance(held)).toBeNull();
  });

  test("is null where too few were held out to tell", () => {
    expect(
      chooseGlance(
        heldOf(
          199,
          () => false,
          () => false,
        ),
      ),
    ).toBeNull();
    expect(
      chooseGlance(
        heldOf(
          200,
          () => false,
          () => false,
        ),
      ),
    ).not.toBeNull();
  });
});
