import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { subjectDeletedDataSchema } from "../../contract/events.ts";
import { HOSTED, MINTED, subjectOf, subjectRef } from "../../contract/subject-id.ts";
import { DAY_MS, SUBJECT_STORE_LIMITS as LIMITS } from "../../core/control/subject-limits.ts";
import {
  claimed,
  eventsOf,
  familyOf,
  linkOf,
  meta,
  pendingOf,
  registered,
  rowsOf,
  slugOf,
  standStillAt,
  subAt,
  subjectsAt,
  tokenOf,
  valueOf,
} from "./subjects-testing.ts";

const START = Date.UTC(2031, 0, 1);

standStillAt(START);

type Stub = ReturnType<typeof subjectsAt>["stub"];

/** Everything in the object's own tables as text, with the kit's records; what waits to be sent is left out. */
async function contents(stub: Stub): Promise<string> {
  const names = await rowsOf(
    stub,
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name <> 'kit_outbox'",
  );
  const tables = names.map(({ name }) => String(name));
  return await runInDurableObject(stub, (_, state) =>
    JSON.stringify(tables.map((table) => state.storage.sql.exec(`SELECT * FROM ${table}`).toArray())),
  );
}

async function counts(stub: Stub): Promise<Record<string, number>> {
  const tables = ["account", "email_claim", "verification", "refresh_family", "login_bucket", "known_place"];
  const rows = await Promise.all(tables.map(async (table) => [table, (await rowsOf(stub, `SELECT 1 FROM ${table}`)).length] as const));
  return Object.fromEntries(rows.filter(([, count]) => count > 0));
}

/** An account that has left a trace in every table. */
async function busy(tenant: string, sub: string, email: string) {
  const at = subjectsAt(tenant, 3);
  await registered(at.rpc, sub, email);
  await at.rpc.takeLogin(email, "home");
  await at.rpc.loginSucceeded(email, "home");
  for (let i = 0; i < 3; i++) await at.rpc.takeLogin(email, "hotel");
  valueOf(await at.rpc.openFamily(familyOf(sub, `family-of-${sub}`, `secret of ${sub}`), meta));
  await at.rpc.beginVerification(pendingOf("stranger", email), tokenOf("stranger", email), linkOf("stranger"), meta);
  await at.rpc.beginVerification(pendingOf(sub, `second-${email}`), tokenOf(sub, `second-${email}`), linkOf(sub), meta);
  return at;
}

