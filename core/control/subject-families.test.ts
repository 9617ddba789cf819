import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import { familyEndsAt, type FamilySecrets, firstSecrets, holdsSecret, isFamilyOver, tradeSecret } from "./subject-families.ts";
import { FamilyOracle } from "./subject-families-testing.ts";
import { DAY_MS, SUBJECT_STORE_LIMITS } from "./subject-limits.ts";

const START = Date.UTC(2031, 0, 1);
const GRACE_MS = SUBJECT_LIMITS.refreshGraceMs;

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A family that trades secrets by name. */
class Family {
  secrets: FamilySecrets = firstSecrets(hashOf("s0"));
  dead = false;

  present(secret: string, next: string, now: number): "traded" | "replayed" | "unknown" {
    if (this.dead) return "unknown";
    const trade = tradeSecret(this.secrets, hashOf(secret), hashOf(next), now);
    if (trade.kind === "traded") this.secrets = trade.secrets;
    if (trade.kind === "replayed") this.dead = true;
    return trade.kind;
  }
}

describe("a refresh secret", () => {
  it("[SU43] is traded for the next, and once more within ten seconds when that answer was lost", () => {
    const family = new Family();
    expect(family.present("s0", "s1", START)).toBe("traded");
    expect(family.present("s0", "s2", START + GRACE_MS)).toBe("traded");
    expect(family.present("s2", "s3", START + DAY_MS)).toBe("traded");
  });

  it.each([
    ["a moment after the grace", ["s0 s1 0", `s0 s2 ${GRACE_MS + 1}`]],
    ["a second time within the grace", ["s0 s1 0", "s0 s2 1", "s0 s3 2"]],
    ["after its successor was used", ["s0 s1 0", "s1 s2 1", "s0 s3 2"]],
    ["from long ago", ["s0 s1 0", "s1 s2 1", "s2 s3 2", "s0 s4 3"]],
    ["never used, whose twin was", ["s0 s1 0", "s0 s2 1", "s1 s3 2", "s2 s4 3"]],
    ["never used, whose younger twin was", ["s0 s1 0", "s0 s2 1", "s2 s3 2", "s1 s4 3"]],
  ])("[SU44] that comes %s ends its family", (_, steps) => {
    const family = new Family();
    const kinds = steps.map((step) => {
      const [secret = "", next = "", at] = step.split(" ");
      return family.present(secret, next, START + Number(at));
    });
    expect(kinds.at(-1)).toBe("replayed");
    expect(kinds.slice(0, -1).every((kind) => kind === "traded")).toBe(true);
  });

  it("[SU43] that two tabs traded at the same moment leaves either answer good, whichever a shared cookie kept", () => {
    for (const kept of ["s1", "s2"]) {
      const family = new Family();
      family.present("s0", "s1", START);
      family.present("s0", "s2", START);
      expect(family.present(kept, "s3", START + DAY_MS)).toBe("traded");
      expect(family.present("s3", "s4", START + 2 * DAY_MS)).toBe("traded");
    }
  });

  it("[SU44] that never was one of the family's changes nothing", () => {
    const family = new Family();
    family.present("s0", "s1", START);
    expect(family.present("guessed", "x", START)).toBe("unknown");
    expect(family.present("s1", "s2", START)).toBe("traded");
  });

  it("[SU44] is recognised after as many trades as are remembered, and with more whatever is not the newest counts as used", () => {
    const family = new Family();
    for (let i = 0; i < SUBJECT_STORE_LIMITS.usedSecrets - 1; i++) family.present(`s${i}`, `s${i + 1}`, START);
    const last = SUBJECT_STORE_LIMITS.usedSecrets - 1;
    expect(family.present("guessed", "x", START)).toBe("unknown");
    expect(tradeSecret(family.secrets, hashOf("s0"), hashOf("x"), START).kind).toBe("replayed");
    family.present(`s${last}`, `s${last + 1}`, START);
    const { length } = family.secrets.used;
    expect(tradeSecret(family.secrets, hashOf("guessed"), hashOf("x"), START).kind).toBe("replayed");
    expect(family.present(`s${last}`, "twin", START)).toBe("traded");
    expect(family.present("twin", "s-next", START)).toBe("traded");
    expect(family.secrets.used).toHaveLength(length);
  });

  it("[SU48] may end its family when it is the newest, its twin or the one before, and no older one may", () => {
    const family = new Family();
    family.present("s0", "s1", START);
    family.present("s1", "s2", START);
    family.present("s1", "s3", START);
    expect(["s0", "s1", "s2", "s3", "other"].map((secret) => holdsSecret(family.secrets, hashOf(secret)))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
  });

  it("[SU46] works for 30 days after its last use and 180 days in all, and up to a revocation", () => {
    expect(familyEndsAt(START, START + 10 * DAY_MS)).toBe(START + 40 * DAY_MS);
    expect(familyEndsAt(START, START + 170 * DAY_MS)).toBe(START + 180 * DAY_MS);
    const family = { createdAt: START, lastUsedAt: START };
    expect(isFamilyOver(family, undefined, START + 30 * DAY_MS - 1)).toBe(false);
    expect(isFamilyOver(family, undefined, START + 30 * DAY_MS)).toBe(true);
    expect(isFamilyOver(family, START - 1, START)).toBe(false);
    expect(isFamilyOver(family, START, START)).toBe(true);
  });
});

/** Somebody who holds a handle; `lost` is one whose answer never came. */
interface Holder {
  secret: string;
  attempts: number;
}

const step = fc.record({
  who: fc.constantFrom("owner" as const, "thief" as const),
  lost: fc.boolean(),
  /** Milliseconds that pass before; a clock may also be set back. */
  pause: fc.oneof(
    fc.integer({ min: 0, max: 3_000 }),
    fc.integer({ min: 9_990, max: 10_010 }),
    fc.constant(DAY_MS),
    fc.integer({ min: -5_000, max: -1 }),
  ),
  old: fc.option(fc.nat(20), { freq: 12 }),
});

describe("families of handles, whatever happens to them", () => {
  it("[SU45] answer as their whole history says", () => {
    const seen = { traded: 0, replayed: 0, unknown: 0 };
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
        const [family, oracle] = [new Family(), new FamilyOracle("s0")];
        const [issued, holders] = [["s0"], { owner: "s0", thief: "s0" }];
        let now = START;
        for (const { who, lost, pause, old } of steps) {
          now += pause;
          const secret = old === null ? holders[who] : (issued[old % issued.length] ?? "s0");
          const next = `s${issued.length}`;
          const kind = family.present(secret, next, now);
          expect(kind).toBe(oracle.present(secret, next, now));
          seen[kind] += 1;
          if (kind !== "traded") continue;
          issued.push(next);
          if (!lost) holders[who] = next;
        }
      }),
      { seed: 20_261_120, numRuns: 2_000 },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(500);
  });

  it("[SU45] end once both the owner and a thief of a handle have moved on from it", () => {
    let both = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 4, maxLength: 40 }), fc.nat(5), (steps, before) => {
        const family = new Family();
        let [secret, serial] = ["s0", 0];
        for (let i = 0; i < before; i++) family.present(secret, (secret = `s${++serial}`), START);
        const holders: Record<string, Holder> = { owner: { secret, attempts: 0 }, thief: { secret, attempts: 0 } };
        let now = START + DAY_MS;
        for (const { who, lost, pause } of steps) {
          const holder = holders[who];
          if (!holder) continue;
          now += pause;
          const next = `s${++serial}`;
          const traded = family.present(holder.secret, next, now) === "traded";
          holder.attempts += 1;
          if (traded && !lost) holder.secret = next;
        }
        if (!Object.values(holders).every(({ attempts }) => attempts >= 2)) return;
        both += 1;
        expect(family.dead).toBe(true);
      }),
      { seed: 20_261_120, numRuns: 2_000 },
    );
    expect(both).toBeGreaterThan(1_000);
  });

  it("[SU45] never end for a client that only repeats a lost answer within the grace", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ lost: fc.boolean(), after: fc.nat(GRACE_MS), pause: fc.nat(20 * DAY_MS) }), { maxLength: 60 }),
        (turns) => {
          const family = new Family();
          let [secret, serial, now] = ["s0", 0, START];
          for (const { lost, after, pause } of turns) {
            now += pause;
            if (lost) {
              expect(family.present(secret, `s${++serial}`, now)).toBe("traded");
              now += after;
            }
            const next = `s${++serial}`;
            expect(family.present(secret, next, now)).toBe("traded");
            secret = next;
          }
        },
      ),
      { seed: 20_261_120, numRuns: 500 },
    );
  });
});
