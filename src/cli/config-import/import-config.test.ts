import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { stringify } from "yaml";
import { afterAll, describe, expect, test } from "vitest";
import { configForm, normalizeConfig } from "../config.ts";
import { importConfig } from "./import-config.ts";

const read = (text: string, path = "config.yaml"): ReturnType<typeof importConfig> =>
  importConfig({ text, path, today: "2026-11-27" });

const LITELLM = `
model_list:
  - model_name: gpt-4o
    litellm_params:
      model: azure/gpt-4o-eu
      api_base: https://my-endpoint-europe.openai.azure.com/
      api_key: "os.environ/AZURE_API_KEY_EU"
      api_version: "2024-10-21"
      rpm: 6
  - model_name: gpt-4o
    litellm_params:
      model: gpt-4o
      api_key: os.environ/OPENAI_API_KEY
      rpm: 10
  - model_name: gpt-4o
    litellm_params:
      model: openai/gpt-4o
      api_key: os.environ/OPENAI_API_KEY_2
      rpm: 10
      temperature: 0.2
  - model_name: claude
    litellm_params:
      model: anthropic/claude-sonnet-4-5
      api_key: sk-ant-REALSECRET
      timeout: 300
    model_info:
      input_cost_per_token: 0.000003
      output_cost_per_token: 0.000015
  - model_name: local
    litellm_params:
      model: openai/qwen3-8b
      api_base: http://user:hunter2@127.0.0.1:8000/v1
      api_key: none
  - model_name: fast
    litellm_params:
      model: groq/llama-3.3-70b-versatile
      api_key: os.environ/GROQ_API_KEY
  - model_name: vertex
    litellm_params:
      model: vertex_ai/gemini-2.5-pro
      vertex_project: my-project
litellm_settings:
  num_retries: 2
  cache: true
  success_callback: ["langfuse"]
  fallbacks: [{"claude": ["gpt-4o"]}, {"nowhere": ["claude"]}]
router_settings:
  routing_strategy: latency-based-routing
  model_group_alias: {"best": "claude"}
  redis_password: os.environ/REDIS_PASSWORD
general_settings:
  master_key: sk-1234567
  database_url: postgresql://llmproxy:dbpassword@db/litellm
environment_variables:
  LANGFUSE_SECRET_KEY: lf-secret
`;