describe("a subject that is deleted", () => {
  it("[SU51] leaves no row but its ref, and nobody else loses one", async () => {
    const { rpc, stub } = await busy("leaves-nothing", subAt(3, 1), "ada");
    await busy("leaves-nothing", subAt(3, 2), "grace");
    const ofGrace = { account: 1, email_claim: 1, verification: 2, refresh_family: 1, login_bucket: 2, known_place: 1 };
    const answers: unknown[] = [];
    const events = await eventsOf(stub, async () => answers.push(await rpc.deleteSubject({ issuer: HOSTED, sub: subAt(3, 1) }, meta)));
    expect(answers).toEqual([{ ok: true, value: { emailDigest: "ada" } }]);
    expect(await counts(stub)).toEqual(ofGrace);
    expect(await contents(stub)).not.toMatch(new RegExp(`ada|${subAt(3, 1)}`));
    const ref = await subjectRef("leaves-nothing", subjectOf(HOSTED, subAt(3, 1)));
    expect(await rowsOf(stub, "SELECT * FROM tombstone")).toEqual([{ ref, deleted_at: START }]);
    expect(events).toMatchObject([{ type: "meridian.subject.deleted", subject: `subject/${ref}` }]);
    expect(subjectDeletedDataSchema.parse(events[0]?.data)).toEqual({ ref, personal: { issuer: HOSTED, sub: subAt(3, 1) } });
  });

  it("[SU51] whose address is in another object leaves that by an order to forget", async () => {
    const [directory, home] = [subjectsAt("two-objects", 6), subjectsAt("two-objects", 2)];
    const sub = subAt(2);
    valueOf(await home.rpc.createGuest({ sub, name: "guest" }, meta));
    const account = await claimed(directory.rpc, sub, "ada");
    valueOf(await home.rpc.putAccount(account, meta));
    await directory.rpc.finishVerification(tokenOf(sub, "ada"));
    await directory.rpc.loginSucceeded("ada", "home");
    await directory.rpc.takeLogin("ada", "home");
    await directory.rpc.beginVerification(pendingOf(sub, "other"), tokenOf(sub, "other"), linkOf(sub), meta);
    expect(valueOf(await home.rpc.deleteSubject({ issuer: HOSTED, sub }, meta))).toEqual({ emailDigest: "ada" });
    const subject = subjectOf(HOSTED, sub);
    const order = { type: "forget-subject", subject, ref: await subjectRef("two-objects", subject) } as const;
    expect(await directory.rpc.maintain(order)).toEqual({ forgotten: 4 });
    expect(await directory.rpc.maintain(order)).toEqual({ forgotten: 0 });
    expect(await counts(directory.stub)).toEqual({});
    expect(await directory.rpc.maintain({ ...order, subject: "no subject" })).toEqual({ forgotten: 0 });
    await registered(directory.rpc, subAt(6), "ada");
  });

  it("[SU52] does not come back by what is late, until no token names it any more", async () => {
    const { rpc, stub } = subjectsAt("stays-out", 3);
    const sub = subAt(3);
    const late = await claimed(rpc, sub, "ada");
    const bob = { issuer: MINTED, sub: "bob", name: "Bob", avatarUrl: null };
    await rpc.noteSeen(bob);
    valueOf(await rpc.deleteSubject({ issuer: HOSTED, sub }, meta));
    valueOf(await rpc.deleteSubject(bob, meta));
    await evictDurableObject(stub);
    vi.setSystemTime(START + LIMITS.tombstoneMs - 1);
    await runDurableObjectAlarm(stub);
    expect(slugOf(await rpc.putAccount(late, meta))).toBe("gone");
    expect(slugOf(await rpc.createGuest({ sub, name: "guest" }, meta))).toBe("gone");
    expect(slugOf(await rpc.openFamily(familyOf(sub, "fam", "s0"), meta))).toBe("gone");
    expect(slugOf(await rpc.openFamily(familyOf("bob", "fam", "s0", MINTED), meta))).toBe("gone");
    await rpc.noteSeen(bob);
    expect(slugOf(await rpc.describe(bob))).toBe("not-found");
    expect(await counts(stub)).toEqual({});
    vi.setSystemTime(START + LIMITS.tombstoneMs + LIMITS.sweepMs);
    await runDurableObjectAlarm(stub);
    expect(await rowsOf(stub, "SELECT * FROM tombstone")).toEqual([]);
    await rpc.noteSeen(bob);
    expect(slugOf(await rpc.describe(bob))).toBe("ok");
  });

  it("[SU53] is deleted once, however often it is asked for; who was never here is deleted too", async () => {
    const { rpc, stub } = await busy("once", subAt(3), "ada");
    const who = { issuer: HOSTED, sub: subAt(3) };
    valueOf(await rpc.deleteSubject(who, meta));
    const events = await eventsOf(stub, async () => {
      vi.setSystemTime(START + DAY_MS);
      expect(await rpc.deleteSubject(who, meta)).toEqual({ ok: true, value: { emailDigest: null } });
      expect(await rpc.deleteSubject({ issuer: "shop", sub: "never-here" }, meta)).toEqual({ ok: true, value: { emailDigest: null } });
    });
    expect(events).toMatchObject([{ type: "meridian.subject.deleted", data: { personal: { sub: "never-here" } } }]);
  });

  it("[SU51] leaves no answer behind that a repetition would have been given", async () => {
    const { rpc, stub } = subjectsAt("no-records", 3);
    const keyed = { ...meta, idempotency: { key: "key-1", route: "POST /p/{slug}/v1/subjects/guest", bodyHash: "hash" } };
    valueOf(await rpc.createGuest({ sub: subAt(3), name: "Player 1" }, keyed));
    valueOf(await rpc.deleteSubject({ issuer: HOSTED, sub: subAt(3) }, keyed));
    expect(await rowsOf(stub, "SELECT * FROM kit_record")).toEqual([]);
    expect(await contents(stub)).not.toMatch(new RegExp(`Player 1|${subAt(3)}`));
  });
});
