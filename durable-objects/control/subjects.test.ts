import { describe, expect, it } from "vitest";
import { HOSTED } from "../../contract/subject-id.ts";
import { familyOf, hashOf, registered, subAt, subjectsAt, valueOf } from "./subjects-testing.ts";

describe("an account's whole life", () => {
  it("[SU31] goes from the mailed link over handles to its end", async () => {
    const stub = subjectsAt("life", 3);
    const sub = subAt(3);
    await registered(stub, sub, "digest-ada");
    expect(await stub.findEmail("digest-ada")).toEqual({ sub });
    expect(await stub.account(sub)).toMatchObject({ sub, guest: false, email: "digest-ada@example.com" });
    expect(await stub.takeLogin("digest-ada", "home")).toEqual({ allowed: true, retryAfterMs: 0 });
    await stub.loginSucceeded("digest-ada", "home");
    valueOf(await stub.openFamily(familyOf(sub, "fam-1", "s0"), { requestId: "r", actor: "visitor", actorName: "visitor" }));
    expect(await stub.rotateFamily("fam-1", hashOf("s0"), hashOf("s1"))).toMatchObject({
      ok: true,
      family: { sub, name: `Name of ${sub}` },
    });
    expect(valueOf(await stub.describe({ issuer: HOSTED, sub })).sessions).toHaveLength(1);
    const meta = { requestId: "r", actor: "visitor", actorName: "visitor" };
    expect(valueOf(await stub.deleteSubject({ issuer: HOSTED, sub }, meta))).toEqual({ emailDigest: "digest-ada" });
    expect(await stub.findEmail("digest-ada")).toBeNull();
    expect(await stub.account(sub)).toBeNull();
    expect(await stub.rotateFamily("fam-1", hashOf("s1"), hashOf("s2"))).toEqual({ ok: false, reason: "unknown", who: null });
  });
});
