import { afterEach, describe, expect, it, vi } from "vitest";
import { FIRST_SETTINGS } from "../../contract/settings.ts";
import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import type { TokenReply } from "../../contract/subjects.ts";
import type { EdgeEnv } from "../env.ts";
import { clearIsolateCaches } from "../http/isolate-caches.ts";
import type { ProblemBody } from "../http/testing.ts";
import { ATTEMPT_LIMITS } from "./auth-attempts.ts";
import { hashPassword } from "./auth-password.ts";
import { isCommonPassword, NO_HASH } from "./subject-password.ts";
import { atDoor, changeSettings, linkToken, PASSWORD, seedAccount, seedDoor, seedGuest } from "./subject-testing.ts";
import { ask, edgeEnv, seedOperator, seedTenant } from "./testing.ts";

const DEMO = { env: { DEMO: "true" } };

afterEach(() => vi.useRealTimers());

/** The edge's bindings, with every call of an object of end users noted in its order. */
function spied(): { readonly env: Partial<EdgeEnv>; readonly calls: string[] } {
  const calls: string[] = [];
  const getByName = (name: string) => {
    const stub = edgeEnv.SUBJECTS.getByName(name);
    return new Proxy(stub, {
      get:
        (target, method) =>
        async (...args: readonly unknown[]) => {
          calls.push(String(method));
          return await Reflect.apply(Reflect.get(target, method) as (...all: readonly unknown[]) => unknown, target, args); // a method of the stub
        },
    });
  };
  return { env: { SUBJECTS: { getByName } }, calls };
}

async function shapeOf(answer: Response): Promise<unknown> {
  const { requestId: _, ...body } = await answer.json<Record<string, unknown>>();
  return { status: answer.status, body, headers: [...answer.headers.keys()].sort() };
}

describe("whether an address has an account", () => {
  it("[SU74] is not told by a registration: the same answer, the same calls", async () => {
    const tenant = await seedDoor();
    await seedAccount(tenant, "known@example.com");
    const [known, unknown] = [spied(), spied()];
    const answers = [
      await atDoor(tenant, "register", { email: "known@example.com", password: PASSWORD }, known),
      await atDoor(tenant, "register", { email: "unknown@example.com", password: PASSWORD }, unknown),
    ];
    const [first, second] = await Promise.all(answers.map(shapeOf));
    expect(first).toEqual(second);
    expect(first).toMatchObject({ status: 202, body: { status: "verify" } });
    expect(known.calls).toEqual(unknown.calls);
    expect(known.calls.length).toBeGreaterThan(0);
  });

  it("[SU74] is not told by a demo's link either, nor by a log-in that fails", async () => {
    const tenant = await seedDoor();
    await seedAccount(tenant, "known@example.com");
    const links = await Promise.all(
      ["known@example.com", "unknown@example.com"].map(async (email) => {
        const token = await linkToken(await atDoor(tenant, "register", { email, password: PASSWORD }, DEMO));
        return token.replace(/_\d+_.*/, "");
      }),
    );
    expect(links).toEqual(["mrv", "mrv"]);
    const [known, unknown] = [spied(), spied()];
    const failed = [
      await atDoor(tenant, "login", { email: "known@example.com", password: "the wrong phrase" }, known),
      await atDoor(tenant, "login", { email: "nobody@example.com", password: "the wrong phrase" }, unknown),
    ];
    const [first, second] = await Promise.all(failed.map(shapeOf));
    expect(first).toEqual(second);
    expect(first).toMatchObject({ status: 401 });
    expect(known.calls).toEqual(unknown.calls);
    const cost = (hash: string) => hash.split("$").slice(0, 3).join("$");
    expect(cost(NO_HASH)).toBe(cost(hashPassword("any")));
    expect(NO_HASH).toHaveLength(hashPassword("any").length);
  });

  it("[SU74] a link for an address that has one makes nothing of it", async () => {
    const tenant = await seedDoor();
    const { subject } = await seedAccount(tenant, "known@example.com");
    const asked = await atDoor(tenant, "register", { email: "known@example.com", password: "another long phrase" }, DEMO);
    expect((await atDoor(tenant, "verify", { token: await linkToken(asked), password: PASSWORD })).status).toBe(410);
    expect((await atDoor(tenant, "login", { email: "known@example.com", password: "another long phrase" })).status).toBe(401);
    const login = await atDoor(tenant, "login", { email: "known@example.com", password: PASSWORD });
    expect((await login.json<TokenReply>()).subject.sub).toBe(subject.sub);
  });
});

