import { describe, expect, it } from "vitest";
import type { Backup, KeyRingStatus } from "../../../contract/platform.ts";
import { problemsUnder, otherProblems } from "./field-problems.ts";
import { keyWords, platformHead, walkWords } from "./platform-words.ts";
import { markerWords, publicHead } from "./public-words.ts";
import {
  lastRenewal,
  lastSeen,
  nameOf,
  originSentence,
  originWords,
  sessionWords,
  signOutWords,
  subjectPath,
  subjectsHead,
  typedName,
} from "./subject-words.ts";

const SESSION = { id: "f", createdAt: "2026-11-20T10:00:30Z", lastUsedAt: "2026-11-20T10:00:00Z", userAgent: null, keyId: null };

describe("an end user", () => {
  it("[UI61] is called by name, else by sub, and by how they came", () => {
    expect([nameOf({ name: "Ada", sub: "u1" }), nameOf({ name: "", sub: "u1" })]).toEqual(["Ada", "u1"]);
    const origins = [
      { issuer: "hosted", guest: true },
      { issuer: "hosted", guest: false },
      { issuer: "minted", guest: false },
      { issuer: "school", guest: false },
    ];
    expect(origins.map(originWords)).toEqual(["guest", "account", "minted", "by school"]);
    expect(new Set(origins.map(originSentence)).size).toBe(4);
    expect(subjectPath("/l", { issuer: "school", sub: "a/b?c#d|%" })).toBe("/l/school/a%2Fb%3Fc%23d%7C%25");
  });

  it("[UI61] was never seen last before they were seen first", () => {
    const createdAt = "2026-11-20T10:40:00Z";
    expect(lastSeen({ createdAt, lastSeenAt: "2026-11-20T10:00:00.000Z" })).toBe(createdAt);
    expect(lastSeen({ createdAt, lastSeenAt: "2026-11-20T11:00:00.000Z" })).toBe("2026-11-20T11:00:00.000Z");
    expect(lastRenewal(SESSION)).toBeNull();
    expect(lastRenewal({ ...SESSION, lastUsedAt: "2026-11-20T10:01:00Z" })).toBe("2026-11-20T10:01:00Z");
  });

  it("[UI61] has sessions called by their program or by the key that minted them", () => {
    const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
    expect(sessionWords({ ...SESSION, userAgent: firefox })).toBe("Firefox on Linux");
    expect(sessionWords(SESSION)).toBe("a program that does not say its name");
    expect(sessionWords({ ...SESSION, keyId: "k1" })).toBe("minted with key k1");
  });

  it("[UI61] are counted as far as they are loaded", () => {
    expect(subjectsHead(1, false, false).headline).toBe("1 end user");
    expect(subjectsHead(100, true, false).headline).toBe("100+ end users");
    expect(subjectsHead(0, false, true).headline).toBe("0 end users found");
  });

  it("[UI63] is deleted by typing what a keyboard has: the name, else the sub, else the start of the digest", () => {
    const of = (name: string, sub = "u-1") => typedName({ name, sub, ref: "9XJd8FDuWlNQ" });
    expect(of("Ada Lovelace")).toBe("Ada Lovelace");
    expect(of("Zoë")).toBe("Zoë");
    for (const name of ["", "a".repeat(41), "two  spaces", "Ada\u200b", "\u202eecarG", "🎲"]) expect(of(name), name).toBe("u-1");
    expect(of("", "s".repeat(41))).toBe("9XJd8FDu");
    expect(of("a".repeat(40))).toBe("a".repeat(40));
  });

  it("[UI62] is told apart before signing out: a guest cannot come back", () => {
    const words = signOutWords({ sessions: [SESSION], guest: true, issuer: "hosted" });
    expect(words).toContain("1 session cannot be renewed");
    expect(words).toContain("lost to them for good");
    expect(signOutWords({ sessions: [], guest: false, issuer: "hosted" })).toMatch(/refused, and their sockets close.*with their password/);
    expect(signOutWords({ sessions: [], guest: false, issuer: "school" })).toContain("from now on");
  });
});

describe("what is public", () => {
  it("[UI64] is counted, with the beginnings that cover more, and says who marked it", () => {
    expect(publicHead([])).toMatchObject({ headline: "Everything is private" });
    expect(publicHead([{ name: "a" }])).toEqual({ headline: "1 name is public", detail: "anybody reads them without a token" });
    expect(publicHead([{ name: "a" }, { name: "b*" }]).detail).toMatch(/^1 with \* covers all names that begin so/);
    const members = [{ userId: "2", name: "Bob" }];
    const by = (marker: string) => markerWords(marker, "1", members);
    expect(["user:1", "user:2", "user:3", "key:k"].map(by)).toEqual(["you", "Bob", "somebody who is no member any more", "key:k"]);
  });
});

