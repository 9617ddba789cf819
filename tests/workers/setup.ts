import { applyD1Migrations, env, reset } from "cloudflare:test";
import { beforeAll } from "vitest";
import { clearIsolateCaches } from "../../workers/http/isolate-caches.ts";

// Storage is shared by all files of the run: each starts from nothing, with the real migrations applied.
beforeAll(async () => {
  await reset();
  clearIsolateCaches();
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS.db);
  await applyD1Migrations(env.HISTORY, env.TEST_MIGRATIONS.history);
});
