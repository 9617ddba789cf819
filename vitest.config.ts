import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./tests/lib/longest-first.ts";

/** A hang, not slowness: a shared machine may be ten times slower than the one that a test was written on. */
const HANG_MS = 60_000;

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: "node",
          include: ["{contract,core,sdk,web,scripts}/**/*.test.{ts,tsx}", "tests/{mutations,node}/**/*.test.ts"],
          environment: "node",
          testTimeout: HANG_MS,
          hookTimeout: HANG_MS,
        },
      },
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: "./wrangler.toml" },
            remoteBindings: false,
            miniflare: {
              bindings: {
                LOG_REQUESTS: "errors",
                TEST_MIGRATIONS: {
                  db: await readD1Migrations("migrations/db"),
                  history: await readD1Migrations("migrations/history"),
                },
              },
            },
          })),
        ],
        test: {
          name: "workers",
          include: ["{durable-objects,workers}/**/*.test.ts", "tests/workers/**/*.test.ts"],
          setupFiles: ["tests/workers/setup.ts"],
          // One workerd for all files: the setup resets storage and caches per file, which takes a quarter of the time of isolation.
          isolate: false,
          maxWorkers: 1,
          testTimeout: HANG_MS,
          hookTimeout: HANG_MS,
        },
      },
      {
        test: {
          // Whole programs: the server as `npm start` runs it, real clients, a real browser, kill -9. Two files at a time, because most of
          // their time is waiting; each has its own ports, folders and browser. What measures speed belongs into bench/.
          name: "system",
          include: ["tests/{browser,chaos,interop,system}/**/*.test.ts"],
          environment: "node",
          globalSetup: ["tests/lib/prepare.ts"],
          maxWorkers: 2,
          testTimeout: 4 * HANG_MS,
          hookTimeout: 4 * HANG_MS,
        },
      },
    ],
  },
});
