import { env } from "cloudflare:workers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EventMessage } from "../../contract/events.ts";
import { deliver, eventOf, historyOf, NOON, recordingEnv } from "./testing.ts";

/** One step of a broker that repeats, reorders, splits and fails: which events it delivers together, and which object is away. */
interface Step {
  readonly picks: readonly number[];
  readonly attempts: number;
  readonly away: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  picks: fc.array(fc.nat(19), { minLength: 1, maxLength: 8 }),
  attempts: fc.integer({ min: 1, max: 4 }),
  away: fc.boolean(),
});

describe("any order and repetition of deliveries", () => {
  it("[EV27] ends in the history and the counts of the plain map", async () => {
    let run = 0;
    let repeated = 0;
    let failed = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 12 }), async (steps) => {
        const tenantId = `ev27-${run++}`;
        const events = Array.from({ length: 20 }, (_, n) => eventFor(tenantId, n));
        const taken = new Map<string, EventMessage>();
        for (const { picks, attempts, away } of steps) {
          const chosen = picks.flatMap((pick) => events[pick] ?? []);
          const recording = recordingEnv({ failing: () => away });
          const { acked } = await deliver(
            chosen.map((body) => ({ body, attempts })),
            { env: recording.env },
          );
          expect(acked.length).toBe(away ? 0 : chosen.length);
          if (away) failed++;
          // What fails on the way to its confirmation was stored all the same: it will come again.
          for (const event of chosen) {
            if (taken.has(event.id)) repeated++;
            taken.set(event.id, event);
          }
        }
        const singly = [...taken.values()].filter((event) => event.type !== "meridian.key.used");
        expect((await historyOf(tenantId)).map((row) => row["id"])).toEqual(singly.map((event) => event.id).sort());
        expect(await countOf(tenantId)).toBe(taken.size - singly.length);
      }),
      { seed: 20261120, numRuns: 25 },
    );
    expect(repeated).toBeGreaterThan(100);
    expect(failed).toBeGreaterThan(20);
  });
});

/** Every third event is of the counted class, the rest are stored; two sources each. */
function eventFor(tenantId: string, n: number): EventMessage {
  const source = `${tenantId}/${n % 2 === 0 ? "tenant/main" : "agents/main"}`;
  const type = n % 3 === 0 ? "meridian.key.used" : "meridian.member.joined";
  return eventOf(tenantId, n, { source, type, data: {}, at: NOON + n });
}

async function countOf(tenantId: string): Promise<number> {
  const row = await env.HISTORY.prepare("SELECT coalesce(sum(events), 0) AS n FROM control_event_count WHERE tenant_id = ?1")
    .bind(tenantId)
    .first<{ n: number }>();
  return row?.n ?? 0;
}