describe("a form that was refused", () => {
  it("[UI66] says of each part what is wrong with it and within it, and the rest apart", () => {
    const errors = [
      { pointer: "/hosts/1", detail: "is no host" },
      { pointer: "/jwks/keys/0/d", detail: "is private" },
      { pointer: "/hostsome", detail: "is another field" },
      { pointer: "/iss", detail: "is empty" },
    ];
    expect(problemsUnder(errors, "/hosts", (place) => `line ${Number(place) + 1}`)).toBe("line 2: is no host");
    expect(problemsUnder(errors, "/jwks")).toBe("keys 0 d: is private");
    expect(problemsUnder(errors, "/iss")).toBe("is empty");
    expect(problemsUnder(errors, "/name")).toBeUndefined();
    expect(otherProblems(errors, ["/hosts", "/jwks", "/iss"])).toEqual([errors[2]]);
  });
});

const NOW = Date.parse("2026-11-20T12:00:00Z");

function backup(state: Backup["state"], hoursAgo: number, more: Partial<Backup> = {}): Backup {
  const at = new Date(NOW - hoursAgo * 3_600_000).toISOString();
  const counts = { bytes: 1, objects: 1, rows: 1, checksum: null };
  return {
    id: at,
    scope: "node",
    state,
    startedAt: at,
    finishedAt: state === "running" ? null : at,
    target: "d",
    problem: null,
    ...counts,
    ...more,
  };
}

function ring(keys: KeyRingStatus["keys"], state: KeyRingStatus["reseal"]["state"] = "idle"): KeyRingStatus {
  return { current: "k1", keys, reseal: { state, walked: 3, resealed: 1, finishedAt: null } };
}
const CURRENT = { id: "k1", state: "current", inUse: 3 } as const;
const older = (inUse: number | null) => ({ id: "k0", state: "older", inUse }) as const;

describe("the platform", () => {
  it("[UI69] says worst first whether there is a copy of everything", () => {
    const head = (...backups: Backup[]) => platformHead(ring([CURRENT]), backups, NOW);
    expect(head()).toMatchObject({ tone: "warn", headline: "There is no backup of this node" });
    expect(head(backup("done", 1))).toMatchObject({ tone: "ok", headline: "Backed up", detail: "1 h ago; the key ring is at rest" });
    expect(head(backup("done", 49))).toMatchObject({ tone: "warn", headline: "The last backup is 2 d 1 h old" });
    expect(head(backup("done", 48)).tone).toBe("ok");
    const failed = head(backup("failed", 1, { problem: "no space" }), backup("done", 3));
    expect(failed).toMatchObject({ tone: "critical", headline: "The last backup failed" });
    expect(failed.detail).toMatch(/^no space; the last good one is 3 h old/);
    expect(head(backup("running", 0), backup("done", 1)).headline).toBe("Backed up");
    expect(head(backup("done", 1, { scope: "t1" })).headline).toBe("There is no backup of this node");
    expect(head(backup("failed", 1, { scope: "t1" }), backup("done", 2)).headline).toBe("Backed up");
  });

  it("[UI69] says what it knows when one of the two cannot be read", () => {
    expect(platformHead(undefined, [backup("done", 1)], NOW).detail).toContain("the key ring is not known");
    expect(platformHead(ring([CURRENT]), undefined, NOW)).toMatchObject({ tone: "info", detail: "the key ring is at rest" });
  });

  it("[UI69] says of the key ring what may go and what is still needed", () => {
    const detail = (status: KeyRingStatus) => platformHead(status, [backup("done", 1)], NOW).detail;
    expect(detail(ring([CURRENT, older(0)]))).toContain("1 other key in the ring, not in use");
    expect(detail(ring([CURRENT, older(2), older(0)]))).toContain("1 older key may still be needed");
    expect(detail(ring([CURRENT, older(null)]))).toContain("1 older key may still be needed");
    expect(detail(ring([CURRENT, older(2)], "running"))).toContain("being rotated");
    expect([CURRENT, older(null), older(0), older(1)].map(keyWords)).toEqual([
      "seals what is new, in 3 objects and rows so far",
      "not counted since the last change",
      "not in use: make it current, or retire it",
      "at most 1 object or row still to be made anew",
    ]);
    expect((["idle", "running", "done"] as const).map((state) => walkWords(ring([], state).reseal))).toEqual([
      "not begun since the last change",
      "under way: 3 objects and rows looked at, 1 made anew",
      "done: 3 objects and rows looked at, 1 made anew",
    ]);
  });
});
