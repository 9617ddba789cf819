import { describe, expect, it, vi } from "vitest";
import { HOSTED, MINTED } from "../../contract/subject-id.ts";
import { DAY_MS } from "../../core/control/subject-limits.ts";
import {
  claimed,
  familyOf,
  hashOf,
  linkOf,
  meta,
  pendingOf,
  registered,
  rowsWritten,
  standStillAt,
  subAt,
  subjectsAt,
  tokenOf,
  valueOf,
} from "./subjects-testing.ts";

const START = Date.UTC(2031, 0, 1);

standStillAt(START);

/** The figures of docs/subjects.md. The kit's rows (outbox, deadlines) are counted, and every index. */
describe("rows that a Subjects object writes", () => {
  it("[SU56] per operation are as the documentation says", async () => {
    const { rpc, stub } = subjectsAt("cost", 1);
    const sub = subAt(1);
    await registered(rpc, subAt(1, 2), "grace"); // the deadlines stand
    await rpc.takeLogin("grace", "home");
    const cost = async (work: () => Promise<unknown>) => await rowsWritten(stub, work);
    const account = { ...pendingOf(sub, "ada"), claimId: "claim-1", claimedAt: START };
    const counted = {
      createGuest: await cost(async () => await rpc.createGuest({ sub, name: "guest" }, meta)),
      beginVerification: await cost(async () => await rpc.beginVerification(pendingOf(sub, "ada"), tokenOf(sub, "ada"), linkOf(sub), meta)),
      claimEmail: await cost(async () => await rpc.claimEmail(tokenOf(sub, "ada"), meta)),
      claimEmailAgain: await cost(async () => await rpc.claimEmail(tokenOf(sub, "ada"), meta)),
      putAccount: await cost(async () => await rpc.putAccount(account, meta)),
      putAccountAgain: await cost(async () => await rpc.putAccount(account, meta)),
      finishVerification: await cost(async () => await rpc.finishVerification(tokenOf(sub, "ada"))),
      takeLogin: await cost(async () => await rpc.takeLogin("ada", "home")),
      loginSucceeded: await cost(async () => await rpc.loginSucceeded("ada", "home")),
      takeLoginAtKnownPlace: await cost(async () => await rpc.takeLogin("ada", "home")),
      loginSucceededAgain: await cost(async () => await rpc.loginSucceeded("ada", "home")),
      openFamily: await cost(async () => await rpc.openFamily(familyOf(sub, "fam", "s0"), meta)),
      rotateFamily: await cost(async () => await rpc.rotateFamily("fam", hashOf("s0"), hashOf("s1"))),
      openMintedFamily: await cost(async () => await rpc.openFamily(familyOf("bob", "minted", "s0", MINTED), meta)),
      noteSeenNew: await cost(async () => await rpc.noteSeen({ issuer: "shop", sub: "eve", name: "Eve", avatarUrl: null })),
      noteSeenAgain: await cost(async () => await rpc.noteSeen({ issuer: "shop", sub: "eve", name: "Eve", avatarUrl: null })),
      setPassword: await cost(async () => await rpc.setPassword(sub, "another", meta)),
      rotateFamilyOfAnotherDay: await cost(async () => {
        vi.setSystemTime(START + DAY_MS);
        await rpc.rotateFamily("fam", hashOf("s1"), hashOf("s2"));
      }),
      deleteSubject: await cost(async () => await rpc.deleteSubject({ issuer: HOSTED, sub }, meta)),
      reads: await cost(async () => {
        await rpc.findEmail("grace");
        await rpc.account(subAt(1, 2));
        await rpc.describe({ issuer: MINTED, sub: "bob" });
        await rpc.closeFamilies({ issuer: "shop", sub: "eve" }, null, meta);
      }),
    };
    for (let i = 0; i < 5; i++) await rpc.takeLogin("grace", "home");
    const refused = await cost(async () => {
      await rpc.rotateFamily("fam", hashOf("guessed"), hashOf("s3"));
      for (let i = 0; i < 20; i++) expect(await rpc.takeLogin("grace", "home")).toMatchObject({ allowed: false });
    });
    expect({ ...counted, refused }).toEqual({
      createGuest: 3,
      beginVerification: 4,
      claimEmail: 2,
      claimEmailAgain: 0,
      putAccount: 3,
      putAccountAgain: 0,
      finishVerification: 1,
      takeLogin: 2,
      takeLoginAtKnownPlace: 1,
      loginSucceeded: 2,
      loginSucceededAgain: 0,
      openFamily: 3,
      openMintedFamily: 6,
      rotateFamily: 1,
      rotateFamilyOfAnotherDay: 6,
      noteSeenNew: 3,
      noteSeenAgain: 0,
      setPassword: 1,
      deleteSubject: 3,
      refused: 0,
      reads: 0,
    });
  });

  it("[SU56] for a session that refreshes every quarter of an hour are one a time and five more a day", async () => {
    const { rpc, stub } = subjectsAt("cost-session", 1);
    valueOf(await rpc.openFamily(familyOf("bob", "fam", "s0", MINTED), meta));
    await claimed(rpc, subAt(1), "ada");
    const rows = await rowsWritten(stub, async () => {
      for (let i = 0; i < 96; i++) {
        vi.setSystemTime(START + DAY_MS + i * 15 * 60_000);
        await rpc.rotateFamily("fam", hashOf(`s${i}`), hashOf(`s${i + 1}`));
      }
    });
    expect(rows).toBe(96 + 5);
  });
});
