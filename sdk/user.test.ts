import { afterEach, describe, expect, it, vi } from "vitest";
import { MeridianError, MeridianUser, type MeridianUserOptions } from "./user.ts";
import { FakeDoor, TabBus } from "./user-testing.ts";

const URL_ = "https://m.example";

function tabsFor(door: FakeDoor, count: number, options: Partial<MeridianUserOptions> = {}): MeridianUser[] {
  const bus = new TabBus();
  return Array.from(
    { length: count },
    () =>
      new MeridianUser({
        url: URL_,
        slug: "acme",
        fetch: door.fetch,
        tabs: bus.tab(),
        now: () => door.now,
        sleep: async () => {},
        ...options,
      }),
  );
}

function pair(door: FakeDoor, options?: Partial<MeridianUserOptions>): [MeridianUser, MeridianUser] {
  const [one, two] = tabsFor(door, 2, options);
  if (!one || !two) throw new Error("two tabs were asked for");
  return [one, two];
}

afterEach(() => vi.unstubAllGlobals());

describe("a user", () => {
  it("[SD12] asks as a visitor when nobody is signed in: no token, no cookie", async () => {
    const door = new FakeDoor();
    const [user] = pair(door);
    await expect(user.me()).rejects.toMatchObject({ status: 401 });
    const { url, headers, init } = door.seen[0]!;
    expect([url, headers.get("authorization"), init.credentials]).toEqual([`${URL_}/p/acme/v1/subjects/me`, null, "omit"]);
  });

  it("[SD12] asks with the token once signed in, at the door's own path", async () => {
    const door = new FakeDoor();
    const [user] = pair(door);
    expect(await user.guest({ name: "Ada" })).toMatchObject({ issuer: "hosted", sub: "u1" });
    expect(await user.request("GET", "/v1/anything")).toEqual({ token: "token-1" });
    expect(door.seen.at(-1)?.url).toBe(`${URL_}/p/acme/v1/anything`);
    const [own] = tabsFor(door, 1, { slug: undefined as never });
    await own!.guest();
    expect(door.seen.at(-1)?.url).toBe(`${URL_}/v1/subjects/guest`);
  });

  it("[SD13] renews a token before its end, and one that is refused, once", async () => {
    const door = new FakeDoor();
    const [user] = pair(door);
    await user.guest();
    door.now += door.ttlMs - 29_000;
    expect(await user.request("GET", "/v1/anything")).toEqual({ token: "token-2" });
    door.revokeToken();
    expect(await user.request("GET", "/v1/anything")).toEqual({ token: "token-3" });
    expect(door.asked("/refresh")).toBe(2);
  });

  it("[SD13] gives up after one renewal when the new token is refused as well", async () => {
    const door = new FakeDoor();
    const [user] = pair(door, {
      fetch: async (url, init) => (url.includes("/anything") ? new Response("{}", { status: 401 }) : await door.fetch(url, init)),
    });
    await user.guest();
    await expect(user.request("GET", "/v1/anything")).rejects.toBeInstanceOf(MeridianError);
    expect(door.asked("/refresh")).toBe(1);
    expect(user.subject).not.toBeNull();
  });

  it("[SD14] sends a handle again when the answer was lost, and then no more", async () => {
    const door = new FakeDoor();
    const [user] = pair(door);
    await user.guest();
    door.now += door.ttlMs;
    door.lost = 1;
    expect(await user.token()).toBe("token-3");
    door.now += door.ttlMs;
    door.lost = 2;
    await expect(user.token()).rejects.toMatchObject({ slug: "network" });
    expect(user.subject).not.toBeNull();
    expect(door.asked("/refresh")).toBe(4);
  });

  it("[SD18] renews a minted token where handles of keys are renewed, and lets go of one that has no handle", async () => {
    const door = new FakeDoor();
    door.issuer = "minted";
    const [user] = pair(door);
    await user.guest();
    door.now += door.ttlMs;
    expect(await user.token()).toBe("token-2");
    expect(door.asked("/v1/tokens/refresh")).toBe(1);
    const expiresAt = new Date(door.now + 1_000).toISOString();
    user.adopt({ token: "a.b.c", expiresAt, subject: { issuer: "school", sub: "u2", name: "Bob", guest: false }, refreshHandle: null });
    expect(await user.token()).toBeUndefined();
    expect(user.subject).toBeNull();
  });

  it("[SD17] never touches a storage that outlives the page", async () => {
    const touched = vi.fn();
    const storage = new Proxy({}, { get: touched, set: touched, has: touched });
    vi.stubGlobal("localStorage", storage);
    vi.stubGlobal("sessionStorage", storage);
    vi.stubGlobal("indexedDB", storage);
    const door = new FakeDoor();
    const [user] = pair(door);
    await user.start();
    await user.login("ada@example.com", "correct horse battery");
    door.now += door.ttlMs;
    await user.token();
    await user.logout();
    expect(touched).not.toHaveBeenCalled();
  });
});

