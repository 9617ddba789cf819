import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { AuditEntry } from "../../contract/access.ts";
import { deviceWords } from "../../contract/device-words.ts";
import type { Page } from "../../contract/pages.ts";
import type { Session } from "../../contract/second-factors.ts";
import { firstStep, from, seedPerson, seedProtected } from "./auth-factor-testing.ts";
import { sweepSessions } from "./auth-store.ts";
import { clearIsolateCaches } from "../http/isolate-caches.ts";
import { ask, cookiesOf } from "./testing.ts";

const FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0";
const here = { "user-agent": FIREFOX, "cf-connecting-ip": "198.51.100.77" };
const opened = async (cookie: string) =>
  (await (await ask("/v1/audit?action=session.open", { cookie })).json<Page<AuditEntry>>()).items.map(({ outcome, detail }) => [
    outcome,
    detail,
  ]);

afterEach(() => {
  vi.useRealTimers();
});

describe("sessions", { timeout: 30_000 }, () => {
  it("[AC44] show the device in words and the network without its end; no more of either is kept", async () => {
    const person = await seedPerson();
    const cookie = cookiesOf(await firstStep(person.email, { headers: here }));
    const { items } = await (await ask("/v1/auth/sessions", { cookie })).json<{ items: Session[] }>();
    expect(items.map(({ device, network, current }) => ({ device, network, current }))).toEqual([
      { device: "Firefox on Windows", network: "198.51.100.0/24", current: true },
      { device: null, network: null, current: false },
    ]);
    const stored = await env.DB.prepare("SELECT user_agent, ip_address FROM identity_session WHERE user_id = ? AND user_agent IS NOT NULL")
      .bind(person.userId)
      .first();
    expect(stored).toEqual({ user_agent: "Firefox on Windows", ip_address: "198.51.100.0/24" });
    const v6 = cookiesOf(await firstStep(person.email, { headers: { "cf-connecting-ip": "2001:db8:1:2:3:4:5:6" } }));
    const [newest] = (await (await ask("/v1/auth/sessions", { cookie: v6 })).json<{ items: Session[] }>()).items;
    expect(newest).toMatchObject({ device: null, network: "2001:db8:1::/48" });
    // What a caller says of its own address is not believed.
    const lied = { "x-forwarded-for": "192.0.2.1", "x-meridian-network": "192.0.2.0/24" };
    const plain = cookiesOf(await firstStep(person.email, { headers: lied }));
    const [last] = (await (await ask("/v1/auth/sessions", { cookie: plain })).json<{ items: Session[] }>()).items;
    expect(last).toMatchObject({ network: null });
  });

  it("[AC44] that end together are as many as were told; a stranger ends none", async () => {
    const person = await seedPerson();
    const others = [await firstStep(person.email), await firstStep(person.email)].map(cookiesOf);
    const end = async (cookie: string) => await ask("/v1/auth/sessions", { method: "DELETE", cookie });
    expect(await (await end(person.cookie)).json()).toEqual({ ended: 2 });
    for (const cookie of others) expect((await ask("/v1/me", { cookie })).status).toBe(401);
    expect(await (await end(person.cookie)).json()).toEqual({ ended: 0 });
    expect((await end("")).status).toBe(401);
  });

  it("[AC44] say when they were seen, to the quarter of an hour, with one row in that time", async () => {
    const { cookie, sessionId } = await seedPerson();
    const start = Date.now() - 3_600_000;
    const seen = async () => await env.DB.prepare("SELECT updated_at AS at FROM identity_session WHERE id = ?").bind(sessionId).first("at");
    const at = async (ms: number) => {
      vi.useFakeTimers({ toFake: ["Date"], now: start + ms });
      clearIsolateCaches();
      expect((await ask("/v1/me", { cookie })).status).toBe(200);
      return await seen();
    };
    await env.DB.prepare("UPDATE identity_session SET updated_at = ? WHERE id = ?").bind(start, sessionId).run();
    expect(await at(899_999)).toBe(start);
    expect(await at(900_000)).toBe(start + 900_000);
    expect(await at(1_799_999)).toBe(start + 900_000);
  });

  it.each([
    [FIREFOX, "Firefox on Windows"],
    [
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15",
      "Safari on macOS",
    ],
    ["Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0 Safari/537.36 Edg/153.0", "Edge on Windows"],
    ["Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0 Mobile Safari/537.36", "Chrome on Android"],
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1 Version/26.1 Mobile/15E Safari/604.1", "Safari on iPhone"],
    ["curl/8.14.1", "curl"],
    ["node", "node"],
    ["<script>alert(1)</script>", null],
    ["x".repeat(5_000), "x".repeat(40)],
    ["", null],
    [null, null],
  ])("[AC44] says of %s: %s", (userAgent, words) => {
    expect(deviceWords(userAgent)).toBe(words);
  });

  it("[AC44] and challenges that ended are swept", async () => {
    const person = await seedProtected();
    await firstStep(person.email);
    const left = async () => await env.DB.prepare("SELECT count(*) AS n FROM identity_verification").first("n");
    expect(await left()).toBeGreaterThan(0);
    await sweepSessions(env.DB, Date.now());
    expect(await left()).toBeGreaterThan(0);
    await sweepSessions(env.DB, Date.now() + 601_000);
    expect(await left()).toBe(0);
  });
});

