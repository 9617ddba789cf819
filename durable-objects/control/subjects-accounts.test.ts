import { describe, expect, it, vi } from "vitest";
import { PROJECTED_DATA } from "../../contract/events.ts";
import { HOSTED, MINTED, subjectRef } from "../../contract/subject-id.ts";
import { subjectSchema } from "../../contract/subjects.ts";
import { DAY_MS, SUBJECT_STORE_LIMITS } from "../../core/control/subject-limits.ts";
import {
  claimed,
  eventsOf,
  familyOf,
  hashOf,
  meta,
  pendingOf,
  registered,
  slugOf,
  subAt,
  subjectsAt,
  valueOf,
  standStillAt,
} from "./subjects-testing.ts";

const START = Date.UTC(2031, 0, 1, 12, 34, 56);

standStillAt(START);

describe("a guest", () => {
  it("[SU30] has neither address nor password, and asked for again is answered as it is", async () => {
    const { rpc } = subjectsAt("guest", 1);
    const sub = subAt(1);
    const made = await rpc.createGuest({ sub, name: "Player 1" }, meta);
    const guest = { sub, name: "Player 1", avatarUrl: null, email: null, emailDigest: null, passwordHash: null, guest: true };
    expect(made).toEqual({ ok: true, value: guest });
    expect(await rpc.createGuest({ sub, name: "Player 2" }, meta)).toEqual(made);
    expect(await rpc.account(sub)).toEqual(guest);
    expect(slugOf(await rpc.setPassword(sub, "hash", meta))).toBe("conflict");
  });

  it("[SU30] is refused under a sub that has an address", async () => {
    const { rpc } = subjectsAt("guest-taken", 1);
    await registered(rpc, subAt(1), "ada");
    expect(slugOf(await rpc.createGuest({ sub: subAt(1), name: "x" }, meta))).toBe("conflict");
  });

  it("[SU31] [SU54] becomes an account of the same sub, which began when the guest did, and tells so once", async () => {
    const { rpc, stub } = subjectsAt("upgrade", 1);
    const sub = subAt(1);
    const events = await eventsOf(stub, async () => {
      valueOf(await rpc.createGuest({ sub, name: "Player 1" }, meta));
      vi.setSystemTime(START + DAY_MS);
      await registered(rpc, sub, "ada");
    });
    expect(await rpc.account(sub)).toMatchObject({ sub, guest: false, email: "ada@example.com", name: `Name of ${sub}` });
    const told = events.filter(({ type }) => type !== "meridian.subject.verification-requested");
    expect(told.map(({ type }) => type)).toEqual(["meridian.subject.registered", "meridian.subject.upgraded"]);
    const [first, second] = told.map(({ data }) => PROJECTED_DATA["meridian.subject.registered"].parse(data));
    expect(first).toMatchObject({ guest: true, createdAt: START, personal: { issuer: HOSTED, sub, email: null } });
    expect(second).toMatchObject({ guest: false, createdAt: START, personal: { sub, email: "ada@example.com" } });
    expect(second?.ref).toBe(await subjectRef("upgrade", `hosted|${sub}`));
  });
});

describe("an account", () => {
  it("[SU31] is made once, however often its link is used before it is finished", async () => {
    const { rpc, stub } = subjectsAt("twice", 2);
    const sub = subAt(2);
    const account = await claimed(rpc, sub, "ada");
    const events = await eventsOf(stub, async () => {
      const first = valueOf(await rpc.putAccount(account, meta));
      expect(first).toMatchObject({ upgraded: false, account: { sub, passwordHash: `$scrypt$of-${sub}` } });
      expect(valueOf(await rpc.putAccount(account, meta))).toEqual(first);
    });
    expect(events.map(({ type }) => type)).toEqual(["meridian.subject.registered"]);
  });

  it("[SU31] has one address: a link of another is refused", async () => {
    const { rpc } = subjectsAt("one-address", 2);
    await registered(rpc, subAt(2), "ada");
    expect(slugOf(await rpc.putAccount(await claimed(rpc, subAt(2), "grace"), meta))).toBe("conflict");
    expect(await rpc.account(subAt(2))).toMatchObject({ emailDigest: "ada" });
  });

  it("[SU31] gets another password, and nobody else does", async () => {
    const { rpc } = subjectsAt("password", 2);
    await registered(rpc, subAt(2), "ada");
    expect(await rpc.setPassword(subAt(2), "another", meta)).toEqual({ ok: true, value: null });
    expect(await rpc.account(subAt(2))).toMatchObject({ passwordHash: "another" });
    expect(slugOf(await rpc.setPassword("nobody", "another", meta))).toBe("not-found");
  });
});

