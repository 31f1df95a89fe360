import { format, inspect } from "node:util";
import { expect, test } from "vitest";
import { concealed } from "./account.ts";

test("concealed() shows neither key nor headers, and still has them", () => {
  const headers = { "x-org": "org-secret" };
  const account = concealed({
    url: "https://a.example",
    key: "sk-secret",
    settings: { region: "r" },
    headers,
  });
  const provider = { name: "a", accounts: [account] };
  const shown = [
    JSON.stringify(provider),
    inspect(provider, { depth: 9 }),
    format("%j %o %s", account, account, account),
  ];
  for (const text of shown) expect(text).not.toMatch(/secret/);
  expect(shown[0]).toContain("https://a.example");
  expect([account.key, { ...account }.headers]).toEqual(["sk-secret", headers]);
});
