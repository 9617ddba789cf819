import { describe, expect, it } from "vitest";
import { AGENT_LIMITS, agentPatchSchema, COLLECTORS } from "../../contract/agents.ts";
import { COLLECTOR_WORDS, draftOf, patchOf } from "./agent-config.ts";

const draft = { intervalS: "5", collectors: ["cpu"], labels: "env=prod\n region = eu=1 \n" } as const;

describe("an agent's configuration as a form", () => {
  it("[UI14] becomes the patch that the contract accepts, and comes back as it was typed", () => {
    const read = patchOf(draft);
    expect(read).toEqual({ patch: { intervalMs: 5_000, collectors: ["cpu"], labels: { env: "prod", region: "eu=1" } } });
    if (!("patch" in read)) return expect.fail();
    expect(agentPatchSchema.safeParse(read.patch).success).toBe(true);
    expect(draftOf({ config: { version: 1, intervalMs: 5_000, collectors: ["cpu"], labels: { env: "prod" } } }).labels).toBe("env=prod");
  });

  it("[UI14] refuses what the contract would refuse, by field and with the way out", () => {
    const errorsOf = (part: object) => {
      const read = patchOf({ ...draft, ...part });
      return "errors" in read ? read.errors : {};
    };
    for (const intervalS of ["", "0.9", "301", "often"])
      expect(errorsOf({ intervalS })).toEqual({ intervalS: "Between 1 and 300 seconds." });
    expect(errorsOf({ labels: "prod" }).labels).toMatch(/name=value/);
    expect(errorsOf({ labels: "1env=x" }).labels).toMatch(/cannot be a label/);
    expect(errorsOf({ labels: "a=1\na=2" }).labels).toMatch(/twice/);
    const most = Array.from({ length: AGENT_LIMITS.labels }, (_, i) => `l${i}=x`);
    expect(errorsOf({ labels: most.join("\n") })).toEqual({});
    expect(errorsOf({ labels: [...most, "more=x"].join("\n") }).labels).toMatch(/At most 10/);
    expect(errorsOf({ intervalS: String(AGENT_LIMITS.minIntervalMs / 1_000) })).toEqual({});
    expect(errorsOf({ intervalS: String(AGENT_LIMITS.maxIntervalMs / 1_000) })).toEqual({});
  });

  it("[UI14] has words for every collector", () => {
    expect(Object.keys(COLLECTOR_WORDS)).toEqual([...COLLECTORS]);
  });
});
