import { evictDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { verificationMailDataSchema } from "../../contract/events.ts";
import { SUBJECT_LIMITS, subjectRef } from "../../contract/subject-id.ts";
import { DAY_MS, SUBJECT_STORE_LIMITS as LIMITS } from "../../core/control/subject-limits.ts";
import {
  claimed,
  eventsOf,
  hashOf,
  linkOf,
  meta,
  pendingOf,
  registered,
  rowsOf,
  slugOf,
  subAt,
  subjectsAt,
  tokenOf,
  valueOf,
  writeRows,
  standStillAt,
} from "./subjects-testing.ts";

const START = Date.UTC(2031, 0, 1);

standStillAt(START);

type Rpc = ReturnType<typeof subjectsAt>["rpc"];

const begin = async (rpc: Rpc, sub: string, email: string, token = tokenOf(sub, email)) =>
  await rpc.beginVerification(pendingOf(sub, email), token, linkOf(sub), meta);

describe("a verification", () => {
  it("[SU32] answers alike for a free and a taken address; the owner's mail holds no token and is about the owner", async () => {
    const { rpc, stub } = subjectsAt("alike", 6);
    await registered(rpc, subAt(6), "ada");
    const answers: unknown[] = [];
    const events = await eventsOf(stub, async () => {
      answers.push(await begin(rpc, "stranger", "ada"), await begin(rpc, "grace", "grace"));
    });
    expect(answers).toEqual([
      { ok: true, value: null },
      { ok: true, value: null },
    ]);
    expect(events.map(({ type }) => type)).toEqual(events.map(() => "meridian.subject.verification-requested"));
    const [taken, free] = events.map(({ data }) => verificationMailDataSchema.parse(data));
    const ownersRef = await subjectRef("alike", `hosted|${subAt(6)}`);
    expect(taken).toMatchObject({
      known: true,
      ref: ownersRef,
      personal: { email: "ada@example.com", link: "https://meridian.example/verify" },
    });
    expect(free).toMatchObject({ known: false, ref: await subjectRef("alike", "hosted|grace"), personal: { link: linkOf("grace") } });
    expect(slugOf(await rpc.claimEmail(tokenOf("stranger", "ada"), meta))).toBe("gone");
  });

  it("[SU33] is one of three that are open of an address; one more is answered alike, not kept and not mailed", async () => {
    const { rpc, stub } = subjectsAt("three", 6);
    const events = await eventsOf(stub, async () => {
      for (let i = 0; i < SUBJECT_LIMITS.verifications + 1; i++) expect(slugOf(await begin(rpc, `sub-${i}`, "ada"))).toBe("ok");
      expect(slugOf(await begin(rpc, "sub-0", "ada"))).toBe("ok"); // a repetition
    });
    expect(events).toHaveLength(SUBJECT_LIMITS.verifications);
    expect(slugOf(await rpc.claimEmail(tokenOf("sub-3", "ada"), meta))).toBe("gone");
    vi.setSystemTime(START + DAY_MS);
    expect(await eventsOf(stub, async () => await begin(rpc, "sub-4", "ada"))).toHaveLength(1);
  });

  it("[SU33] tells the owner of a taken address three times a day at most", async () => {
    const { rpc, stub } = subjectsAt("three-notices", 6);
    await registered(rpc, subAt(6), "ada");
    const events = await eventsOf(stub, async () => {
      for (let i = 0; i < 10; i++) await begin(rpc, `stranger-${i}`, "ada");
    });
    expect(events).toHaveLength(SUBJECT_LIMITS.verifications);
  });

  it("[SU33] works for 24 hours and not a moment longer, also after an eviction", async () => {
    const { rpc, stub } = subjectsAt("a-day", 6);
    await begin(rpc, "ada", "ada");
    await begin(rpc, "grace", "grace");
    await evictDurableObject(stub);
    vi.setSystemTime(START + DAY_MS - 1);
    expect(await rpc.claimEmail(tokenOf("ada", "ada"), meta)).toMatchObject({ ok: true, value: pendingOf("ada", "ada") });
    vi.setSystemTime(START + DAY_MS);
    expect(slugOf(await rpc.claimEmail(tokenOf("grace", "grace"), meta))).toBe("gone");
    expect(slugOf(await rpc.claimEmail(hashOf("never mailed"), meta))).toBe("gone");
  });

  it("[SU34] has room for 10,000 of an object; for one more the oldest go, but none that is being finished", async () => {
    const { rpc, stub } = subjectsAt("many", 6);
    await claimed(rpc, "ada", "ada");
    await begin(rpc, "oldest", "oldest");
    vi.setSystemTime(START + 1);
    await writeRows(
      stub,
      `INSERT INTO verification WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       SELECT 'token-' || i, 'email-' || i, 'sub', 'e', 'p', 'n', ? + i FROM n`,
      LIMITS.verifications - 3,
      START,
    );
    await evictDurableObject(stub);
    const count = async () => (await rowsOf(stub, "SELECT count(*) AS n FROM verification"))[0]?.n;
    await begin(rpc, "last", "last");
    expect(await count()).toBe(LIMITS.verifications);
    await begin(rpc, "one-more", "one-more");
    expect(await count()).toBe(LIMITS.verifications - LIMITS.evictAtOnce + 1);
    expect(slugOf(await rpc.claimEmail(tokenOf("oldest", "oldest"), meta))).toBe("gone");
    expect(slugOf(await rpc.claimEmail(tokenOf("ada", "ada"), meta))).toBe("ok");
    expect(slugOf(await rpc.claimEmail(tokenOf("one-more", "one-more"), meta))).toBe("ok");
  });
});

describe("an address with several links", () => {
  it("[SU35] goes to the first that was used; a later one is a conflict, and the used one is over", async () => {
    const { rpc } = subjectsAt("first-wins", 6);
    const [first, second] = [subAt(6, 1), subAt(6, 2)];
    await begin(rpc, first, "ada");
    await begin(rpc, second, "ada");
    valueOf(await rpc.putAccount(valueOf(await rpc.claimEmail(tokenOf(second, "ada"), meta)), meta));
    expect(slugOf(await rpc.claimEmail(tokenOf(first, "ada"), meta))).toBe("conflict");
    await rpc.finishVerification(tokenOf(second, "ada"));
    await rpc.finishVerification(tokenOf(second, "ada"));
    await rpc.finishVerification(tokenOf(first, "ada"));
    vi.setSystemTime(START + LIMITS.takeOverMs);
    expect(slugOf(await rpc.claimEmail(tokenOf(first, "ada"), meta))).toBe("conflict");
    expect(slugOf(await rpc.claimEmail(tokenOf(second, "ada"), meta))).toBe("gone");
    expect(await rpc.findEmail("ada")).toEqual({ sub: second });
  });

  it("[SU36] goes to another after ten minutes when the first never got an account, and what was late comes to nothing", async () => {
    const [directory, other] = [subjectsAt("take-over", 6).rpc, subjectsAt("take-over", 2).rpc];
    const [guest, second] = [subAt(2), subAt(6)];
    valueOf(await other.createGuest({ sub: guest, name: "guest" }, meta));
    await begin(directory, guest, "ada");
    await begin(directory, second, "ada");
    const late = valueOf(await directory.claimEmail(tokenOf(guest, "ada"), meta));
    vi.setSystemTime(START + LIMITS.takeOverMs - 1);
    expect(slugOf(await directory.claimEmail(tokenOf(second, "ada"), meta))).toBe("conflict");
    vi.setSystemTime(START + LIMITS.takeOverMs);
    const claim = valueOf(await directory.claimEmail(tokenOf(second, "ada"), meta));
    expect(slugOf(await other.putAccount(late, meta))).toBe("conflict");
    valueOf(await directory.putAccount(claim, meta));
    await directory.finishVerification(tokenOf(guest, "ada"));
    await directory.finishVerification(tokenOf(second, "ada"));
    expect(await directory.findEmail("ada")).toEqual({ sub: second });
    expect(await other.account(guest)).toMatchObject({ guest: true, email: null });
  });

  it("[SU36] stays with the first when its account was made and only the end was lost", async () => {
    const [directory, other] = [subjectsAt("kept", 6).rpc, subjectsAt("kept", 2).rpc];
    const [first, second] = [subAt(2), subAt(6)];
    await begin(directory, first, "ada");
    await begin(directory, second, "ada");
    valueOf(await other.putAccount(valueOf(await directory.claimEmail(tokenOf(first, "ada"), meta)), meta));
    expect(await directory.findEmail("ada")).toEqual({ sub: first });
    vi.setSystemTime(START + LIMITS.takeOverMs);
    expect(slugOf(await directory.claimEmail(tokenOf(second, "ada"), meta))).toBe("conflict");
    const events = await eventsOf(subjectsAt("kept", 6).stub, async () => await begin(directory, "third", "ada"));
    expect(events).toMatchObject([{ data: { known: true } }]);
  });

  it("[SU36] may come back to the first link under a claim of its own", async () => {
    const { rpc } = subjectsAt("and-back", 6);
    const [first, second] = [subAt(6, 1), subAt(6, 2)];
    await begin(rpc, first, "ada");
    await begin(rpc, second, "ada");
    const voided = valueOf(await rpc.claimEmail(tokenOf(first, "ada"), meta));
    vi.setSystemTime(START + LIMITS.takeOverMs);
    valueOf(await rpc.claimEmail(tokenOf(second, "ada"), meta));
    vi.setSystemTime(START + 2 * LIMITS.takeOverMs);
    const again = valueOf(await rpc.claimEmail(tokenOf(first, "ada"), meta));
    expect(slugOf(await rpc.putAccount(voided, meta))).toBe("conflict");
    expect(slugOf(await rpc.putAccount(again, meta))).toBe("ok");
  });
});

describe("an address that is released", () => {
  it("[SU59] is free again with all that was counted by it, once its account has gone and by nobody else", async () => {
    const [{ rpc, stub }, home] = [subjectsAt("released", 6), subjectsAt("released", 2).rpc];
    const sub = subAt(2);
    valueOf(await home.putAccount(await claimed(rpc, sub, "ada"), meta));
    await rpc.finishVerification(tokenOf(sub, "ada"));
    await rpc.takeLogin("ada", "home");
    await rpc.loginSucceeded("ada", "home");
    await rpc.takeLogin("ada", "hotel");
    await begin(rpc, "stranger", "ada");
    await rpc.releaseEmail("ada", sub);
    expect(await rpc.findEmail("ada")).toEqual({ sub });
    valueOf(await home.deleteSubject({ issuer: "hosted", sub }, meta));
    await rpc.releaseEmail("ada", "stranger");
    expect(await rpc.findEmail("ada")).toEqual({ sub });
    await rpc.releaseEmail("ada", sub);
    expect(await rpc.findEmail("ada")).toBeNull();
    for (const table of ["email_claim", "verification", "login_bucket", "known_place"]) {
      expect(await rowsOf(stub, `SELECT 1 FROM ${table}`)).toEqual([]);
    }
  });

  it("[SU59] makes no account any more of the claim that was given back", async () => {
    const { rpc } = subjectsAt("released-early", 6);
    const late = await claimed(rpc, subAt(6), "ada");
    await rpc.releaseEmail("ada", subAt(6));
    expect(slugOf(await rpc.putAccount(late, meta))).toBe("conflict");
    expect(slugOf(await rpc.claimEmail(tokenOf(subAt(6), "ada"), meta))).toBe("gone");
  });
});
