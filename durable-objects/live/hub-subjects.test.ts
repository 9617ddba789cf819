import { evictDurableObject } from "cloudflare:test";
import { afterEach, expect, it } from "vitest";
import { issuerGroup, SUBJECTS_GROUP } from "../../contract/principal.ts";
import type { Admission } from "../../contract/rpc/hub.ts";
import { admission, closeAll, connect, newHub, statusOf } from "./testing.ts";

afterEach(closeAll);

/** A subject of an issuer, with a token issued at this time. */
function subject(name: string, issuer: string, issuedAt: number): Admission {
  return admission({
    actor: `subject:${name}`,
    credential: `token:${name}-${issuedAt}`,
    groups: [SUBJECTS_GROUP, issuerGroup(issuer), `family:${name}`],
    checkedAt: issuedAt,
    credentialExpiresAt: issuedAt + 3_600_000,
  });
}

it.each([
  ["the person", "subject:ann", 1],
  ["the token", "token:ann-", 1],
  ["the refresh family", "family:ann", 1],
  ["the issuer", issuerGroup("hosted"), 2],
  ["every subject", SUBJECTS_GROUP, 3],
])("[LV36] revoking %s closes exactly its sockets, asleep or not", async (_what, name, closed) => {
  const hub = newHub();
  const issuedAt = Date.now() - 5_000;
  const people = [subject("ann", "hosted", issuedAt), subject("bob", "hosted", issuedAt), subject("eve", "school", issuedAt)];
  const sockets = await Promise.all(people.map(async (one) => await connect(hub, one)));
  const service = await connect(hub, admission());
  await evictDurableObject(hub);
  const credential = name.endsWith("-") ? `${name}${issuedAt}` : name;
  expect(await hub.closeCredentials([credential])).toBe(closed);
  for (const socket of sockets.slice(0, closed)) expect(await socket.whenClosed()).toMatchObject({ code: 4401 });
  expect(sockets.filter((socket) => socket.closed !== undefined)).toHaveLength(closed);
  expect(service.closed).toBeUndefined();
});

it("[LV36] refuses what was issued before, and lets in who signed in after", async () => {
  const hub = newHub();
  const now = Date.now();
  await hub.closeCredentials(["subject:ann", issuerGroup("school")]);
  expect(await statusOf(hub, subject("ann", "hosted", now - 5_000))).toBe(401);
  expect(await statusOf(hub, subject("eve", "school", now - 5_000))).toBe(401);
  expect(await statusOf(hub, subject("bob", "hosted", now - 5_000))).toBe(101);
  expect(await statusOf(hub, subject("ann", "hosted", now + 60_000))).toBe(101);
});

it("[LV36] never takes a revoked token back, whenever it says that it was checked", async () => {
  const hub = newHub();
  const issuedAt = Date.now() + 60_000;
  await hub.closeCredentials([`token:ann-${issuedAt}`]);
  expect(await statusOf(hub, subject("ann", "hosted", issuedAt))).toBe(401);
});

it("[LV39] leaves a socket from after the revocation alone when that is repeated, also after a sleep", async () => {
  const hub = newHub();
  const revokedAt = Date.now() - 2_000;
  const [before, after] = [revokedAt, revokedAt + 1].map((issuedAt) => subject("ann", "hosted", issuedAt));
  if (!before || !after) throw new Error("two tokens");
  const old = await connect(hub, before);
  expect(await hub.closeCredentials(["subject:ann"], revokedAt)).toBe(1);
  expect(await old.whenClosed()).toMatchObject({ code: 4401 });
  const socket = await connect(hub, after);
  await evictDurableObject(hub);
  expect(await hub.closeCredentials(["subject:ann"], revokedAt)).toBe(0);
  expect(socket.closed).toBeUndefined();
  expect(await statusOf(hub, after)).toBe(101);
  expect(await statusOf(hub, before)).toBe(401);
});

it("[LV39] closes by name what must never come back, and everybody where nobody says when it was", async () => {
  const hub = newHub();
  const now = Date.now();
  const socket = await connect(hub, subject("ann", "hosted", now + 60_000));
  const service = await connect(hub, admission({ actor: "key:k9", credential: "key:k9", checkedAt: now + 60_000 }));
  expect(await hub.closeCredentials(["subject:ann", "key:k9"], now)).toBe(1);
  expect(await service.whenClosed()).toMatchObject({ code: 4401 });
  expect(await hub.closeCredentials(["subject:ann"])).toBe(1);
  expect(await socket.whenClosed()).toMatchObject({ code: 4401 });
});

it("[LV39] keeps the later of two revocations, in whatever order they come", async () => {
  const hub = newHub();
  const now = Date.now();
  await hub.closeCredentials(["subject:ann"], now - 1_000);
  await hub.closeCredentials(["subject:ann"], now - 5_000);
  expect(await statusOf(hub, subject("ann", "hosted", now - 3_000))).toBe(401);
  expect(await statusOf(hub, subject("ann", "hosted", now - 999))).toBe(101);
});
