import { expect, test } from "vitest";
import { createTurns } from "./turns.ts";

const never = new AbortController().signal;
/** Lets everything that can go on go on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("createTurns() gives a turn of all places alone, and lets nothing pass it", async () => {
  const turns = createTurns(2);
  const started: string[] = [];
  const free: Record<string, () => void> = {};
  const work = async (name: string, places: number): Promise<void> => {
    free[name] = await turns.take(places, never);
    started.push(name);
  };
  const all = Promise.all([work("a", 1), work("large", 2), work("b", 1), work("c", 1)]);
  await settle();
  const seen = [[...started]];
  for (const name of ["a", "large", "b", "c"]) {
    free[name]();
    await settle();
    seen.push([...started]);
  }
  await all;
  expect(seen).toEqual([
    ["a"],
    ["a", "large"],
    ["a", "large", "b", "c"],
    ["a", "large", "b", "c"],
    ["a", "large", "b", "c"],
  ]);
});

test("createTurns() lets a cancelled wait go, and those behind it go on", async () => {
  const turns = createTurns(2);
  await turns.take(1, never);
  const controller = new AbortController();
  const large = turns.take(2, controller.signal);
  const behind = turns.take(1, never);
  controller.abort();
  await expect(large).rejects.toMatchObject({ code: "cancelled" });
  expect(await behind).toBeTypeOf("function");
});

test("createTurns() gives no turn to what is cancelled already", async () => {
  const turns = createTurns(1);
  await expect(turns.take(1, AbortSignal.abort())).rejects.toMatchObject({ code: "cancelled" });
  expect(await turns.take(1, never)).toBeTypeOf("function");
});

test("createTurns() takes a wish for more than all as one for all", async () => {
  expect(await createTurns(2).take(9, never)).toBeTypeOf("function");
});
