import { describe, expect, test } from "vitest";
import { openGateway, send } from "../../test/open-gateway.ts";

const asked = { model: "m", messages: [{ role: "user", content: "Hi" }] };

describe("the door", () => {
  test.each([
    ["broken JSON", '{"model":', {}, "400 bad_input"],
    ["a wrong type", JSON.stringify({ model: "m", messages: "Hi" }), {}, "400 bad_input"],
    ["deep JSON", `{"model":"m","messages":${"[".repeat(9999)}${"]".repeat(9999)}}`, {}, "400 bad_input"],
    ["a compressed body", "x", { headers: { "content-encoding": "gzip" } }, "400 bad_input"],
    ["a body over the limit", Buffer.alloc(33 * 1024 * 1024, 32).toString(), {}, "413 body_too_large"],
    [
      "a request of a web page",
      JSON.stringify(asked),
      { headers: { origin: "http://evil.example" } },
      "403 refused_origin",
    ],
    [
      "a foreign host name",
      JSON.stringify(asked),
      { headers: { host: "evil.example:4141" } },
      "403 refused_origin",
    ],
    ["an unknown path", "{}", { path: "/v1/none" }, "404 not_found"],
    ["a wrong method", null, { method: "GET" }, "405 method_not_allowed"],
  ])("refuses %s in the OpenAI error form and records nothing", async (_, body, options, expected) => {
    const { url, calls } = await openGateway();
    const reply = await send(url, body, options);
    const { error } = JSON.parse(reply.body) as { error: { code: string } };
    expect(`${reply.status} ${error.code}`).toBe(expected);
    expect(calls()).toEqual([]);
  });

  test("lets local names in", async () => {
    const { url } = await openGateway();
    const port = new URL(url).port;
    const statuses = await Promise.all(
      [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`].map(
        async (host) =>
          (await send(url, null, { path: "/healthz", method: "GET", headers: { host } })).status,
      ),
    );
    expect(statuses).toEqual([200, 200, 200]);
  });

  test("says that it is ready", async () => {
    const { url } = await openGateway();
    const reply = await send(url, null, { path: "/readyz", method: "GET" });
    expect([reply.status, reply.body]).toEqual([200, '{"status":"ready"}']);
  });
});
