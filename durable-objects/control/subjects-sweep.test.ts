import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { HOSTED, MINTED } from "../../contract/subject-id.ts";
import { DAY_MS, dayOf, SUBJECT_STORE_LIMITS as LIMITS } from "../../core/control/subject-limits.ts";
import { claimed, familyOf, meta, registered, rowsOf, standStillAt, subAt, subjectsAt, valueOf, writeRows } from "./subjects-testing.ts";

const START = Date.UTC(2031, 0, 1);

standStillAt(START);

type Stub = ReturnType<typeof subjectsAt>["stub"];

const count = async (stub: Stub, table: string) => (await rowsOf(stub, `SELECT count(*) AS n FROM ${table}`))[0]?.n;
const dueAt = async (stub: Stub) => (await rowsOf(stub, "SELECT due_at FROM kit_timer WHERE name = 'expiry'"))[0]?.due_at;

describe("what is over at a Subjects object", () => {
  it("[SU58] goes by itself, kind by kind, and the sweep rests when nothing is left", async () => {
    const { rpc, stub } = subjectsAt("over", 4);
    await registered(rpc, subAt(4), "ada");
    await rpc.loginSucceeded("ada", "home");
    valueOf(await rpc.openFamily(familyOf(subAt(4), "fam", "s0"), meta));
    await claimed(rpc, subAt(4, 2), "grace");
    await rpc.deleteSubject({ issuer: "shop", sub: "bob" }, meta);
    expect(await dueAt(stub)).toBe(START + DAY_MS);
    await evictDurableObject(stub);
    const left: string[] = [];
    for (let day = 1; day <= 33; day++) {
      vi.setSystemTime(START + day * DAY_MS);
      await runDurableObjectAlarm(stub);
      const tables = ["verification", "voided_claim", "tombstone", "known_place", "refresh_family"];
      left.push((await Promise.all(tables.map(async (table) => await count(stub, table)))).join(""));
    }
    const changes = left.flatMap((now, at) => (now === left[at - 1] ? [] : [`day ${at + 1}: ${now}`]));
    expect(changes).toEqual(["day 1: 01111", "day 2: 01011", "day 3: 00011", "day 31: 00000"]);
    expect(await dueAt(stub)).toBeUndefined();
    expect(await rpc.findEmail("ada")).toEqual({ sub: subAt(4) });
  });

  it("[SU58] [SU36] settles the claim of a link that is over: an account keeps the address, without one it is free", async () => {
    const [directory, home] = [subjectsAt("settled", 4), subjectsAt("settled", 2)];
    const [kept, left] = [subAt(2, 1), subAt(2, 2)];
    valueOf(await home.rpc.putAccount(await claimed(directory.rpc, kept, "ada"), meta));
    const late = await claimed(directory.rpc, left, "grace");
    vi.setSystemTime(START + DAY_MS);
    await runDurableObjectAlarm(directory.stub);
    expect(await directory.rpc.findEmail("ada")).toEqual({ sub: kept });
    expect(await rowsOf(directory.stub, "SELECT email_digest, finished FROM email_claim")).toEqual([{ email_digest: "ada", finished: 1 }]);
    expect(await directory.rpc.findEmail("grace")).toBeNull();
    expect((await home.rpc.putAccount(late, meta)).ok).toBe(false);
  });

  it("[SU58] goes in slices: one more than a slice takes two", async () => {
    const { rpc, stub } = subjectsAt("slices", 4);
    valueOf(await rpc.openFamily(familyOf("bob", "fam", "s0", MINTED), meta));
    await writeRows(
      stub,
      `INSERT INTO refresh_family SELECT 'fam-' || n.value, issuer, sub, name, avatar_url, guest, key_id, grants, ttl_seconds, user_agent,
       newest, twin, previous, previous_at, used, created_at, last_used_at, ends_day FROM refresh_family, json_each(?) n`,
      JSON.stringify(Array.from({ length: LIMITS.sweepRows }, (_, i) => i)),
    );
    expect(await rpc.endFamilies({ issuer: MINTED, sub: null }, START)).toEqual({ closed: LIMITS.sweepRows + 1 });
    expect(await count(stub, "refresh_family")).toBe(LIMITS.sweepRows + 1);
    for (const rows of [1, 0]) {
      vi.setSystemTime(START + (2 - rows) * LIMITS.sliceMs);
      await runDurableObjectAlarm(stub);
      expect(await count(stub, "refresh_family")).toBe(rows);
    }
    expect(await count(stub, "family_end")).toBe(0);
  });

  it("[SU58] settles fifty claims in a slice", async () => {
    const { rpc, stub } = subjectsAt("fifty", 4);
    await rpc.outboxStatus();
    const rows = JSON.stringify(Array.from({ length: LIMITS.settleAtOnce + 1 }, (_, i) => i));
    await writeRows(
      stub,
      `INSERT INTO verification SELECT 't' || value, 'e' || value, ?, 'e', 'p', 'n', ? FROM json_each(?)`,
      subAt(4),
      START,
      rows,
    );
    await writeRows(
      stub,
      `INSERT INTO email_claim SELECT 'e' || value, ?, 'ref', 'c' || value, ?, 0 FROM json_each(?)`,
      subAt(4),
      START,
      rows,
    );
    await rpc.deleteSubject({ issuer: HOSTED, sub: "nobody" }, meta); // sets the sweep
    for (const left of [1, 0]) {
      vi.setSystemTime(START + LIMITS.tombstoneMs + (1 - left) * LIMITS.sliceMs);
      await runDurableObjectAlarm(stub);
      expect([await count(stub, "verification"), await count(stub, "email_claim")]).toEqual([left, left]);
    }
  });

  it("[SU58] keeps what is not over, to the day for families and places", async () => {
    const { rpc, stub } = subjectsAt("not-over", 4);
    await registered(rpc, subAt(4), "ada");
    await rpc.loginSucceeded("ada", "home");
    valueOf(await rpc.openFamily(familyOf(subAt(4), "fam", "s0"), meta));
    vi.setSystemTime(START + 30 * DAY_MS);
    await runDurableObjectAlarm(stub);
    expect([await count(stub, "known_place"), await count(stub, "refresh_family")]).toEqual([1, 1]);
    expect(await rowsOf(stub, "SELECT ends_day FROM refresh_family")).toEqual([{ ends_day: dayOf(START) + 30 }]);
  });
});
