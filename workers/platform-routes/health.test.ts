import { describe, expect, it } from "vitest";
import type { EdgeEnv } from "../env.ts";
import { clearIsolateCaches } from "../http/isolate-caches.ts";
import { type ProblemBody, testApp } from "../http/testing.ts";
import { registerHealthRoutes } from "./health.ts";

function probe() {
  const made = testApp();
  registerHealthRoutes(made.app);
  clearIsolateCaches();
  return made;
}

const BROKEN = {
  head: async () => {
    throw new Error("R2 is away");
  },
} as unknown as EdgeEnv["ARCHIVE"]; // only `head` is asked

describe("health", () => {
  it("[HT42] /healthz answers without looking at anything", async () => {
    const { call } = probe();
    const nothing = { PUBLIC_URL: "https://meridian.test", DB: undefined, ARCHIVE: undefined } as unknown as Partial<EdgeEnv>; // what a broken deployment lacks
    expect((await call("/healthz", {}, nothing)).status).toBe(200);
  });

  it("[HT43] /readyz is ready when databases, an object and the archive answer", async () => {
    const response = await probe().call("/readyz");
    expect(await response.json()).toEqual({ status: "ok", checks: { database: "ok", history: "ok", objects: "ok", archive: "ok" } });
  });

  it("[HT43] /readyz names the part that fails, with 503 and Retry-After", async () => {
    const response = await probe().call("/readyz", {}, { ARCHIVE: BROKEN });
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
    expect((await response.json<ProblemBody>()).detail).toContain(": archive.");
  });

  it("[HT43] /readyz looks at most every 5 seconds", async () => {
    const { call } = probe();
    expect((await call("/readyz", {}, { ARCHIVE: BROKEN })).status).toBe(503);
    expect((await call("/readyz")).status).toBe(503);
    expect((await call("/readyz", {}, { CLOCK_OFFSET_MS: "5000" })).status).toBe(200);
  });
});