describe("several tabs", () => {
  it("[SD13] one renews, the others take what it got", async () => {
    const door = new FakeDoor();
    const users = tabsFor(door, 5);
    await users[0]!.guest();
    door.now += door.ttlMs;
    const tokens = await Promise.all(users.map(async (user) => await user.token()));
    expect(new Set(tokens)).toEqual(new Set(["token-2"]));
    expect(door.asked("/refresh")).toBe(1);
    expect(door.ended).toBe(false);
  });

  it("[SD16] a new one takes the session of those that are open, without asking the server", async () => {
    const door = new FakeDoor();
    const [first, second] = pair(door);
    await first.start();
    await first.guest();
    const asked = door.seen.length;
    const seen: unknown[] = [];
    second.onChange((subject) => seen.push(subject));
    expect(await second.start()).toMatchObject({ sub: "u1" });
    expect(door.seen).toHaveLength(asked);
    expect(await second.token()).toBe("token-1");
  });

  it("[SD15] a session that has ended signs all of them out; a server that is away does not", async () => {
    const door = new FakeDoor();
    const [first, second] = pair(door);
    await first.guest();
    door.now += door.ttlMs;
    door.lost = 2;
    await expect(second.token()).rejects.toMatchObject({ slug: "network" });
    expect([first.subject, second.subject]).not.toContain(null);
    door.ended = true;
    expect(await second.token()).toBeUndefined();
    expect([first.subject, second.subject]).toEqual([null, null]);
  });

  it("[SD15] signing out in one signs out all, and ends the session at the server", async () => {
    const door = new FakeDoor();
    const [first, second] = pair(door);
    await first.guest();
    await second.logout();
    expect([first.subject, second.subject, door.ended]).toEqual([null, null, true]);
    expect(JSON.parse(door.bodies().at(-1) ?? "")).toEqual({ everywhere: false, refreshHandle: "mrr_acme_0_f_1" });
  });
});

describe("outside of a page", () => {
  it("[SD19] users of one program never take over each other's sessions", async () => {
    const doors = [new FakeDoor(), new FakeDoor()];
    const users = doors.map(
      (door) => new MeridianUser({ url: URL_, slug: "acme", fetch: door.fetch, now: () => door.now, sleep: async () => {} }),
    );
    await users[0]!.guest();
    await new Promise((done) => setTimeout(done, 50)); // a message among tabs would have arrived
    expect([users[0]!.subject?.sub, users[1]!.subject]).toEqual(["u1", null]);
    expect(await users[1]!.start()).toBeNull();
    for (const user of users) user.close();
  });
});

describe("a session in a cookie", () => {
  it("[SD16] is found again after a reload, and its handle is never seen by a script", async () => {
    const door = new FakeDoor();
    const [user] = pair(door, { keep: "cookie" });
    await user.login("ada@example.com", "correct horse battery");
    expect(door.seen.at(-1)?.init.credentials).toBe("include");
    const [reloaded] = pair(door, { keep: "cookie" });
    expect(await reloaded.start()).toMatchObject({ sub: "u1" });
    expect(await reloaded.token()).toBe("token-2");
    expect(door.bodies().every((body) => !body.includes("mrr_"))).toBe(true);
  });

  it("[SD16] [SD20] asks once when nobody is signed in, and that is no error", async () => {
    const door = new FakeDoor();
    const [user] = pair(door, { keep: "cookie" });
    expect(await user.start()).toBeNull();
    expect(door.asked("/refresh")).toBe(1);
    expect(await user.guest()).toMatchObject({ sub: "u1" });
    const [inMemory] = pair(new FakeDoor(), { keep: "memory" });
    expect(await inMemory.start()).toBeNull();
  });

  it("[SD22] that begins while the server is asked for an older one stays", async () => {
    const door = new FakeDoor();
    let answer = (): void => {};
    const asked = new Promise<void>((done) => (answer = done));
    const [user] = pair(door, {
      keep: "cookie",
      fetch: async (url, init) => {
        const response = await door.fetch(url, init);
        if (url.endsWith("/refresh")) await asked;
        return response;
      },
    });
    const started = user.start();
    await vi.waitUntil(() => door.asked("/refresh") === 1);
    await user.verify("the mailed link's token", "the password");
    answer();
    expect(await started).toMatchObject({ sub: "u1" });
    expect(user.subject).toMatchObject({ sub: "u1" });
  });

  it("[SD20] whose cookie is gone when it is to be renewed signs out every tab", async () => {
    const door = new FakeDoor();
    const [first, second] = pair(door, { keep: "cookie" });
    await first.guest();
    door.cookie = null;
    door.now += door.ttlMs;
    expect(await second.token()).toBeUndefined();
    expect([first.subject, second.subject, door.ended]).toEqual([null, null, false]);
    expect(door.asked("/refresh")).toBe(1);
  });

  it("[SD12] other requests carry the token and no cookie", async () => {
    const door = new FakeDoor();
    const [user] = pair(door, { keep: "cookie" });
    await user.guest();
    await user.request("GET", "/v1/anything");
    expect(door.seen.at(-1)?.init.credentials).toBe("omit");
  });
});
