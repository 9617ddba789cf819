import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUDGETS } from "../../scripts/checks/budgets.ts";
import { BUILD_STEPS, runStep } from "../../scripts/lib/build-steps.ts";
import { ROOT, run } from "../../scripts/lib/project.ts";

const folder = mkdtempSync(join(tmpdir(), "meridian-deploy-"));
beforeAll(async () => {
  for (const step of BUILD_STEPS.filter(({ name }) => name === "console")) await runStep(step);
});
afterAll(() => rmSync(folder, { recursive: true }));

const SCRIPTS = [
  { script: "objects", budget: BUDGETS.objects, bindings: ["TENANT", "METRICS", "HUB", "AGENTS", "EVENTS", "ARCHIVE"] },
  {
    script: "edge",
    budget: BUDGETS.edge,
    bindings: ["TENANT", "METRICS", "HUB", "AGENTS", "ATTEMPTS", "DB", "HISTORY", "EVENTS", "ARCHIVE", "ASSETS"],
  },
];

describe.each(["staging", "production"])("a dry-run deploy to %s", (environment) => {
  it.each(SCRIPTS)("[SC9] builds the $script script with its bindings within its budget", async ({ script, budget, bindings }) => {
    const out = join(folder, `${script}-${environment}`);
    const { code, output } = await run("wrangler", [
      "deploy",
      "--dry-run",
      "--config",
      join(ROOT, "deploy", script, "wrangler.toml"),
      "--env",
      environment,
      "--outdir",
      out,
    ]);
    expect(output).not.toMatch(/ERROR/);
    expect(code).toBe(0);
    for (const binding of bindings) expect(output).toContain(`env.${binding}`);
    expect(gzipSync(readFileSync(join(out, "index.js"))).length).toBeLessThanOrEqual(budget);
  });
});
