import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestHarness } from "wrangler";
import { BUILD_STEPS, runStep } from "../../scripts/lib/build-steps.ts";
import { ROOT } from "../../scripts/lib/project.ts";

const harness = createTestHarness({ workers: [{ configPath: join(ROOT, "wrangler.toml") }] });

beforeAll(async () => {
  for (const step of BUILD_STEPS) await runStep(step);
  await harness.listen();
  const worker = harness.getWorker();
  await worker.applyD1Migrations("DB");
  await worker.applyD1Migrations("HISTORY");
});
afterAll(async () => await harness.close());

/** As a browser's address bar, and as curl. The asset router treats the first specially. */
const VISITORS: Record<string, Record<string, string>> = {
  navigation: { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", accept: "text/html,*/*;q=0.8" },
  program: { accept: "*/*" },
};

describe.each(Object.entries(VISITORS))("real asset routing, %s", (_name, headers) => {
  const get = async (path: string) => await harness.fetch(path, { headers, redirect: "manual" });

  it("[SC8] serves the API description and its page from the Worker", async () => {
    const openapi = await get("/v1/openapi.json");
    expect(openapi.status).toBe(200);
    const document = (await openapi.json()) as { openapi: string; paths: Record<string, unknown> };
    expect(document.openapi).toMatch(/^3\.1/);
    expect(Object.keys(document.paths)).toContain("/v1/metrics/ingest");
    const docs = await get("/docs");
    expect(docs.status).toBe(200);
    expect(docs.headers.get("content-type")).toMatch(/text\/html/);
    expect(await docs.text()).not.toMatch(/(?:src|href)="https?:/);
  });

  it("[SC8] serves the console on every path below it, with its security headers", async () => {
    const html = readFileSync(join(ROOT, "dist/web/console/index.html"), "utf8");
    for (const path of ["/console", "/console/", "/console/observe", "/console/observe/hosts/a.b.c"]) {
      let answer = await get(path);
      if (answer.status >= 301 && answer.status <= 308)
        answer = await get(new URL(answer.headers.get("location") ?? "", "http://x").pathname);
      expect(answer.status, path).toBe(200);
      expect(await answer.text(), path).toBe(html);
      expect(answer.headers.get("content-security-policy"), path).toMatch(/default-src 'self'|default-src 'none'/);
      expect(answer.headers.get("content-security-policy"), path).not.toMatch(/unsafe-inline|unsafe-eval/);
      expect(answer.headers.get("x-content-type-options"), path).toBe("nosniff");
    }
  });

  it("[SC8] serves hashed files as files that never change, and says 404 for one that is gone", async () => {
    const file = readdirSync(join(ROOT, "dist/web/assets")).find((name) => name.endsWith(".js"));
    const answer = await get(`/assets/${file}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toMatch(/javascript/);
    expect(answer.headers.get("cache-control")).toMatch(/immutable/);
    expect((await get("/assets/gone-12345678.js")).status).toBe(404);
  });

  it("[SC8] answers an unknown path with a problem, not with a page of the console", async () => {
    for (const path of ["/v1/nothing", "/nothing/here"]) expect((await get(path)).status, path).toBe(404);
    const problem = (await (await get("/v1/nothing")).json()) as { type: string };
    expect(problem.type).toBe("/problems/not-found");
  });
});