describe("a LiteLLM proxy's config", () => {
  const found = read(LITELLM);

  test("becomes a config of ours", () => {
    expect(found.config).toEqual({
      providers: {
        azure: {
          type: "azure",
          url: "https://my-endpoint-europe.openai.azure.com",
          settings: { apiVersion: "2024-10-21" },
          keyEnv: "AZURE_API_KEY_EU",
        },
        openai: { keyEnv: ["OPENAI_API_KEY", "OPENAI_API_KEY_2"] },
        anthropic: { type: "anthropic", timeouts: { totalMs: 300_000 }, keyEnv: "ANTHROPIC_API_KEY" },
        "openai-2": { url: "http://127.0.0.1:8000/v1" },
        groq: { type: "groq", keyEnv: "GROQ_API_KEY" },
      },
      models: {
        "gpt-4o": {
          targets: [
            { provider: "azure", model: "gpt-4o-eu" },
            { provider: "openai", model: "gpt-4o" },
          ],
          retries: 2,
        },
        claude: {
          targets: [
            { provider: "anthropic", model: "claude-sonnet-4-5" },
            { provider: "azure", model: "gpt-4o-eu" },
            { provider: "openai", model: "gpt-4o" },
          ],
          retries: 2,
        },
        local: { targets: [{ provider: "openai-2", model: "qwen3-8b" }], retries: 2 },
        fast: { targets: [{ provider: "groq", model: "llama-3.3-70b-versatile" }], retries: 2 },
        best: {
          targets: [
            { provider: "anthropic", model: "claude-sonnet-4-5" },
            { provider: "azure", model: "gpt-4o-eu" },
            { provider: "openai", model: "gpt-4o" },
          ],
          retries: 2,
        },
      },
      keysRequired: true,
      limits: [{ model: "gpt-4o", per: "minute", requests: 26 }],
      prices: { asOf: "2026-11-27", models: { "claude-sonnet-4-5": { inputUsd: 3, outputUsd: 15 } } },
    });
    expect(found.environment).toEqual([
      "ANTHROPIC_API_KEY",
      "AZURE_API_KEY_EU",
      "GROQ_API_KEY",
      "OPENAI_API_KEY",
      "OPENAI_API_KEY_2",
    ]);
  });

  test("says of every part that was not taken over where it is and why", () => {
    expect(found.unmapped.map(({ at }) => at)).toEqual([
      "model_list.3.litellm_params.api_key",
      "model_list.4.litellm_params.api_base",
      "model_list.6.litellm_params",
      "fallbacks",
      "general_settings.master_key",
      "environment_variables.LANGFUSE_SECRET_KEY",
      "model_list.2.litellm_params.temperature",
      "model_list.6.litellm_params.vertex_project",
      "litellm_settings.cache",
      "litellm_settings.success_callback",
      "router_settings.routing_strategy",
      "router_settings.redis_password",
      "general_settings.database_url",
    ]);
    expect(found.unmapped.every(({ why }) => why.length > 5)).toBe(true);
  });

  test("writes no secret anywhere", () => {
    const text = JSON.stringify(found);
    const secrets = ["REALSECRET", "hunter2", "sk-1234567", "dbpassword", "lf-secret"];
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  });

  test("is one that serve accepts", () => {
    const folder = mkdtempSync(join(tmpdir(), "understudy-config-"));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, "understudy.config.json");
    writeFileSync(path, JSON.stringify(found.config));
    expect(normalizeConfig({ config: path }, {}).gateway.models["gpt-4o"].targets).toHaveLength(2);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(found.config);
  });

  test("takes a model for all as the default provider, and tells other patterns", () => {
    const { config, unmapped } = read(
      stringify({
        model_list: [
          { model_name: "*", litellm_params: { model: "openai/*", api_key: "os.environ/OPENAI_API_KEY" } },
          { model_name: "anthropic/*", litellm_params: { model: "anthropic/*" } },
        ],
      }),
    );
    expect([config.defaultProvider, unmapped.map(({ at }) => at)]).toEqual([
      "openai",
      ["model_list.1.model_name"],
    ]);
  });

  test("drops nothing in silence: every part is in the config, mapped or told", () => {
    const name = fc.stringMatching(/^[a-z_]{3,12}$/);
    fc.assert(
      fc.property(
        fc.dictionary(name, fc.oneof(fc.integer(), fc.boolean(), fc.string()), { minKeys: 1 }),
        (extra) => {
          const { unmapped } = read(
            stringify({
              model_list: [{ model_name: "m", litellm_params: { model: "gpt-4o" } }],
              general_settings: Object.fromEntries(
                Object.entries(extra).map(([key, value]) => [`zz_${key}`, value]),
              ),
            }),
          );
          const told = new Set(unmapped.map(({ at }) => at));
          const expected = Object.keys(extra).map((key) => `general_settings.zz_${key}`);
          const missed = expected.filter((path) => !told.has(path));
          expect(missed).toEqual(told.has("general_settings") ? expected : []);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("a Portkey config", () => {
  const fallback = {
    strategy: { mode: "fallback", on_status_codes: [429] },
    retry: { attempts: 3 },
    cache: { mode: "simple", max_age: 60 },
    targets: [
      { provider: "openai", api_key: "sk-REALSECRET", override_params: { model: "gpt-4o", temperature: 0 } },
      {
        strategy: { mode: "loadbalance" },
        targets: [
          {
            provider: "anthropic",
            virtual_key: "anthropic-7f3a",
            override_params: { model: "claude-sonnet-4-5" },
            weight: 0.5,
          },
          {
            provider: "openai",
            custom_host: "http://127.0.0.1:8000/v1",
            request_timeout: 30000,
            override_params: { model: "qwen3" },
          },
        ],
      },
      { virtual_key: "my-own-key" },
    ],
  };

  test("becomes a chain of targets", () => {
    const found = read(JSON.stringify({ success: true, data: { config: fallback } }), "support.json");
    expect(found.config).toEqual({
      providers: {
        openai: { keyEnv: "OPENAI_API_KEY" },
        anthropic: { type: "anthropic", keyEnv: "ANTHROPIC_API_KEY" },
        "openai-2": {
          url: "http://127.0.0.1:8000/v1",
          timeouts: { totalMs: 30_000 },
          keyEnv: "OPENAI_API_KEY",
        },
      },
      models: {
        "gpt-4o": {
          targets: [
            { provider: "openai", model: "gpt-4o" },
            { provider: "anthropic", model: "claude-sonnet-4-5" },
            { provider: "openai-2", model: "qwen3" },
          ],
          retries: 3,
        },
      },
    });
    expect(found.unmapped.map(({ at }) => at)).toEqual([
      "targets.0.api_key",
      "targets.1.strategy.mode",
      "targets.1.targets.0.virtual_key",
      "targets.2",
      "strategy.on_status_codes",
      "cache",
      "targets.0.override_params.temperature",
      "targets.1.targets.0.weight",
    ]);
    expect(JSON.stringify(found)).not.toContain("REALSECRET");
  });

  test("of an Azure resource gets its address", () => {
    const target = {
      provider: "azure-openai",
      azure_resource_name: "my-eu",
      azure_deployment_id: "gpt4",
      azure_api_version: "2024-10-21",
    };
    const { config, unmapped } = read(JSON.stringify(target));
    const azure = {
      type: "azure",
      url: "https://my-eu.openai.azure.com",
      settings: { deployment: "gpt4", apiVersion: "2024-10-21" },
      keyEnv: "AZURE_API_KEY",
    };
    expect([config.providers, unmapped]).toEqual([{ "azure-openai": azure }, []]);
  });

  test("of one provider becomes the default provider", () => {
    expect(read('{"provider":"openai","api_key":"{{OPENAI_KEY}}"}').config).toEqual({
      providers: { openai: { keyEnv: "OPENAI_KEY" } },
      defaultProvider: "openai",
    });
  });
});

test.each([
  ["no config", "hello"],
  ["another config", "services: {web: {image: nginx}}"],
  ["broken YAML", "model_list: ]["],
  ["a list", "[1, 2]"],
  ["nothing that can be used", "model_list: [{model_name: m, litellm_params: {model: vertex_ai/x}}]"],
  ["wrong types", "model_list: {a: 1}\nlitellm_settings: 7"],
  ["aliases without end", `a: &a [x]\n${"b: [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n".replaceAll("b", "model_list")}`],
])("of %s is refused in one line", (_, text) => {
  expect(() => read(text)).toThrow(/^Cannot (import|read) "config.yaml": [^\n]+$/);
});

test("never throws anything but that line, and writes only configs that are accepted", () => {
  const json = fc.jsonValue({ maxDepth: 4 });
  const entry = fc.record({
    model_name: json,
    litellm_params: fc.record({ model: json, api_key: json, api_base: json }),
    model_info: json,
  });
  const config = fc.record({
    model_list: fc.oneof(json, fc.array(entry)),
    litellm_settings: json,
    router_settings: json,
    targets: json,
  });
  fc.assert(
    fc.property(config, (value) => {
      try {
        expect(configForm.safeParse(read(JSON.stringify(value)).config).success).toBe(true);
      } catch (error) {
        expect((error as Error).name).toBe("HouseError");
      }
    }),
    { numRuns: 300 },
  );
});
