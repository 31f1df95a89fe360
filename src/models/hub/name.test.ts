import { describe, expect, test } from "vitest";
import { folderOf, parseHubName } from "./name.ts";

describe("parseHubName()", () => {
  test.each([
    ["hf:org/name", { organisation: "org", name: "name", revision: "main" }],
    ["hf:Qwen/Qwen3-0.6B@refs/pr/3", { organisation: "Qwen", name: "Qwen3-0.6B", revision: "refs/pr/3" }],
  ])("reads %s", (text, name) => expect(parseHubName(text)).toEqual(name));

  test.each([
    "org/name",
    "hf:name",
    "hf:../name",
    "hf:org/..",
    "hf:org/na..me",
    "hf:org/name@",
    "hf:org/name@../x",
    "hf:a/b/c",
    "",
  ])("refuses %j", (text) => expect(() => parseHubName(text)).toThrow(/expected hf:ORG\/NAME/));
});

test("folderOf() is one folder per repository", () => {
  expect(folderOf(parseHubName("hf:org/name"))).toBe("org--name");
});
