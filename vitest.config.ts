import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["test/full/**", "node_modules/**"],
    // isolate: false is the rule of the house made mechanical: no test may depend on module state.
    setupFiles: ["test/setup.ts"],
    isolate: false,
    pool: "threads",
    testTimeout: 30_000,
  },
});
