import { env, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PLACE_HUBS, placeHubOf } from "../../contract/live-revocation.ts";
import { issuerGroup, SUBJECTS_GROUP } from "../../contract/principal.ts";
import type { Admission, LivePlace } from "../../contract/rpc/hub.ts";
import { PLACE_LIMITS } from "./hub-places.ts";
import type { Hub } from "./hub.ts";
import { admission, newHub } from "./testing.ts";

let hub: DurableObjectStub<Hub>;
beforeEach(() => {
  hub = newHub();
});
afterEach(() => {
  vi.useRealTimers();
});

const HOUR_MS = 3_600_000;
const room = (name: string): LivePlace => ({ kind: "room", name });

function person(name: string, changed: Partial<Admission> = {}): Admission {
  const now = Date.now();
  return admission({
    actor: `subject:${name}`,
    credential: `token:${name}`,
    groups: [SUBJECTS_GROUP, issuerGroup("hosted"), `family:${name}`],
    checkedAt: now - 5_000,
    credentialExpiresAt: now + HOUR_MS,
    ...changed,
  });
}

/** Puts objects of the test's own behind the hub, until it is evicted. @returns those that were told, as `kind/name` */
async function fakePlaces(left = 1, broken = ""): Promise<string[]> {
  const told: string[] = [];
  const of = (kind: string) => ({
    getByName: (address: string) => ({
      closeCredentials: async () => {
        const name = `${kind}/${address.split("/").at(-1)}`;
        told.push(name);
        if (name === broken) throw new Error("it is away");
        return { closed: 1, left };
      },
    }),
  });
  await runInDurableObject(hub, (instance) => {
    const value = { ...env, LEADERBOARDS: of("leaderboard"), ROOMS: of("room") };
    Object.defineProperty(instance, "env", { value, configurable: true });
  });
  return told;
}

async function rows(): Promise<number> {
  return await runInDurableObject(
    hub,
    (_hub, { storage }) => storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM live_place").one().n,
  );
}

describe("where people's sockets may be", () => {
  it("[LV65] is asked for whom a revocation means, and no other place is", async () => {
    await hub.notePlace(room("a"), person("ann"));
    await hub.notePlace({ kind: "leaderboard", name: "arena" }, person("ann"));
    await hub.notePlace(room("b"), person("bob"));
    await hub.notePlace(room("b"), admission({ actor: "user:u1", credential: "session:s1" }));
    await evictDurableObject(hub);
    const told = await fakePlaces();
    const cases = [
      [["subject:ann"], ["leaderboard/arena", "room/a"]],
      [["family:bob"], ["room/b"]],
      [["session:s1", "key:k1"], ["room/b"]],
      [
        ["subject:ann", "user:u1"],
        ["leaderboard/arena", "room/a", "room/b"],
      ],
      // Tokens change with each renewal, issuers and all subjects are many: every place is asked.
      [["token:ann"], ["leaderboard/arena", "room/a", "room/b"]],
      [[issuerGroup("hosted")], ["leaderboard/arena", "room/a", "room/b"]],
      [["key:k1"], []],
    ] as const;
    for (const [names, asked] of cases) {
      told.length = 0;
      expect(await hub.closeAtPlaces([...names], undefined)).toEqual({ closed: asked.length, failed: 0, next: null });
      expect(told.toSorted()).toEqual([...asked]);
    }
  });

  it("[LV66] lets nobody slip through between a revocation and the reading of places, whichever is first", async () => {
    const told = await fakePlaces();
    expect(await hub.notePlace(room("a"), person("ann"))).toMatchObject({ ok: true });
    const at = Date.now();
    await hub.closeCredentials(["subject:ann"], at);
    // The note was first: its object is asked. The revocation was first: the note is refused, and by whatever name it goes.
    expect(await hub.notePlace(room("b"), person("ann", { checkedAt: at }))).toMatchObject({ problem: { slug: "unauthenticated" } });
    await hub.closeCredentials([issuerGroup("school")], at);
    const pupil = person("eve", { groups: [SUBJECTS_GROUP, issuerGroup("school")] });
    expect(await hub.notePlace(room("b"), pupil)).toMatchObject({ problem: { slug: "unauthenticated" } });
    await hub.closeAtPlaces(["subject:ann"], at);
    expect(told).toEqual(["room/a"]);
    expect(await hub.notePlace(room("b"), person("ann", { checkedAt: at + 1 }))).toMatchObject({ ok: true });
    expect(await rows()).toBe(4);
  });

  it("[LV66] remembers a revocation for longer than any ticket or request lives", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const [ann, at] = [person("ann"), Date.now()];
    await hub.closeCredentials(["subject:ann"], at);
    vi.setSystemTime(at + 299_999);
    await hub.notePlace(room("x"), person("bob"));
    expect(await hub.notePlace(room("a"), ann)).toMatchObject({ problem: { slug: "unauthenticated" } });
  });

  it("[LV65] goes on to the others when one cannot be asked, and says so", async () => {
    for (const name of ["a", "b", "c"]) await hub.notePlace(room(name), person("ann"));
    const told = await fakePlaces(1, "room/b");
    expect(await hub.closeAtPlaces(["subject:ann"], undefined)).toEqual({ closed: 2, failed: 1, next: null });
    expect(told).toHaveLength(3);
  });

  it("[LV65] is asked a page at a time, each place once", async () => {
    const count = PLACE_LIMITS.page + 1;
    await runInDurableObject(hub, async (instance) => {
      for (let n = 0; n < count; n++) await instance.notePlace(room(`r${n}`), person("ann"));
    });
    const told = await fakePlaces();
    const first = await hub.closeAtPlaces(["subject:ann"], undefined);
    expect(first).toMatchObject({ closed: PLACE_LIMITS.page, next: expect.stringMatching(/^room\/r/) as string });
    expect(await hub.closeAtPlaces(["subject:ann"], undefined, first.next ?? "")).toEqual({ closed: 1, failed: 0, next: null });
    expect(new Set(told).size).toBe(count);
  });
});

