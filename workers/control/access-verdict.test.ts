import { describe, expect, it } from "vitest";
import type { Action } from "../../contract/permissions.ts";
import type { Explained, TokenReply } from "../../contract/subjects.ts";
import { METRICS_GRANT, seedDoor } from "./subject-testing.ts";
import { explainAccess } from "./access-verdict.ts";
import { ask, edgeEnv, seedKey, seedOperator } from "./testing.ts";

const PUBLIC = [{ kind: "metrics", name: "uptime*" }];
const asked = (action: Action, name?: string) => ({ action, name, publicThings: PUBLIC, hostedAccounts: true });
const grants = (...given: (typeof METRICS_GRANT)[]) => ({ kind: "grants", grants: given }) as const;

describe("the explanation", () => {
  const table: [who: Parameters<typeof explainAccess>[0], what: ReturnType<typeof asked>, expected: Partial<Explained>][] = [
    [grants(METRICS_GRANT), asked("metrics:read", "shop_orders"), { allowed: true, grant: { at: 0, grant: METRICS_GRANT } }],
    [
      grants({ ...METRICS_GRANT, name: "x" }, METRICS_GRANT),
      asked("metrics:read", "shop_*"),
      { allowed: true, grant: { at: 1, grant: METRICS_GRANT } },
    ],
    [grants(METRICS_GRANT), asked("metrics:read", "*"), { allowed: false, missing: { kind: "metrics", name: "*", actions: ["read"] } }],
    [
      grants(),
      asked("metrics:read", "shop_orders"),
      { allowed: false, missing: { kind: "metrics", name: "shop_orders", actions: ["read"] } },
    ],
    [grants(), asked("metrics:read", "uptime_eu"), { allowed: true, public: { kind: "metrics", name: "uptime*" }, grant: null }],
    [{ kind: "visitor" }, asked("metrics:read", "uptime_eu"), { allowed: true, public: { kind: "metrics", name: "uptime*" } }],
    [
      { kind: "visitor" },
      asked("metrics:read", "uptim"),
      { allowed: false, missing: { kind: "metrics", name: "uptim", actions: ["read"] } },
    ],
    [grants(METRICS_GRANT), asked("metrics:write", "shop_orders"), { allowed: false, missing: null }],
    [grants(METRICS_GRANT), asked("keys:manage", "x"), { allowed: false, missing: null }],
    [grants(), asked("self:read"), { allowed: true }],
    [grants(), asked("metrics:read"), { allowed: false }],
    [{ kind: "visitor" }, asked("subjects:login"), { allowed: true }],
    [{ kind: "visitor" }, { ...asked("subjects:login"), hostedAccounts: false }, { allowed: false }],
    [{ kind: "visitor" }, asked("self:read"), { allowed: false }],
  ];

  it.each(table)("[SU87] names the grant or the mark that allows it, or the least that is missing: %j %j", (who, what, expected) => {
    const explained = explainAccess(who, what);
    expect(explained).toMatchObject(expected);
    expect(explained.reason.length).toBeGreaterThan(10);
  });

  it("[SU87] of a token says what the door would: the same checks, the same verdict", async () => {
    const owner = await seedOperator("owner");
    await seedDoor({}, owner);
    const key = await seedKey(owner, ["tokens:mint", "metrics:read", "access:explain"]);
    const { token } = await (await ask("/v1/tokens", { body: { sub: "a", grants: [METRICS_GRANT] }, key: key.secret })).json<TokenReply>();
    const explain = async (body: unknown) => await (await ask("/v1/access/explain", { body, key: key.secret })).json<Explained>();
    const who = { kind: "token", token };
    const allowed = await explain({ who, action: "metrics:read", name: "shop_orders" });
    expect(allowed).toMatchObject({ allowed: true, grant: { at: 0, grant: METRICS_GRANT } });
    expect(allowed.checks.every(({ ok }) => ok)).toBe(true);
    expect(await explain({ who, action: "metrics:read", name: "secret" })).toMatchObject({ allowed: false, missing: { name: "secret" } });
    await edgeEnv.TENANT.getByName(`${owner.tenantId}/tenant/main`).revoke(
      { kind: "tenant", id: "" },
      { requestId: "t", actor: "system", actorName: "system" },
    );
    const { clearIsolateCaches } = await import("../http/isolate-caches.ts");
    clearIsolateCaches();
    const refused = await explain({ who, action: "metrics:read", name: "shop_orders" });
    expect(refused).toMatchObject({ allowed: false, grant: null });
    expect(refused.checks.at(-1)).toMatchObject({ check: "revocation", ok: false });
  });
});
