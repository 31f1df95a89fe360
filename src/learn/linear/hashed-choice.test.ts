import { describe, expect, test } from "vitest";
import { hash32, seededRandom } from "../../core/index.ts";
import { chooseHashed, fitHashedChoices, hashedDefaults, type TaughtChoice } from "./hashed-choice.ts";

const offer = (id: string, ...features: string[]): TaughtChoice["offers"][number] => ({
  id: id === "" ? 0 : hash32(id),
  features: Uint32Array.from(features, (feature) => hash32(feature)),
});
const choice = (context: string, offers: TaughtChoice["offers"], chosen: number): TaughtChoice => ({
  context: Uint32Array.of(hash32(context)),
  offers,
  scopes: Uint32Array.of(hash32("scope")),
  chosen,
});

// Steps small enough that the mean of the weights settles.
const PATIENT = { ...hashedDefaults, epochs: 60, dropout: 0, l2: 0, rate: 0.05 };

describe("fitHashedChoices", () => {
  test("learns the shares in which offers are chosen in a context: the maximum of the likelihood", () => {
    const offers = [offer("tea"), offer("coffee")];
    const taught = Array.from({ length: 200 }, (_, at) =>
      at % 2 === 0
        ? choice("morning", offers, at % 10 === 0 ? 0 : 1)
        : choice("evening", offers, at % 3 === 0 ? 1 : 0),
    );
    const weights = fitHashedChoices(taught, PATIENT, seededRandom(1));
    const share = (context: string): number => {
      const own = taught.filter((one) => one.context[0] === hash32(context));
      return own.filter(({ chosen }) => chosen === 0).length / own.length;
    };
    for (const context of ["morning", "evening"])
      expect(chooseHashed(weights, choice(context, offers, 0))[0]).toBeCloseTo(share(context), 1);
  });

  test("carries what speaks for an offer to offers it has not seen", () => {
    const taught = Array.from({ length: 40 }, (_, at) =>
      choice("any", [offer("", `old ${at}`, "far"), offer("", `new ${at}`, "near")], 1),
    );
    const weights = fitHashedChoices(taught, hashedDefaults, seededRandom(1));
    const [near, far] = chooseHashed(
      weights,
      choice("any", [offer("", "unseen", "near"), offer("", "far")], 0),
    );
    expect(near).toBeGreaterThan(0.9);
    expect(near + far).toBeCloseTo(1, 12);
  });

  test("is the same for the same seed, another for another", () => {
    const taught = Array.from({ length: 20 }, (_, at) => choice("any", [offer("a"), offer("b")], at % 2));
    const fit = (seed: number): Float32Array => fitHashedChoices(taught, hashedDefaults, seededRandom(seed));
    expect(Buffer.from(fit(1).buffer).equals(Buffer.from(fit(1).buffer))).toBe(true);
    expect(Buffer.from(fit(1).buffer).equals(Buffer.from(fit(2).buffer))).toBe(false);
  });
});