describe("attempts", () => {
  const from = (address: string) => ({ headers: { "cf-connecting-ip": address } });

  it("[SU75] of log-ins are five per account and place, alike for an account that is none; the owner's own place is not held up", async () => {
    const tenant = await seedDoor();
    await seedAccount(tenant, "busy@example.com");
    const login = { email: "busy@example.com", password: PASSWORD };
    expect((await atDoor(tenant, "login", login, from("203.0.113.9"))).status).toBe(200);
    for (const email of ["busy@example.com", "none@example.com"]) {
      const statuses: number[] = [];
      for (let n = 0; n < 6; n++) {
        statuses.push((await atDoor(tenant, "login", { email, password: "the wrong phrase" }, from("198.51.100.7"))).status);
      }
      expect([email, ...statuses]).toEqual([email, 401, 401, 401, 401, 401, 429]);
    }
    expect((await atDoor(tenant, "login", login, from("198.51.100.7"))).status).toBe(429);
    expect((await atDoor(tenant, "login", login, from("203.0.113.9"))).status).toBe(200);
  });

  it("[SU75] from where the link was used are the owner's own, whatever strangers do", async () => {
    const tenant = await seedDoor();
    const asked = await atDoor(tenant, "register", { email: "new@example.com", password: PASSWORD }, DEMO);
    await atDoor(tenant, "verify", { token: await linkToken(asked), password: PASSWORD }, from("203.0.113.10"));
    for (let n = 0; n < 6; n++)
      await atDoor(tenant, "login", { email: "new@example.com", password: "the wrong phrase" }, from("198.51.100.8"));
    expect((await atDoor(tenant, "login", { email: "new@example.com", password: PASSWORD }, from("203.0.113.10"))).status).toBe(200);
  });

  it("[SU75] of one address are bounded over all tenants' doors", async () => {
    const [one, other] = [await seedDoor(), await seedDoor()];
    const { burst } = ATTEMPT_LIMITS.doorAddress[0];
    for (let n = 0; n < burst; n++) expect((await atDoor(n % 2 ? one : other, "guest", {}, from("192.0.2.44"))).status).toBe(200);
    const refused = await atDoor(one, "guest", {}, from("192.0.2.44"));
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    for (const what of ["register", "verify", "login"]) {
      const body = {
        register: { email: "x@example.com", password: PASSWORD },
        verify: { token: "x", password: PASSWORD },
        login: { email: "x@example.com", password: "x" },
      }[what];
      expect([what, (await atDoor(other, what, body, from("192.0.2.44"))).status]).toEqual([what, 429]);
    }
    expect((await atDoor(other, "guest", {}, from("192.0.2.45"))).status).toBe(200);
  });
});

describe("passwords", () => {
  it("[SU76] that many people use are refused by name of the field, whatever their capitals", async () => {
    const tenant = await seedDoor();
    for (const password of ["password1", "Sunshine1", "QWERTYUIOP"]) {
      const answer = await atDoor(tenant, "register", { email: "p@example.com", password });
      expect(answer.status).toBe(400);
      expect((await answer.json<ProblemBody>()).errors?.map(({ pointer }) => pointer)).toEqual(["/password"]);
    }
    expect(["iloveyou", "trustno1"].map(isCommonPassword)).toEqual([true, true]);
    expect(["correct horse battery", "aaaaaaaaaaaaaaaaaaaaaaaab"].map(isCommonPassword)).toEqual([false, false]);
  });

  it("[SU76] have 8 to 128 characters", async () => {
    const tenant = await seedDoor();
    const status = async (password: string) => (await atDoor(tenant, "register", { email: "p@example.com", password })).status;
    expect([await status("x7#kQ2m"), await status("x7#kQ2mz")]).toEqual([400, 202]);
    expect([await status("z".repeat(128)), await status("z".repeat(129))]).toEqual([202, 400]);
  });
});