describe("a subject that another names", () => {
  const bob = { issuer: "shop", sub: "bob", name: "Bob", avatarUrl: null };

  it("[SU50] is listed at once, then written once a day", async () => {
    const { rpc, stub } = subjectsAt("seen", 0);
    const events = await eventsOf(stub, async () => {
      for (const at of [0, 1, DAY_MS - 1, DAY_MS, DAY_MS + 1]) {
        vi.setSystemTime(START + at);
        await rpc.noteSeen(bob);
      }
    });
    expect(events.map(({ type }) => type)).toEqual(["meridian.subject.changed", "meridian.subject.changed"]);
    expect(valueOf(await rpc.describe(bob))).toMatchObject({ name: "Bob", guest: false, createdAt: "2031-01-01T12:34:56.000Z" });
  });

  it("[SU50] is listed under another name as soon as it has it, at most once a minute", async () => {
    const { rpc, stub } = subjectsAt("renamed", 0);
    await rpc.noteSeen(bob);
    vi.setSystemTime(START + SUBJECT_STORE_LIMITS.renameMs);
    const events = await eventsOf(stub, async () => {
      for (let i = 0; i < 10; i++) await rpc.noteSeen({ ...bob, name: `Bob ${i}` });
    });
    expect(events).toMatchObject([{ data: { personal: { name: "Bob 0" } } }]);
  });

  it("[SU50] is not listed as a hosted account, nor under a name that is too long", async () => {
    const { rpc } = subjectsAt("not-seen", 0);
    await rpc.noteSeen({ ...bob, issuer: HOSTED });
    await rpc.noteSeen({ ...bob, name: "x".repeat(101) });
    expect(slugOf(await rpc.describe({ issuer: HOSTED, sub: "bob" }))).toBe("not-found");
    expect(slugOf(await rpc.describe(bob))).toBe("not-found");
  });

  it("[SU51] is another person than the same sub of another issuer", async () => {
    const { rpc } = subjectsAt("two-issuers", 0);
    await rpc.noteSeen(bob);
    await rpc.noteSeen({ ...bob, issuer: "school", name: "Robert" });
    valueOf(await rpc.deleteSubject(bob, meta));
    expect(slugOf(await rpc.describe(bob))).toBe("not-found");
    expect(valueOf(await rpc.describe({ issuer: "school", sub: "bob" }))).toMatchObject({ name: "Robert" });
  });
});

describe("a subject's description", () => {
  it("[SU57] has its running sessions, the one used last first, and when it was seen to the hour", async () => {
    const { rpc } = subjectsAt("described", 4);
    const sub = subAt(4);
    await registered(rpc, sub, "ada");
    for (const [i, id] of ["phone", "laptop"].entries()) {
      vi.setSystemTime(START + i * DAY_MS);
      valueOf(await rpc.openFamily(familyOf(sub, id, id), meta));
    }
    vi.setSystemTime(START + 2 * DAY_MS);
    await rpc.rotateFamily("phone", hashOf("phone"), hashOf("phone-2"));
    const subject = subjectSchema.parse(valueOf(await rpc.describe({ issuer: HOSTED, sub })));
    expect(subject).toMatchObject({ email: "ada@example.com", emailVerified: true, lastSeenAt: "2031-01-03T12:00:00.000Z" });
    const session = { userAgent: "Browser/1", keyId: null };
    expect(subject.sessions).toEqual([
      { ...session, id: "phone", createdAt: "2031-01-01T12:34:56.000Z", lastUsedAt: "2031-01-03T12:34:00.000Z" },
      { ...session, id: "laptop", createdAt: "2031-01-02T12:34:56.000Z", lastUsedAt: "2031-01-02T12:34:00.000Z" },
    ]);
    vi.setSystemTime(START + 31.5 * DAY_MS);
    expect(valueOf(await rpc.describe({ issuer: HOSTED, sub })).sessions.map(({ id }) => id)).toEqual(["phone"]);
  });

  it("[SU57] names the key that minted a session; a subject that is not here is not found", async () => {
    const { rpc } = subjectsAt("described-minted", 4);
    valueOf(await rpc.openFamily(familyOf("bob", "fam", "s0", MINTED), meta));
    expect(valueOf(await rpc.describe({ issuer: MINTED, sub: "bob" })).sessions).toMatchObject([{ id: "fam", keyId: "key-1" }]);
    expect(slugOf(await rpc.describe({ issuer: MINTED, sub: "eve" }))).toBe("not-found");
  });
});

it("[SU55] an object refuses what is longer than it may be and keeps nothing of it", async () => {
  const { rpc } = subjectsAt("too-long", 4);
  const long = "x".repeat(1_001);
  const refused = [
    await rpc.createGuest({ sub: "s", name: long }, meta),
    await rpc.beginVerification(pendingOf("s", "ada", { email: long }), hashOf("t"), "https://a.example", meta),
    await rpc.beginVerification(pendingOf("s", "ada"), hashOf("t"), long, meta),
    await rpc.putAccount({ ...pendingOf("s", long), claimId: "claim", claimedAt: START }, meta),
    await rpc.setPassword("s", long, meta),
    await rpc.openFamily({ ...familyOf("s", "fam", "s0", MINTED), name: long }, meta),
    await rpc.deleteSubject({ issuer: "Not An Issuer", sub: "s" }, meta),
  ];
  expect(refused.map(slugOf)).toEqual(refused.map(() => "bad-request"));
  expect(await rpc.rotateFamily(long, hashOf("a"), hashOf("b"))).toEqual({ ok: false, reason: "unknown", who: null });
  await expect((async () => await rpc.takeLogin(long, "place"))()).rejects.toThrow("digests");
  await expect((async () => await rpc.loginSucceeded("ada", long))()).rejects.toThrow("digests");
  await expect((async () => await rpc.voidClaim({ sub: "s", emailDigest: "ada", claimId: long }))()).rejects.toThrow("claim");
});
