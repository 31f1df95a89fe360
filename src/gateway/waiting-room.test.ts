import { expect, test } from "vitest";
import { WaitingRoom, type Doorkeeper } from "./waiting-room.ts";

type Guest = { readonly name: string; readonly bytes?: number; isGone?: boolean };

/** A room over a clock that stands still unless it is told, and a bound of calls. */
function open(bound: number, more: Partial<Doorkeeper<Guest>> = {}) {
  const seen = { now: 0, worked: 0, underWay: 0, entered: [] as string[], refused: [] as string[] };
  const room = new WaitingRoom<Guest>({
    hasRoom: () => seen.underWay < bound,
    enter({ name }) {
      seen.underWay += 1;
      seen.entered.push(name);
    },
    refuse: ({ name }) => void seen.refused.push(name),
    isGone: ({ isGone }) => isGone === true,
    bytesOf: ({ bytes }) => bytes ?? 0,
    maxWaitMs: 1000,
    clockMs: () => seen.now,
    workMs: () => seen.worked,
    ...more,
  });
  const leave = (): void => {
    seen.underWay -= 1;
    room.left();
  };
  return { room, seen, leave };
}

const aTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const named = (count: number): Guest[] => Array.from({ length: count }, (_, at) => ({ name: String(at) }));

test("come() lets in at once while there is room", () => {
  const { room, seen } = open(2);
  for (const guest of named(2)) room.come(guest);
  expect([seen.entered, room.size]).toEqual([["0", "1"], 0]);
});

test("who waits comes in when there is room again, in the order of coming", async () => {
  const { room, seen, leave } = open(1);
  for (const guest of named(3)) room.come(guest);
  leave();
  await aTurn();
  leave();
  await aTurn();
  expect([seen.entered, seen.refused]).toEqual([["0", "1", "2"], []]);
});

test("a newcomer does not pass those who wait", async () => {
  const { room, seen } = open(1);
  for (const guest of named(2)) room.come(guest);
  seen.underWay = 0;
  room.come({ name: "late" });
  room.left();
  await aTurn();
  expect(seen.entered).toEqual(["0", "1"]);
});

test("who has waited too long is refused, who came later waits on", async () => {
  const { room, seen } = open(0, { maxWaitMs: 1 });
  room.come({ name: "early" });
  seen.now = 0.9;
  room.come({ name: "late" });
  seen.now = 1;
  await expect.poll(() => seen.refused).toEqual(["early"]);
  expect(room.size).toBe(1);
});

test("a client that has left is neither let in nor refused", async () => {
  const { room, seen, leave } = open(1);
  room.come({ name: "first" });
  const gone: Guest = { name: "gone" };
  room.come(gone);
  room.come({ name: "last" });
  gone.isGone = true;
  leave();
  await aTurn();
  expect([seen.entered, seen.refused, room.size]).toEqual([["first", "last"], [], 0]);
});

test("no more wait than there are places, nor more bytes", () => {
  const { room, seen } = open(0);
  for (let at = 0; at < 1025; at += 1) room.come({ name: String(at), bytes: 10_000_000 });
  expect([seen.refused, room.size]).toEqual([["1024"], 1024]);
  for (let at = 0; at < 6144 - 1024; at += 1) room.come({ name: "small" });
  room.come({ name: "one too many" });
  expect(seen.refused).toEqual(["1024", "one too many"]);
});

test("while turns are long fewer come in per turn, and a few always do", async () => {
  const { room, seen } = open(Infinity);
  for (const guest of named(5000)) room.come(guest);
  const perTurn: number[] = [];
  for (let at = 0; at < 12; at += 1) {
    const before = seen.entered.length;
    seen.worked += 100;
    await aTurn();
    perTurn.push(seen.entered.length - before);
  }
  expect(perTurn.slice(-3)).toEqual([16, 16, 16]);
  const before = seen.entered.length;
  for (let at = 0; at < 12; at += 1) await aTurn();
  // Short turns again: more come in with each.
  expect(seen.entered.length - before).toBeGreaterThan(12 * 20);
});

test("close() refuses all that wait", () => {
  const { room, seen } = open(1);
  for (const guest of named(3)) room.come(guest);
  room.close();
  expect([seen.refused, room.size]).toEqual([["1", "2"], 0]);
});

test("time that others of the machine took does not keep anyone out", async () => {
  const { room, seen } = open(Infinity, { maxWaitMs: Infinity });
  for (let at = 0; at < 10; at += 1) {
    for (const guest of named(500)) room.come(guest);
    seen.now += 100;
    await aTurn();
  }
  expect(seen.entered.length).toBe(5000);
});
