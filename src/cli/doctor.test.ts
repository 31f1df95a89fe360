import { createServer, type AddressInfo } from "node:net";
import { resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openGateway } from "../../test/open-gateway.ts";
import { openUpstream, tempFolder } from "../../test/open-serve.ts";
import { normalizeConfig, type Config } from "./config.ts";
import { gatewayChecks, type Finding } from "./doctor-gateway.ts";
import { gatewayForm } from "./gateway-config.ts";

const golden = (name: string): string => resolve(import.meta.dirname, "../../test/golden/tls", name);

type Changes = { readonly gateway?: object; readonly host?: string; readonly port?: number };

async function findings(
  { gateway = {}, ...rest }: Changes,
  env: { readonly [name: string]: string } = {},
  isOnline: boolean = false,
): Promise<{ readonly [check: string]: Finding }> {
  const plain = normalizeConfig({ store: tempFolder(), port: 0 }, {});
  const config: Config = { ...plain, ...rest, gateway: gatewayForm.parse(gateway) };
  const all = await gatewayChecks(config, env, isOnline);
  return Object.fromEntries(all.map((finding) => [finding.check.split(" ")[0], finding]));
}

test("a plain config has nothing to fix", async () => {
  const all = Object.values(await findings({}));
  expect(all.map(({ check }) => check)).toEqual(["port", "listening", "providers", "fsync"]);
  expect(all.filter(({ check, isOk }) => !isOk && check !== "fsync")).toEqual([]);
});
test("a gateway that runs already is no fault", async () => {
  const { url } = await openGateway();
  const port = Number(new URL(url).port);
  expect((await findings({ port }))["port"]).toMatchObject({
    isOk: true,
    detail: expect.stringMatching(/already/),
  });
});
test("a port that is taken is told", async () => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((take) => server.listen(0, "127.0.0.1", take));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  expect((await findings({ port }))["port"]).toMatchObject({
    isOk: false,
    detail: `127.0.0.1:${port} is in use`,
  });
});
test("listening for others without keys is told before serve refuses it", async () => {
  expect((await findings({ host: "0.0.0.0" }))["listening"]).toMatchObject({
    isOk: false,
    detail: expect.stringMatching(/keys create/),
  });
});
test("TLS files that do not fit are told, and how long good ones hold", async () => {
  const tls = { certFile: golden("old-cert.pem"), keyFile: golden("new-key.pem") };
  expect((await findings({ gateway: { tls } }))["tls"]).toMatchObject({
    isOk: false,
    detail: expect.stringMatching(/does not belong/),
  });
  const good = { ...tls, keyFile: golden("old-key.pem") };
  expect((await findings({ gateway: { tls: good } }))["tls"]).toMatchObject({
    isOk: true,
    detail: expect.stringMatching(/good until 21/),
  });
});
test("a provider's key that is not set is told by the variable's name, one that is set by nothing", async () => {
  const gateway = { providers: { main: { url: "http://127.0.0.1:1/v1", keyEnv: "MAIN_KEY" } } };
  expect((await findings({ gateway }))["providers"]).toMatchObject({
    isOk: false,
    detail: expect.stringMatching(/MAIN_KEY/),
  });
  const set = await findings({ gateway }, { MAIN_KEY: "sk-very-secret" });
  expect(set["providers"].isOk).toBe(true);
  expect(JSON.stringify(set)).not.toContain("sk-very-secret");
});
test("--online says who cannot be reached, and whose clock differs", async () => {
  const url = await openUpstream((_, response) => {
    response.setHeader("date", "Thu, 01 Jan 2015 00:00:00 GMT").end("{}");
  });
  const late = await findings({ gateway: { providers: { main: { url } } } }, {}, true);
  expect(late["online"]).toMatchObject({
    isOk: false,
    detail: expect.stringMatching(/its clock and this one differ/),
  });
  const gone = await findings(
    { gateway: { providers: { main: { url: "http://127.0.0.1:1/v1" } } } },
    {},
    true,
  );
  expect(gone["online"]).toMatchObject({
    isOk: false,
    detail: expect.stringMatching(/cannot be reached: ECONNREFUSED/),
  });
});
