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