describe("a sign-in", { timeout: 30_000 }, () => {
  it("[AC45] leaves how and with which device in the tenant's log, and whether the device is new", async () => {
    const person = await seedPerson();
    const first = await firstStep(person.email, { headers: here });
    const cookie = cookiesOf(first);
    await firstStep(person.email, { headers: here, cookie });
    await ask("/v1/auth/sign-in/email", { headers: here, body: { email: person.email, password: "wrong" } });
    const where = { method: "password", device: "Firefox on Windows", network: "198.51.100.0/24" };
    expect(await opened(cookie)).toEqual([
      ["denied", where],
      ["done", { ...where, newDevice: false }],
      ["done", { ...where, newDevice: true }],
    ]);
  });

  it("[AC45] with a browser that others signed in with too is known by each of them, five at most", async () => {
    const [ada, bob] = [await seedPerson(), await seedPerson()];
    const device = (response: Response) => response.headers.getSetCookie().find((line) => line.startsWith("meridian.device=")) ?? "";
    const pair = (response: Response) => device(response).split(";", 1)[0] ?? "";
    let jar = pair(await firstStep(ada.email));
    expect(device(await firstStep(ada.email))).toMatch(/Max-Age=34560000; Path=\/; HttpOnly; SameSite=Lax/);
    jar = pair(await firstStep(bob.email, { cookie: jar }));
    await firstStep(ada.email, { cookie: jar });
    expect((await opened(ada.cookie)).map(([, detail]) => (detail as { newDevice: boolean }).newDevice)).toEqual([false, true, true]);
    // Bob's mark says nothing of Ada, and one that was made up says nothing at all.
    expect((await opened(bob.cookie)).map(([, detail]) => (detail as { newDevice: boolean }).newDevice)).toEqual([true]);
    await firstStep(bob.email, { cookie: "meridian.device=r-1.AAAAAAAAAAAAAAAAAAAA~x~y" });
    expect((await opened(bob.cookie))[0]?.[1]).toMatchObject({ newDevice: true });
    const many = pair(await firstStep(ada.email, { cookie: `meridian.device=${Array.from({ length: 9 }, (_, n) => `k.${n}`).join("~")}` }));
    expect(many.split("~")).toHaveLength(5);
  });

  it("[AC45] is told as an event that names nobody but under `personal`", async () => {
    const person = await seedPerson();
    const sent: { type: string; subject: string; data: Record<string, unknown> }[] = [];
    const { env: objects } = await import("cloudflare:test");
    const real = objects.TENANT.getByName(`${person.tenantId}/tenant/main`);
    const watched = new Proxy(real, {
      get: (target, name) =>
        name === "audit"
          ? async (notes: never, meta: never, events: typeof sent) => {
              sent.push(...(events ?? []));
              return await target.audit(notes, meta, events as never);
            }
          : (...args: unknown[]) => Reflect.apply(Reflect.get(target, name) as (...all: unknown[]) => unknown, target, args),
    });
    const TENANT = { getByName: () => watched } as never; // the one method that the edge uses
    await firstStep(person.email, { headers: { ...here, ...from() }, env: { TENANT } });
    expect(sent).toHaveLength(1);
    const [{ type, subject, data } = { type: "", subject: "", data: {} }] = sent;
    expect([type, subject]).toEqual(["meridian.operator.signed-in", `user/${person.userId}`]);
    const { personal, ...rest } = data;
    expect(rest).toEqual({ userId: person.userId, method: "password", newDevice: true });
    expect(personal).toMatchObject({ name: "The owner", email: person.email, device: "Firefox on Windows" });
  });

  it("[AC45] asked for the second factor is none yet; a wrong code is noted as denied with its method", async () => {
    const person = await seedProtected();
    const step = cookiesOf(await firstStep(person.email));
    expect(await opened(person.cookie)).toEqual([]);
    await ask("/v1/auth/two-factor/sign-in", { body: { backupCode: "wrong" }, cookie: step });
    await ask("/v1/auth/two-factor/sign-in", { body: { backupCode: person.backupCodes[0] }, cookie: step });
    expect((await opened(person.cookie)).map(([outcome, detail]) => [outcome, (detail as { method: string }).method])).toEqual([
      ["done", "backup-code"],
      ["denied", "backup-code"],
    ]);
  });
});
