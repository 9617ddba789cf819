import { evictDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { MINTED } from "../../contract/subject-id.ts";
import { FamilyOracle } from "../../core/control/subject-families-testing.ts";
import { DAY_MS } from "../../core/control/subject-limits.ts";
import { familyOf, hashOf, meta, subjectsAt, valueOf, standStillAt } from "./subjects-testing.ts";

const START = Date.UTC(2031, 0, 1);

standStillAt(START);

/** What two tabs of one browser do, or an owner and a thief. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("refresh" as const),
      tab: fc.constantFrom(0 as const, 1 as const),
      /** The object traded, and nobody heard of it. */
      lost: fc.boolean(),
      /** A secret from before, by its place among all. */
      old: fc.option(fc.nat(30), { freq: 8 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("share" as const), tab: fc.constantFrom(0 as const, 1 as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.oneof(fc.integer({ min: -4_000, max: 12_000 }), fc.constant(DAY_MS)) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("evict" as const) }) },
);

let runs = 0;
const seen = { traded: 0, replayed: 0, unknown: 0 };

it("[SU45] two tabs, replays, lost answers, evictions and clocks: the object answers as the family's whole history says", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 24 }), async (steps) => {
      const { rpc, stub } = subjectsAt(`family-model-${++runs}`, 0);
      const [oracle, issued, tabs] = [new FamilyOracle("s0"), ["s0"], ["s0", "s0"] as [string, string]];
      let now = START;
      vi.setSystemTime(now);
      valueOf(await rpc.openFamily(familyOf("bob", "fam", "s0", MINTED), meta));
      for (const one of steps) {
        if (one.do === "evict") {
          await rpc.outboxStatus(); // only a running object can be evicted
          await evictDurableObject(stub);
        } else if (one.do === "share") tabs[one.tab] = tabs[one.tab === 0 ? 1 : 0];
        else if (one.do === "pass") vi.setSystemTime((now += one.ms));
        else {
          const secret = one.old === null ? tabs[one.tab] : (issued[one.old % issued.length] ?? "s0");
          const next = `s${issued.length}`;
          const wanted = oracle.present(secret, next, now);
          const answer = await rpc.rotateFamily("fam", hashOf(secret), hashOf(next));
          expect(answer.ok ? "traded" : answer.reason).toBe(wanted);
          seen[wanted] += 1;
          if (wanted !== "traded") continue;
          issued.push(next);
          if (!one.lost) tabs[one.tab] = next;
        }
      }
      expect(valueOf(await rpc.describe({ issuer: MINTED, sub: "bob" })).sessions).toHaveLength(oracle.dead ? 0 : 1);
    }),
    { seed: 20_261_120, numRuns: 40 },
  );
  expect(seen.traded).toBeGreaterThan(100);
  expect(seen.replayed).toBeGreaterThan(10);
});
