import { describe, expect, it } from "vitest";
import { PROJECTED_DATA } from "../../contract/events.ts";
import { judgePut, judgeSeen, type SubjectAccount, subjectEvent } from "./subject-accounts.ts";
import { DAY_MS, SUBJECT_STORE_LIMITS } from "./subject-limits.ts";

const START = Date.UTC(2031, 0, 1, 12, 34);

const account: SubjectAccount = {
  issuer: "shop-login",
  sub: "bob",
  ref: "ref-of-bob",
  name: "Bob",
  avatarUrl: null,
  guest: false,
  email: null,
  emailDigest: null,
  passwordHash: null,
  createdAt: START,
  upgradedAt: null,
  lastSeenAt: START,
  writtenAt: START,
};

describe("a subject that comes by", () => {
  it("[SU50] is written once a day, and at once a minute at most when its name or picture is another", () => {
    const same = { name: "Bob", avatarUrl: null };
    expect(judgeSeen(account, same, START + DAY_MS - 1)).toBeUndefined();
    expect(judgeSeen(account, same, START + DAY_MS)).toMatchObject({ lastSeenAt: START + DAY_MS, writtenAt: START + DAY_MS });
    const renamed = { name: "Robert", avatarUrl: null };
    expect(judgeSeen(account, renamed, START + SUBJECT_STORE_LIMITS.renameMs - 1)).toBeUndefined();
    expect(judgeSeen(account, renamed, START + SUBJECT_STORE_LIMITS.renameMs)).toMatchObject({ name: "Robert" });
    const pictured = { name: "Bob", avatarUrl: "https://example.com/bob.png" };
    expect(judgeSeen(account, pictured, START + DAY_MS)).toMatchObject(pictured);
  });

  it("[SU50] is never seen earlier than before, and a hosted account keeps the name it gave itself", () => {
    expect(judgeSeen(account, account, START - 2 * DAY_MS)).toBeUndefined();
    const hosted = { ...account, issuer: "hosted" };
    expect(judgeSeen(hosted, { name: "Mallory", avatarUrl: null }, START + DAY_MS - 1)).toBeUndefined();
    expect(judgeSeen(hosted, { name: "Mallory", avatarUrl: null }, START + DAY_MS)).toMatchObject({ name: "Bob" });
  });
});

describe("an account that gets an address", () => {
  it("[SU31] is made, upgraded, the same again, or refused when it has another", () => {
    const owner = { ...account, emailDigest: "digest" };
    expect([judgePut(undefined, "digest"), judgePut(account, "digest"), judgePut(owner, "digest"), judgePut(owner, "other")]).toEqual([
      "create",
      "upgrade",
      "repeat",
      "has-another",
    ]);
  });
});

describe("an event of a subject", () => {
  it("[SU54] carries what D1 finds it by, who they are under personal, and when it was seen to the hour", () => {
    const event = subjectEvent("meridian.subject.registered", { ...account, email: "bob@example.com" }, "visitor");
    const data = PROJECTED_DATA["meridian.subject.registered"].parse(event.data);
    expect(data).toMatchObject({ ref: "ref-of-bob", createdAt: START, lastSeenAt: Date.UTC(2031, 0, 1, 12) });
    const { personal, ...rest } = event.data;
    expect(personal).toEqual({ issuer: "shop-login", sub: "bob", name: "Bob", email: "bob@example.com" });
    expect(`${event.subject} ${JSON.stringify(rest)}`).not.toMatch(/bob@|shop-login|"bob"|Bob/);
  });
});
