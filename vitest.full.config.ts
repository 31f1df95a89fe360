import { defineConfig } from "vitest/config";

// The slow checks: whole conversions, load, and what needs ../shared/data. Run before an issue is closed.
export default defineConfig({
  test: { include: ["test/full/**/*.test.ts"], testTimeout: 900_000, fileParallelism: false },
});
