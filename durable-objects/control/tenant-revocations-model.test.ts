import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { AccessKnown, AccessSnapshot, Revocation } from "../../contract/rpc/access.ts";
import { type Revoked, REVOCATION_LIMITS } from "../../core/control/revocations.ts";
import { accessOf, createdTenant, meta, rowsOf } from "./tenant-testing.ts";

const HOUR_MS = 3_600_000;
/** Far from now, so that no alarm of the object fires by itself: the steps fire it. */
const START = Date.UTC(2031, 0, 1);

const things = fc.constantFrom<Revoked[]>(
  ...["a", "b", "c", "d"].flatMap((id) => [{ kind: "token", id } as const, { kind: "subject", id } as const]),
  { kind: "issuer", id: "minted" },
  { kind: "issuer", id: "hosted" },
  { kind: "tenant", id: "" },
);
type Step =
  | { readonly do: "revoke"; readonly what: Revoked }
  | { readonly do: "ask" | "restart"; readonly isolate: number }
  | { readonly do: "wait"; readonly hours: number }
  | { readonly do: "mark" | "evict" | "alarm" };
const isolate = fc.nat(1);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant("revoke" as const), what: things }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant("ask" as const), isolate }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const), isolate }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("wait" as const), hours: fc.constantFrom(0, 1, 5, 12, 24, 25) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("mark" as const, "evict" as const, "alarm" as const) }) },
  ),
  { minLength: 10, maxLength: 40, size: "max" },
);

const nameOf = ({ kind, id }: Revoked) => `${kind} ${id}`;
const inForce = (set: ReadonlyMap<string, Pick<Revocation, "before" | "until">>) =>
  [...set].flatMap(([name, { before, until }]) => (until > Date.now() ? [`${name} ${before}`] : [])).sort();

/** An isolate of the edge: what it was told, and where it stands. */
class Isolate {
  known: AccessKnown | null = null;
  readonly set = new Map<string, Revocation>();
  config: AccessSnapshot["config"] = null;

  take(snapshot: AccessSnapshot): void {
    for (const revocation of snapshot.revocations) {
      if (revocation.kind === "tenant") this.set.clear();
      this.set.set(nameOf(revocation), revocation);
    }
    this.config = snapshot.config ?? this.config;
    this.known = { configVersion: snapshot.configVersion, revocationSeq: snapshot.revocationSeq };
  }
}

let runs = 0;
const counted = { deltas: 0, inForce: 0, left: 0, swept: 0 };

beforeAll(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterAll(() => void vi.useRealTimers());

it("[SU7] [SU9] what two isolates hold after each question is exactly what is revoked and may still be alive", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      vi.setSystemTime(START);
      const stub = await createdTenant(`revocations-model-${++runs}`);
      const oracle = new Map<string, { before: number; until: number }>();
      const isolates = [new Isolate(), new Isolate()];
      const marks: string[] = [];
      for (const step of script) {
        if (step.do === "revoke") {
          const before = Date.now();
          if (step.what.kind === "tenant") oracle.clear();
          oracle.set(nameOf(step.what), { before, until: before + REVOCATION_LIMITS.lifeMs });
          expect(await stub.revoke(step.what, meta)).toMatchObject({ ok: true, value: { ...step.what, before } });
        } else if (step.do === "ask") {
          const one = isolates[step.isolate] ?? new Isolate();
          const held = one.set.size;
          const snapshot = await accessOf(stub, one.known);
          one.take(snapshot);
          expect(inForce(one.set)).toEqual(inForce(oracle));
          expect(one.config?.publicThings.map(({ name }) => name)).toEqual(marks);
          counted.deltas += snapshot.revocations.length;
          counted.inForce += inForce(oracle).length;
          counted.left += held > 0 && inForce(oracle).length === 0 ? 1 : 0;
        } else if (step.do === "restart") isolates[step.isolate] = new Isolate();
        else if (step.do === "wait") vi.setSystemTime(Date.now() + step.hours * HOUR_MS);
        else if (step.do === "mark") {
          marks.push(`m${String(marks.length).padStart(3, "0")}`);
          await stub.setPublic({ kind: "metrics", name: marks.at(-1) ?? "" }, true, meta);
        } else if (step.do === "evict") {
          await stub.keysVersion(); // only a running object can be evicted
          await evictDurableObject(stub);
        } else {
          const stored = async () => (await rowsOf(stub, "SELECT seq FROM tenant_revocation")).length;
          const before = await stored();
          await runDurableObjectAlarm(stub);
          expect(await stored()).toBe(inForce(oracle).length);
          counted.swept += before - (await stored());
        }
      }
    }),
    { seed: 20_261_120, numRuns: 20 },
  );
  expect(counted.deltas).toBeGreaterThan(100);
  expect(counted.inForce).toBeGreaterThan(100);
  expect(counted.left).toBeGreaterThan(5);
  expect(counted.swept).toBeGreaterThan(20);
});
