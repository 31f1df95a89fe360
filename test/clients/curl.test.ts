import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { ANSWER, GREETING, openAgentGateway, RAINY } from "./agent.ts";

const run = promisify(execFile);
const hasCurl = spawnSync("curl", ["--version"]).status === 0;
const json = ["-sS", "-H", "content-type: application/json", "-H", "authorization: Bearer sk-client"];
const body = (fields: object): string =>
  JSON.stringify({ model: "m", messages: [{ role: "user", content: "Hi" }], ...fields });

describe.skipIf(!hasCurl)("curl", () => {
  test("gets a plain answer over HTTP/1.1 and HTTP/1.0", async () => {
    const { url } = await openAgentGateway();
    for (const version of ["--http1.1", "--http1.0"]) {
      const { stdout } = await run("curl", [...json, version, `${url}/v1/chat/completions`, "-d", body({})]);
      const { choices } = JSON.parse(stdout) as { choices: { message: { content: string } }[] };
      expect(choices[0].message.content).toBe(GREETING);
    }
  });

  test("gets a stream to its end", async () => {
    const { url } = await openAgentGateway();
    const { stdout } = await run("curl", [
      ...json,
      "-N",
      `${url}/v1/chat/completions`,
      "-d",
      body({ stream: true }),
    ]);
    expect(stdout.endsWith("data: [DONE]\n\n")).toBe(true);
  });

  test("sends a body in chunks, and one that waits for 100 Continue", async () => {
    const { url, calls } = await openAgentGateway();
    const long = body({ messages: [{ role: "user", content: `Hi${" ".repeat(2_000_000)}` }] });
    for (const header of ["transfer-encoding: chunked", "expect: 100-continue"]) {
      const sent = run("curl", [...json, "-H", header, `${url}/v1/chat/completions`, "--data-binary", "@-"]);
      sent.child.stdin?.end(long);
      expect(JSON.parse((await sent).stdout)).toHaveProperty("choices");
    }
    expect(calls()).toHaveLength(2);
  });

  test("speaks the other surfaces", async () => {
    const { url } = await openAgentGateway();
    const messages = [
      { role: "user", content: "weather?" },
      { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "get_weather", input: {} }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: RAINY }] },
    ];
    const anthropic = await run("curl", [
      ...json,
      `${url}/v1/messages`,
      "-d",
      JSON.stringify({ model: "m", max_tokens: 9, messages }),
    ]);
    expect(JSON.parse(anthropic.stdout)).toMatchObject({ content: [{ type: "text", text: ANSWER }] });
    const responses = await run("curl", [...json, `${url}/v1/responses`, "-d", '{"model":"m","input":"Hi"}']);
    expect(JSON.parse(responses.stdout)).toMatchObject({ object: "response", status: "completed" });
  });

  test("is told in one line of JSON what is wrong", async () => {
    const { url } = await openAgentGateway();
    const { stdout } = await run("curl", [
      ...json,
      "-w",
      "\n%{http_code}",
      `${url}/v1/chat/completions`,
      "-d",
      "{",
    ]);
    const [line, status] = stdout.split("\n");
    expect([status, JSON.parse(line)]).toMatchObject(["400", { error: { type: "invalid_request_error" } }]);
  });
});
