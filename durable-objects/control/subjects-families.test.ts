import { evictDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { HOSTED, MINTED, SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import { DAY_MS } from "../../core/control/subject-limits.ts";
import {
  eventsOf,
  familyOf,
  hashOf,
  meta,
  registered,
  rowsOf,
  slugOf,
  subAt,
  subjectsAt,
  valueOf,
  standStillAt,
} from "./subjects-testing.ts";

const START = Date.UTC(2031, 0, 1, 12, 34, 56);
const BOB = { issuer: MINTED, sub: "bob" };

standStillAt(START);

type Rpc = ReturnType<typeof subjectsAt>["rpc"];

const open = async (rpc: Rpc, id: string, sub = "bob", issuer = MINTED) => await rpc.openFamily(familyOf(sub, id, `${id}-0`, issuer), meta);
const rotate = async (rpc: Rpc, id: string, from: number, to: number) =>
  await rpc.rotateFamily(id, hashOf(`${id}-${from}`), hashOf(`${id}-${to}`));
const refused = (reason: string, who: object | null = BOB) => ({ ok: false, reason, who });

describe("a family at an object", () => {
  it("[SU43] trades secrets, also after an eviction, and answers what its key gave", async () => {
    const { rpc, stub } = subjectsAt("trades", 7);
    valueOf(await open(rpc, "fam"));
    const { secretHash: _, userAgent: __, ...family } = familyOf("bob", "fam", "fam-0", MINTED);
    expect(await rotate(rpc, "fam", 0, 1)).toEqual({ ok: true, family });
    await evictDurableObject(stub);
    expect(await rotate(rpc, "fam", 0, 2)).toEqual({ ok: true, family });
    expect(await rotate(rpc, "fam", 1, 3)).toMatchObject({ ok: true });
  });

  it("[SU44] is ended by a replay, at once and for every secret, and says whose it was", async () => {
    const { rpc, stub } = subjectsAt("replayed", 7);
    valueOf(await open(rpc, "fam"));
    await rotate(rpc, "fam", 0, 1);
    await rotate(rpc, "fam", 1, 2);
    await evictDurableObject(stub);
    expect(await rpc.rotateFamily("fam", hashOf("guessed"), hashOf("x"))).toEqual(refused("unknown", null));
    expect(await rotate(rpc, "fam", 0, 3)).toEqual(refused("replayed"));
    expect(await rotate(rpc, "fam", 2, 4)).toEqual(refused("unknown", null));
    expect(await rowsOf(stub, "SELECT family_id FROM refresh_family")).toEqual([]);
  });

  it("[SU46] counts its last use to the minute and is ended 30 days after it", async () => {
    const { rpc, stub } = subjectsAt("idle", 7);
    valueOf(await open(rpc, "fam"));
    vi.setSystemTime(START + 10 * DAY_MS + 1_234);
    await rotate(rpc, "fam", 0, 1);
    const used = Date.UTC(2031, 0, 11, 12, 34);
    expect(await rowsOf(stub, "SELECT last_used_at AS at FROM refresh_family")).toEqual([{ at: used }]);
    vi.setSystemTime(used + 30 * DAY_MS);
    expect(await rotate(rpc, "fam", 1, 2)).toEqual(refused("ended"));
    vi.setSystemTime(used + 30 * DAY_MS - 1);
    expect(await rotate(rpc, "fam", 1, 2)).toMatchObject({ ok: true });
  });

  it("[SU46] is ended 180 days after it was opened, however much it is used", async () => {
    const { rpc } = subjectsAt("old", 7);
    valueOf(await open(rpc, "fam"));
    for (let i = 0; i < 9; i++) {
      vi.setSystemTime(START + (i + 1) * 19 * DAY_MS);
      expect(await rotate(rpc, "fam", i, i + 1)).toMatchObject({ ok: true });
    }
    vi.setSystemTime(START + 180 * DAY_MS - 1);
    expect(await rotate(rpc, "fam", 9, 10)).toMatchObject({ ok: true });
    vi.setSystemTime(START + 180 * DAY_MS);
    expect(await rotate(rpc, "fam", 10, 11)).toEqual(refused("ended"));
  });

  it("[SU47] is one of 20 of its subject; for one more the one unused longest ends", async () => {
    const { rpc } = subjectsAt("twenty", 7);
    for (let i = 0; i < SUBJECT_LIMITS.families; i++) {
      vi.setSystemTime(START + i * 60_000);
      valueOf(await open(rpc, `fam-${i}`));
    }
    vi.setSystemTime(START + DAY_MS);
    expect(await rotate(rpc, "fam-0", 0, 1)).toMatchObject({ ok: true });
    expect(valueOf(await rpc.describe(BOB)).sessions).toHaveLength(SUBJECT_LIMITS.families);
    valueOf(await open(rpc, "one-more"));
    valueOf(await open(rpc, "of-eve", "eve"));
    const ids = valueOf(await rpc.describe(BOB)).sessions.map(({ id }) => id);
    expect(ids).toHaveLength(SUBJECT_LIMITS.families);
    expect(ids).not.toContain("fam-1");
    expect(ids).toContain("fam-0");
    expect(await rotate(rpc, "fam-1", 0, 1)).toEqual(refused("unknown", null));
  });

  it("[SU47] opened again with the same secret is the same; another of its id is a conflict", async () => {
    const { rpc } = subjectsAt("again", 7);
    valueOf(await open(rpc, "fam"));
    expect(slugOf(await open(rpc, "fam"))).toBe("ok");
    expect(slugOf(await open(rpc, "fam", "eve"))).toBe("conflict");
    expect(slugOf(await rpc.openFamily(familyOf("bob", "fam", "other", MINTED), meta))).toBe("conflict");
  });
});

describe("ending families", () => {
  it("[SU48] ends one, or all of a subject, and never another's", async () => {
    const { rpc } = subjectsAt("close", 7);
    for (const id of ["a", "b", "c"]) valueOf(await open(rpc, id));
    valueOf(await open(rpc, "eves", "eve"));
    expect(valueOf(await rpc.closeFamilies(BOB, "a", meta))).toEqual({ closed: ["a"] });
    expect(valueOf(await rpc.closeFamilies(BOB, "a", meta))).toEqual({ closed: [] });
    expect(valueOf(await rpc.closeFamilies(BOB, "eves", meta))).toEqual({ closed: [] });
    expect(valueOf(await rpc.closeFamilies(BOB, null, meta)).closed.toSorted()).toEqual(["b", "c"]);
    expect(await rotate(rpc, "eves", 0, 1)).toMatchObject({ ok: true });
  });

  it("[SU48] takes the secret of the family or the one before, and no other", async () => {
    const { rpc } = subjectsAt("by-secret", 7);
    for (const id of ["a", "b"]) {
      valueOf(await open(rpc, id));
      await rotate(rpc, id, 0, 1);
    }
    await rotate(rpc, "b", 1, 2);
    expect(valueOf(await rpc.closeFamilyBySecret("a", hashOf("a-0"), meta))).toEqual({ closed: ["a"] });
    expect(valueOf(await rpc.closeFamilyBySecret("a", hashOf("a-1"), meta))).toEqual({ closed: [] });
    expect(valueOf(await rpc.closeFamilyBySecret("b", hashOf("b-0"), meta))).toEqual({ closed: [] });
    expect(valueOf(await rpc.closeFamilyBySecret("b", hashOf("a-1"), meta))).toEqual({ closed: [] });
    expect(valueOf(await rpc.closeFamilyBySecret("b", hashOf("b-2"), meta))).toEqual({ closed: ["b"] });
  });

  it("[SU46] of an issuer or of everybody ends those opened up to then and leaves those opened since", async () => {
    const { rpc, stub } = subjectsAt("revoked", 7);
    await registered(rpc, subAt(7), "ada");
    valueOf(await open(rpc, "minted-old"));
    valueOf(await open(rpc, "hosted-old", subAt(7), HOSTED));
    expect(await rpc.endFamilies({ issuer: MINTED, sub: null }, START)).toEqual({ closed: 1 });
    await evictDurableObject(stub);
    vi.setSystemTime(START + 1);
    valueOf(await open(rpc, "minted-new"));
    expect(await rotate(rpc, "minted-old", 0, 1)).toEqual(refused("ended"));
    expect(await rotate(rpc, "minted-new", 0, 1)).toMatchObject({ ok: true });
    expect(await rotate(rpc, "hosted-old", 0, 1)).toMatchObject({ ok: true });
    expect(valueOf(await rpc.describe(BOB)).sessions.map(({ id }) => id)).toEqual(["minted-new"]);
    expect(await rpc.endFamilies({ issuer: null, sub: null }, START + 1)).toEqual({ closed: 3 });
    expect(await rotate(rpc, "minted-new", 1, 2)).toEqual(refused("ended"));
    expect(await rotate(rpc, "hosted-old", 1, 2)).toMatchObject({ ok: false, reason: "ended" });
    vi.setSystemTime(START + 2);
    valueOf(await open(rpc, "newest"));
    expect(await rpc.endFamilies({ issuer: null, sub: null }, START)).toMatchObject({ closed: 2 });
    expect(await rotate(rpc, "newest", 0, 1)).toMatchObject({ ok: true });
  });

  it("[SU46] of one subject ends those opened up to then and nobody else's", async () => {
    const { rpc } = subjectsAt("revoked-one", 7);
    valueOf(await open(rpc, "old"));
    valueOf(await open(rpc, "eves", "eve"));
    vi.setSystemTime(START + 1);
    valueOf(await open(rpc, "new"));
    expect(await rpc.endFamilies(BOB, START)).toEqual({ closed: 1 });
    expect(await rpc.endFamilies({ issuer: null, sub: "bob" }, START + 1)).toEqual({ closed: 0 });
    expect(await rotate(rpc, "old", 0, 1)).toEqual(refused("unknown", null));
    expect(await rotate(rpc, "new", 0, 1)).toMatchObject({ ok: true });
    expect(await rotate(rpc, "eves", 0, 1)).toMatchObject({ ok: true });
  });
});

describe("whom a family speaks for", () => {
  it("[SU49] is the hosted account as it is now, and only one that exists", async () => {
    const { rpc } = subjectsAt("hosted", 7);
    const sub = subAt(7);
    expect(slugOf(await open(rpc, "early", sub, HOSTED))).toBe("not-found");
    valueOf(await rpc.createGuest({ sub, name: "Player 1" }, meta));
    valueOf(await open(rpc, "fam", sub, HOSTED));
    expect(await rotate(rpc, "fam", 0, 1)).toMatchObject({ ok: true, family: { name: "Player 1", guest: true, minted: null } });
    await registered(rpc, sub, "ada");
    expect(await rotate(rpc, "fam", 1, 2)).toMatchObject({ ok: true, family: { name: `Name of ${sub}`, guest: false } });
  });

  it("[SU49] [SU50] is listed when a key mints for it, and seen again once a day as it refreshes", async () => {
    const { rpc, stub } = subjectsAt("minted", 7);
    const events = await eventsOf(stub, async () => {
      valueOf(await open(rpc, "fam"));
      await rotate(rpc, "fam", 0, 1);
      vi.setSystemTime(START + DAY_MS);
      await rotate(rpc, "fam", 1, 2);
      await rotate(rpc, "fam", 2, 3);
    });
    expect(events.map(({ type }) => type)).toEqual(["meridian.subject.changed", "meridian.subject.changed"]);
    expect(valueOf(await rpc.describe(BOB))).toMatchObject({ name: "Ada", lastSeenAt: "2031-01-02T12:00:00.000Z" });
  });
});
