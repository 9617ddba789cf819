import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { expect, it } from "vitest";
import { FIRST_SETTINGS } from "../../contract/settings.ts";
import { createdTenant, meta, rowsOf } from "./tenant-testing.ts";

type Step =
  | { readonly do: "note"; readonly notes: readonly number[] }
  | { readonly do: "key" }
  | { readonly do: "settings"; readonly origin: number }
  | { readonly do: "evict" };

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("note" as const), notes: fc.array(fc.nat(9), { minLength: 1, maxLength: 4 }) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("key" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("settings" as const), origin: fc.nat(3) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("evict" as const) }) },
  ),
  { minLength: 3, maxLength: 12 },
);

/** One hand that reaches into storage: which entry, which column, or the row itself. */
const tampering = fc.record({ at: fc.nat(), how: fc.constantFrom("detail", "actor", "hash", "previous_hash", "at", "gone") });

let runs = 0;
let settings = 0;
let appended = 0;

it("[AC8] however the log came to be, it holds, and one row changed behind its back is named", async () => {
  await fc.assert(
    fc.asyncProperty(steps, tampering, async (script: readonly Step[], hand) => {
      const stub = await createdTenant(`audit-model-${++runs}`);
      const expected = ["tenant.create intent", "tenant.create done"];
      for (const step of script) {
        if (step.do === "note") {
          const notes = step.notes.map((n) => ({ action: `note.${n}`, target: "t", outcome: "done", detail: { n } }) as const);
          await stub.audit(notes, meta);
          expected.push(...notes.map(({ action }) => `${action} done`));
        } else if (step.do === "key") {
          await stub.createKey({ name: "k", scopes: ["metrics:read"] }, meta);
          expected.push("key.create intent", "key.create done");
        } else if (step.do === "settings") {
          await stub.putSettings({ ...FIRST_SETTINGS, origins: [`https://o${step.origin}-${++settings}.example`] }, undefined, meta);
          expected.push("tenant.change-settings intent", "tenant.change-settings done");
        } else {
          await stub.keysVersion(); // only a running object can be evicted
          await evictDurableObject(stub);
        }
      }
      const stored = await rowsOf(stub, "SELECT action || ' ' || outcome AS entry FROM audit_entry ORDER BY seq");
      expect(stored.map(({ entry }) => entry)).toEqual(expected);
      expect(await stub.verifyAudit()).toMatchObject({ checked: expected.length, firstBroken: null, headSeq: expected.length, next: null });

      const victim = 1 + (hand.at % expected.length);
      await runInDurableObject(stub, (_, state) => {
        const { sql } = state.storage;
        if (hand.how === "gone") sql.exec("DELETE FROM audit_entry WHERE seq = ?", victim);
        else if (hand.how === "at") sql.exec("UPDATE audit_entry SET at = at + 1 WHERE seq = ?", victim);
        else sql.exec(`UPDATE audit_entry SET ${hand.how} = ${hand.how} || 'x' WHERE seq = ?`, victim);
      });
      await evictDurableObject(stub);
      expect((await stub.verifyAudit()).firstBroken).toBe(victim);
      appended += expected.length;
    }),
    { seed: 20_261_120, numRuns: 25 },
  );
  expect(runs).toBeGreaterThanOrEqual(25);
  expect(appended).toBeGreaterThan(200);
});
