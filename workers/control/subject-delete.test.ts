import { env } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { emailDigest, subjectOf, subjectRef } from "../../contract/subject-id.ts";
import type { SubjectsRpc } from "../../contract/rpc/subjects.ts";
import type { SubjectSummary, TokenReply } from "../../contract/subjects.ts";
import type { Page } from "../../contract/pages.ts";
import { placeOfEmail, placeOfSubject } from "../http/objects.ts";
import { atDoor, auditOf, linkToken, PASSWORD, seedAccount, seedDoor, seedGuest, subjectsObject } from "./subject-testing.ts";
import { tracesOf } from "./subject-traces-testing.ts";
import { ask, edgeEnv, seedKey, seedOperator } from "./testing.ts";

const BROKER = { timeout: 20_000, interval: 100 };

afterEach(() => vi.useRealTimers());

describe("deleting an end user", () => {
  it("[SU72] leaves their ref and nothing else in any object, database or bucket", async () => {
    const owner = await seedOperator("owner");
    const tenant = await seedDoor({}, owner);
    const { subject, token, refreshHandle } = await seedAccount(tenant, "traceable@example.com", "Trace Able");
    const { sub } = subject;
    const ref = await subjectRef(tenant.tenantId, subjectOf("hosted", sub));
    await atDoor(tenant, "login", { email: "traceable@example.com", password: "the wrong phrase" });
    await ask("/v1/me", { key: token });
    await ask("/v1/keys", { key: token }); // refused, and noted
    const texts = [sub, "traceable@example.com", "Trace Able"];
    await vi.waitFor(async () => expect((await listed(owner.cookie)).map((one) => one.ref)).toEqual([ref]), BROKER);
    expect(await tracesOf(texts)).not.toEqual([]);

    expect((await ask(`/v1/subjects/hosted/${sub}`, { method: "DELETE", cookie: owner.cookie })).status).toBe(204);
    expect(await listed(owner.cookie)).toEqual([]);
    await vi.waitFor(async () => expect(await tracesOf(texts)).toEqual([]), BROKER);
    expect((await tracesOf([ref])).length).toBeGreaterThan(0);

    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_500 });
    expect((await ask("/v1/me", { key: token })).status).toBe(401);
    expect((await atDoor(tenant, "refresh", { refreshHandle })).status).toBe(401);
    expect((await atDoor(tenant, "login", { email: "traceable@example.com", password: PASSWORD })).status).toBe(401);
    expect((await ask(`/v1/subjects/hosted/${sub}`, { cookie: owner.cookie })).status).toBe(404);
    const notes = (await auditOf(tenant)).filter(({ action }) => action === "subject.delete");
    expect(notes.map(({ outcome, target }) => [outcome, target])).toEqual([
      ["done", `subject/${ref}`],
      ["intent", `subject/${ref}`],
    ]);
  });

  it("[SU72] a person may do it themselves, and the address is free for another", async () => {
    const tenant = await seedDoor();
    const { subject, token } = await seedAccount(tenant, "gone@example.com");
    expect((await atDoor(tenant, "me", undefined, { method: "DELETE", key: token })).status).toBe(204);
    const again = await seedAccount(tenant, "gone@example.com");
    expect(again.subject.sub).not.toBe(subject.sub);
  });

  it("[SU72] takes an address along that was never proved", async () => {
    const tenant = await seedDoor();
    const guest = await seedGuest(tenant);
    const asked = { email: "unproved@example.com", password: PASSWORD, name: "Un Proved" };
    expect((await atDoor(tenant, "upgrade", asked, { key: guest.token })).status).toBe(202);
    expect(await tracesOf(["unproved@example.com"])).not.toEqual([]);
    expect((await atDoor(tenant, "me", undefined, { method: "DELETE", key: guest.token })).status).toBe(204);
    await vi.waitFor(async () => expect(await tracesOf(["unproved@example.com", "Un Proved", guest.subject.sub])).toEqual([]), BROKER);
  });

  it("[SU73] a minted subject cannot be minted again", async () => {
    const owner = await seedOperator("owner");
    const key = await seedKey(owner, ["tokens:mint"]);
    const minted = await ask("/v1/tokens", { body: { sub: "auth0|x/y z".replace(" ", "%") }, key: key.secret });
    const { subject, token, refreshHandle } = await minted.json<TokenReply>();
    const path = `/v1/subjects/minted/${encodeURIComponent(subject.sub)}`;
    expect(await (await ask(path, { cookie: owner.cookie })).json()).toMatchObject({
      issuer: "minted",
      sub: subject.sub,
      sessions: [{ keyId: key.id }],
    });
    expect((await ask(path, { method: "DELETE", cookie: owner.cookie })).status).toBe(204);
    expect((await ask("/v1/tokens", { body: { sub: subject.sub }, key: key.secret })).status).toBe(410);
    expect((await ask("/v1/tokens/refresh", { body: { refreshHandle } })).status).toBe(401);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_500 });
    expect((await ask("/v1/me", { key: token })).status).toBe(401);
    expect((await ask(path, { method: "DELETE", cookie: owner.cookie })).status).toBe(404);
  });

  it("[SU73] a handle that is traded while they are deleted leaves no token", async () => {
    const tenant = await seedDoor();
    const guest = await seedGuest(tenant);
    let traded: TokenReply | undefined;
    const getByName = (name: string) => {
      const stub = edgeEnv.SUBJECTS.getByName(name);
      return {
        describe: async (...call: Parameters<SubjectsRpc["describe"]>) => await stub.describe(...call),
        releaseEmail: async (...call: Parameters<SubjectsRpc["releaseEmail"]>) => await stub.releaseEmail(...call),
        deleteSubject: async (...call: Parameters<SubjectsRpc["deleteSubject"]>) => {
          vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 10 });
          const answer = await atDoor(tenant, "refresh", { refreshHandle: guest.refreshHandle });
          traded = await answer.json<TokenReply>();
          return await stub.deleteSubject(...call);
        },
      };
    };
    const SUBJECTS = { getByName } as unknown as typeof edgeEnv.SUBJECTS; // all that deleting asks of it
    expect((await atDoor(tenant, "me", undefined, { method: "DELETE", key: guest.token, env: { SUBJECTS } })).status).toBe(204);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 2_000 });
    expect(traded?.subject).toMatchObject({ sub: guest.subject.sub });
    expect((await ask("/v1/me", { key: traded?.token ?? "" })).status).toBe(401);
  });

  it("[SU72] an upgraded guest's address is given back, though it lives at another object", async () => {
    const tenant = await seedDoor();
    const email = "two-places@example.com";
    const digest = await emailDigest(tenant.tenantId, email);
    let guest = await seedGuest(tenant);
    while (placeOfSubject("hosted", guest.subject.sub) === placeOfEmail(digest)) guest = await seedGuest(tenant);
    const asked = await atDoor(tenant, "upgrade", { email, password: PASSWORD }, { key: guest.token, env: { DEMO: "true" } });
    const { subject, token } = await (
      await atDoor(tenant, "verify", { token: await linkToken(asked), password: PASSWORD })
    ).json<TokenReply>();
    expect(subject.sub).toBe(guest.subject.sub);
    const directory = env.SUBJECTS.getByName(`${tenant.tenantId}/subjects/${placeOfEmail(digest)}`);
    expect(await directory.findEmail(digest)).toEqual({ sub: subject.sub });
    expect((await atDoor(tenant, "me", undefined, { method: "DELETE", key: token })).status).toBe(204);
    expect(await directory.findEmail(digest)).toBeNull();
    expect((await subjectsObject(tenant, "hosted", subject.sub).describe(subject)).ok).toBe(false);
  });
});

async function listed(cookie: string): Promise<readonly SubjectSummary[]> {
  const answer = await ask("/v1/subjects", { cookie });
  expect(answer.status).toBe(200);
  return (await answer.json<Page<SubjectSummary>>()).items;
}