describe("a note that was for nothing", () => {
  it("[LV69] is taken back, unless somebody else relies on it", async () => {
    const first = await hub.notePlace(room("none"), person("ann"));
    if (!first.ok || first.value === null) throw new Error("nobody relied on it before");
    await hub.unnotePlace(room("none"), person("ann"), first.value);
    expect(await rows()).toBe(0);
    const again = await hub.notePlace(room("soon"), person("ann"));
    // Somebody of the same name noted it too, before there was such a room or after: theirs stays, whoever gives up.
    expect(await hub.notePlace(room("soon"), person("ann"))).toEqual({ ok: true, value: null });
    if (!again.ok || again.value === null) throw new Error("nobody relied on it before");
    await hub.unnotePlace(room("soon"), person("ann"), again.value);
    expect(await rows()).toBe(2);
  });
});

describe("what a hub keeps of places", () => {
  it("[LV67] are 1,000 of an end user, one more is refused; one that is known is none more", async () => {
    await runInDurableObject(hub, async (instance) => {
      for (let n = 0; n < PLACE_LIMITS.ofSubject; n++)
        expect(await instance.notePlace(room(`r${n}`), person("ann"))).toMatchObject({ ok: true });
    });
    expect(await hub.notePlace(room("more"), person("ann"))).toMatchObject({ problem: { slug: "socket-limit" } });
    expect(await hub.notePlace(room("r1"), person("ann"))).toMatchObject({ ok: true });
    expect(await hub.notePlace(room("more"), person("bob"))).toMatchObject({ ok: true });
    expect(await hub.notePlace(room("more"), admission())).toMatchObject({ ok: true });
  });

  it("[LV67] go with the credential, and stay with one that does not end until nobody is left", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const start = Date.now();
    for (const name of ["a", "b"]) await hub.notePlace(room(name), person("ann"));
    await hub.notePlace(room("a"), admission());
    expect(await rows()).toBe(5);
    vi.setSystemTime(start + HOUR_MS + PLACE_LIMITS.graceMs - 1);
    for (let n = 0; n < 3; n++) await hub.notePlace(room("a"), admission());
    expect(await rows()).toBe(5);
    vi.setSystemTime(start + HOUR_MS + PLACE_LIMITS.graceMs);
    for (let n = 0; n < 3; n++) await hub.notePlace(room("a"), admission());
    expect(await rows()).toBe(1);
    await fakePlaces(0);
    // It was noted a moment ago: somebody may be on the way in.
    await hub.closeAtPlaces(["key:k1"], undefined);
    expect(await rows()).toBe(1);
    vi.setSystemTime(Date.now() + PLACE_LIMITS.graceMs + 10); // notes of one millisecond stand apart by one each
    await hub.closeAtPlaces(["key:k1"], undefined);
    expect(await rows()).toBe(0);
  });

  it("[LV67] last as long as the longest credential that opened a socket there", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const start = Date.now();
    await hub.notePlace(room("a"), person("ann", { credentialExpiresAt: start + 2 * HOUR_MS }));
    await hub.notePlace(room("a"), person("ann"));
    vi.setSystemTime(start + 2 * HOUR_MS);
    for (let n = 0; n < 3; n++) await hub.notePlace(room("b"), admission());
    expect(await rows()).toBe(3);
  });

  it("[LV68] costs two rows per socket of somebody with a family, one of others, and a repetition no more", async () => {
    const cost = async (who: Admission): Promise<number> => {
      const changed = async () =>
        await runInDurableObject(hub, (_hub, { storage }) => storage.sql.exec<{ n: number }>("SELECT total_changes() AS n").one().n);
      const before = await changed();
      await hub.notePlace(room("a"), who);
      return (await changed()) - before;
    };
    await hub.confirmOutbox([1]);
    expect([await cost(person("ann")), await cost(person("ann")), await cost(admission())]).toEqual([2, 2, 1]);
  });
});

it("[LV65] is kept by the same one of four hubs whoever asks", () => {
  const names = Array.from({ length: 1_000 }, (_, n) => `subject:${n}`);
  const counts = Map.groupBy(names, placeHubOf);
  expect([...counts.keys()].toSorted((a, b) => a - b)).toEqual(Array.from({ length: PLACE_HUBS }, (_, n) => n));
  for (const [, of] of counts) expect(of.length).toBeGreaterThan(150);
  expect(placeHubOf("foobar")).toBe(0xbf9cf968 % PLACE_HUBS); // the draft's own example
});