describe("hosted accounts", () => {
  const bodies: readonly [what: string, body: unknown][] = [
    ["register", { email: "x@example.com", password: PASSWORD }],
    ["verify", { token: "mrv_0_x", password: PASSWORD }],
    ["login", { email: "x@example.com", password: PASSWORD }],
    ["guest", {}],
    ["refresh", { refreshHandle: `mrr_x_0_x_${"a".repeat(40)}` }],
  ];

  it("[SU77] are off until a tenant switches them on", async () => {
    const tenant = await seedTenant();
    for (const [what, body] of bodies) expect([what, (await atDoor(tenant, what, body)).status]).toEqual([what, 403]);
  });

  it("[SU77] that are switched off let nobody go on, and those who were in come back when they are on again", async () => {
    const tenant = await seedDoor();
    const { refreshHandle } = await seedAccount(tenant, "back@example.com");
    await changeSettings(tenant, FIRST_SETTINGS);
    expect((await atDoor(tenant, "refresh", { refreshHandle })).status).toBe(403);
    await seedDoor({ hostedAccounts: { enabled: true, guests: false, mailWebhookUrl: null } }, tenant);
    expect((await atDoor(tenant, "refresh", { refreshHandle })).status).toBe(200);
    expect((await atDoor(tenant, "guest", {})).status).toBe(403);
  });

  it("[SU77] that are switched off use no handle up, wherever it is shown and however often", async () => {
    const tenant = await seedDoor();
    const { refreshHandle } = await seedGuest(tenant);
    await changeSettings(tenant, FIRST_SETTINGS);
    for (let i = 0; i < 3; i++) expect((await ask("/v1/tokens/refresh", { body: { refreshHandle } })).status).toBe(403);
    await seedDoor({}, tenant);
    expect((await atDoor(tenant, "refresh", { refreshHandle })).status).toBe(200);
  });

  it("[SU77] cannot be closed by default grants that no token could carry", async () => {
    const owner = await seedOperator("owner");
    const grants = (chars: number) => {
      const named = (name: string) => [{ kind: "metrics", name, actions: ["read"] }];
      const full = Array.from({ length: 11 }, (_, n) => ({ kind: "metrics", name: `${n}`.padEnd(152, "é"), actions: ["read"] }));
      return [...full, ...named("a".repeat(chars))];
    };
    const base = new TextEncoder().encode(JSON.stringify(grants(0))).length;
    const put = async (bytes: number) => {
      const hostedAccounts = { enabled: true, guests: true, mailWebhookUrl: null };
      const body = { ...FIRST_SETTINGS, defaultGrants: grants(bytes - base), hostedAccounts };
      return await ask("/v1/tenant/settings", { method: "PUT", body, cookie: owner.cookie });
    };
    const over = await put(SUBJECT_LIMITS.defaultGrantsBytes + 1);
    expect([over.status, await over.json()]).toMatchObject([400, { errors: [{ pointer: "/defaultGrants" }] }]);
    expect((await put(SUBJECT_LIMITS.defaultGrantsBytes)).status).toBe(200);
    clearIsolateCaches();
    expect((await atDoor(owner, "guest", { name: "𐍈".repeat(SUBJECT_LIMITS.nameChars / 2) })).status).toBe(200);
  });

  it("[SU78] a link is used once; made-up ones and those of another tenant are none", async () => {
    const [tenant, other] = [await seedDoor(), await seedDoor()];
    const token = await linkToken(await atDoor(tenant, "register", { email: "once@example.com", password: PASSWORD }, DEMO));
    expect((await atDoor(other, "verify", { token, password: PASSWORD })).status).toBe(410);
    expect((await atDoor(tenant, "verify", { token, password: PASSWORD })).status).toBe(200);
    expect((await atDoor(tenant, "verify", { token, password: PASSWORD })).status).toBe(410);
    for (const made of ["x", "mrv_9_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", `mrv_0_${"a".repeat(40)}`]) {
      expect((await atDoor(tenant, "verify", { token: made, password: PASSWORD })).status).toBe(410);
    }
  });

  it("[SU92] a link without the password that was chosen makes no account, and keeps nobody from the address", async () => {
    const tenant = await seedDoor();
    const email = "victim@example.com";
    const { token: guest } = await seedGuest(tenant);
    const chosen = { email, password: "a stranger's long phrase" };
    const own = { email, password: PASSWORD };
    const strange = [
      await atDoor(tenant, "register", chosen, DEMO),
      await atDoor(tenant, "upgrade", chosen, { ...DEMO, headers: { authorization: `Bearer ${guest}` } }),
    ];
    for (const asked of strange) {
      const answer = await atDoor(tenant, "verify", { token: await linkToken(asked), password: PASSWORD });
      expect([answer.status, await answer.json()]).toMatchObject([401, { type: "/problems/wrong-credentials" }]);
    }
    expect((await atDoor(tenant, "login", chosen)).status).toBe(401);
    const asked = await atDoor(tenant, "register", own, DEMO);
    expect((await atDoor(tenant, "verify", { token: await linkToken(asked), password: PASSWORD })).status).toBe(200);
    expect((await atDoor(tenant, "login", own)).status).toBe(200);
  });

  it("[SU92] guessing the password of a link waits like guessing at a log-in", async () => {
    const tenant = await seedDoor();
    const token = await linkToken(await atDoor(tenant, "register", { email: "guessed@example.com", password: PASSWORD }, DEMO));
    const statuses: number[] = [];
    for (let i = 0; i < 6; i++) statuses.push((await atDoor(tenant, "verify", { token, password: `guess number ${i}` })).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
  });

  it("[SU79] strangers who send the same Idempotency-Key are not answered with each other's replies", async () => {
    const tenant = await seedDoor();
    const headers = { "idempotency-key": "the-same" };
    const first = await (await atDoor(tenant, "guest", {}, { headers })).json<TokenReply>();
    const second = await (await atDoor(tenant, "guest", {}, { headers })).json<TokenReply>();
    expect(second.subject.sub).not.toBe(first.subject.sub);
  });
});
