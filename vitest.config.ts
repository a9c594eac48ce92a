import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const source = { conditions: ["@slipway/source"] };

export default defineConfig({
  resolve: source,
  ssr: { resolve: source },
  test: {
    reporters: ["default", "./scripts/count-reporter.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Not a bound that anything is held to: on a busy machine everything takes its time.
    expect: { poll: { timeout: 20_000, interval: 50 } },
    // Process tests mostly wait for what they started: two at a time also where there are two processors.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        extends: true,
        test: { name: "unit", include: ["packages/*/src/**/*.test.ts", "scripts/**/*.test.ts", "corpus/**/*.test.ts"], exclude: ["**/*.process.test.ts"], pool: "threads", isolate: false },
      },
      {
        extends: true,
        test: { name: "process", include: ["packages/*/src/**/*.process.test.ts", "corpus/**/*.process.test.ts", "scripts/**/*.process.test.ts", "examples/**/*.process.test.ts", "docs/**/*.process.test.ts", "packages/dashboard/tests/**/*.process.test.ts"], pool: "forks", testTimeout: 120_000, hookTimeout: 120_000 },
      },
    ],
  },
});
