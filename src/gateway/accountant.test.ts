import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { silentLog } from "../core/index.ts";
import { createBudgets } from "../guard/index.ts";
import { LIST_PRICES } from "../models/index.ts";
import { openBudgetBank } from "../store/index.ts";
import { startAccountant } from "./accountant.ts";

const START_MS = Date.UTC(2026, 0, 1);
const ask = { keyId: "k", taskId: null, model: "gpt-4o", inputTokens: 10, outputTokens: 10 };

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), "understudy-budgets-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}

const LIMIT = 500;
const room = (name: string): string =>
  JSON.stringify(pathToFileURL(resolve(import.meta.dirname, `../${name}/index.ts`)).href);
// Asks until it is refused, as fast as it can, and says how often it was let through.
const ASKER = `
  import { createBudgets } from ${room("guard")};
  import { openBudgetBank } from ${room("store")};
  const nowMs = () => ${START_MS};
  const bank = openBudgetBank({ dir: process.argv[1], nowMs });
  const budgets = createBudgets([{ per: "day", requests: ${LIMIT} }], { bank, priceOf: () => null, nowMs });
  let granted = 0;
  for (let round = 0; round < 5000; round += 1) {
    const held = budgets.reserve(${JSON.stringify(ask)});
    if ("settle" in held) { granted += 1; held.settle({ inputTokens: 1, outputTokens: 1 }, "provider"); }
    if (round % 50 === 0) budgets.balance();
  }
  budgets.balance();
  console.log(granted);
`;

async function grantedTo(dir: string): Promise<number> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", ASKER, dir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  for await (const chunk of child.stdout) text += String(chunk);
  return Number(text);
}

test("three processes over one store together take exactly what a budget allows", async () => {
  const dir = folder();
  openBudgetBank({ dir, nowMs: () => START_MS }).close();
  const granted = await Promise.all([grantedTo(dir), grantedTo(dir), grantedTo(dir)]);
  expect(granted.reduce((sum, one) => sum + one)).toBe(LIMIT);
}, 30_000);

test("a budget survives a restart, in the window and not beyond it", () => {
  const dir = folder();
  let now = START_MS;
  const nowMs = () => now;
  const granted = (): number => {
    const bank = openBudgetBank({ dir, nowMs });
    const deps = { bank, prices: LIST_PRICES, nowMs, log: silentLog };
    const watch = startAccountant([{ per: "hour", usd: 0.001 }], deps);
    let taken = 0;
    for (let index = 0; index < 10; index += 1) {
      const held = watch.accountant.reserve(ask);
      if ("code" in held) continue;
      // 10 tokens at 2.5 and 10 at 10 USD per million: 0.000125 USD.
      held.settle({ inputTokens: 10, outputTokens: 10 }, "provider", "gpt-4o-2024-08-06");
      if ((taken += 1) === 5) break;
    }
    watch.close();
    bank.close();
    return taken;
  };
  expect([granted(), granted(), granted()]).toEqual([5, 3, 0]);
  now += 3_600_000;
  expect(granted()).toBe(5);
});

test("the store forgets windows that are over", () => {
  const dir = folder();
  let now = START_MS;
  const bank = openBudgetBank({ dir, nowMs: () => now });
  const budgets = createBudgets([{ per: "minute", requests: 1000 }], {
    bank,
    priceOf: () => null,
    nowMs: () => now,
  });
  const rows = (): number => {
    let seen = 0;
    bank.update([{ counter: "probe", startMs: 0, endMs: Infinity, decide: () => null }]);
    for (let minute = 0; minute < 300; minute += 1) {
      const startMs = START_MS + minute * 60_000;
      const counter = JSON.stringify([JSON.stringify([null, null, null, null, "minute"]), ""]);
      bank.update([
        { counter, startMs, endMs: startMs, decide: (taken) => ((seen += taken[0] > 0 ? 1 : 0), null) },
      ]);
    }
    return seen;
  };
  for (let minute = 0; minute < 300; minute += 1) {
    budgets.reserve(ask);
    now += 60_000;
  }
  expect(rows()).toBeLessThanOrEqual(61);
  bank.close();
});
