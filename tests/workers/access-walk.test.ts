import { beforeAll, describe, expect, it } from "vitest";
import { type Action, ROLES, roleMay, SCOPES, scopesMay } from "../../contract/permissions.ts";
import type { Asked } from "../../workers/control/testing.ts";
import { ask } from "../../workers/control/testing.ts";
import { app } from "../../workers/edge.ts";
import type { RouteSpec } from "../../workers/http/route.ts";
import { specOf } from "../../workers/http/route-table.ts";
import { seedWorld, type World } from "./access-world.ts";

type Guarded = RouteSpec & { readonly action: Action };

/** Over the router's own table and not over OpenAPI: a hidden route is walked too. */
const specs = app.routes.flatMap(({ handler }) => specOf(handler) ?? []);
const guarded = specs.filter((spec): spec is Guarded => spec.action !== "open");
const open = specs.filter((spec) => spec.action === "open");

/** A good body for each route that takes one: a walk with bad ones would never reach the object. */
const BODIES: Readonly<Record<string, unknown>> = {
  "patch /v1/tenant": { settings: { origins: [] } },
  "post /v1/keys": { name: "walker", scopes: ["metrics:read"] },
  "patch /v1/members/{memberId}": { role: "auditor" },
  "post /v1/invitations": { email: "walker@example.com", role: "viewer" },
  "patch /v1/agents/{agentId}": { intervalMs: 60_000 },
  "post /v1/metrics/ingest": { samples: [] },
  "post /v1/metrics/query": {
    metric: "host_cpu_used_ratio",
    start: new Date(Date.now() - 600_000).toISOString(),
    end: new Date(Date.now() + 60_000).toISOString(),
    groupBy: ["host"],
  },
};

const nameOf = (spec: RouteSpec) => `${spec.method} ${spec.path}`;

function pathOf(spec: RouteSpec, ids: Readonly<Record<string, string>>): string {
  return spec.path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => encodeURIComponent(ids[name] ?? "nothing"));
}

/** Calls a route with path parameters that exist nowhere unless `ids` says otherwise. */
async function walk(spec: RouteSpec, how: Asked, ids: Readonly<Record<string, string>> = {}, body?: unknown) {
  const response = await ask(pathOf(spec, ids), { method: spec.method.toUpperCase(), ...(body === undefined ? {} : { body }), ...how });
  const text = response.webSocket ? "" : await response.text();
  return { status: response.status, text };
}

let here: World;
let there: World;
beforeAll(async () => {
  here = await seedWorld("alpha-mark");
  there = await seedWorld("omega-mark");
});

describe("every guarded route", () => {
  it("[HT49] is walked: each path parameter has a value, each body an example", () => {
    expect(guarded.length).toBeGreaterThan(20);
    for (const spec of guarded) {
      for (const [, name = ""] of spec.path.matchAll(/\{(\w+)\}/g)) expect(here.ids[name], `${nameOf(spec)}: ${name}`).toBeTruthy();
      if (spec.body ?? spec.rawBody) expect(BODIES[nameOf(spec)], `a body for ${nameOf(spec)}`).toBeDefined();
    }
  });

  it.each(guarded.map((spec) => [nameOf(spec), spec] as const))("[HT49] %s: no good credential, no entry", async (_name, spec) => {
    const none = { key: `mrd_nobody_abc_${"a".repeat(40)}` };
    const offset = { env: { CLOCK_OFFSET_MS: String(here.expiredAtOffsetMs) } };
    const bad: Record<string, Asked> = {
      nothing: {},
      garbage: { key: "garbage" },
      "a tenant that is not": none,
      "a wrong secret": { key: here.wrongSecret },
      expired: { key: here.expired, ...offset },
      revoked: { key: here.revoked },
      "a cookie that is none": { cookie: "meridian.session=forged.forged" },
    };
    for (const [what, how] of Object.entries(bad)) {
      const { status, text } = await walk(spec, how, here.ids, BODIES[nameOf(spec)]);
      expect([what, status]).toEqual([what, 401]);
      expect(text).not.toContain(here.mark);
    }
  });

  it.each(guarded.map((spec) => [nameOf(spec), spec] as const))("[HT49] %s: roles may what the table says", async (_name, spec) => {
    for (const role of ROLES) {
      const { status } = await walk(spec, { cookie: here.operators[role].cookie });
      const allowed = status !== 401 && status !== 403;
      expect([role, allowed]).toEqual([role, roleMay(role, spec.action, false)]);
    }
  });

  it.each(guarded.map((spec) => [nameOf(spec), spec] as const))("[HT49] %s: scopes may what the table says", async (_name, spec) => {
    for (const scope of SCOPES) {
      const { status } = await walk(spec, { key: here.keys[scope] });
      const allowed = status !== 401 && status !== 403;
      expect([scope, allowed]).toEqual([scope, scopesMay([scope], spec.action)]);
    }
  });
});

describe("two tenants", () => {
  /** What one tenant's list routes show of it, by route. */
  async function shownTo(world: World): Promise<Record<string, string>> {
    const shown: Record<string, string> = {};
    for (const spec of guarded.filter(({ method, path }) => method === "get" || path === "/v1/metrics/query")) {
      const cookie = world.operators.owner.cookie;
      shown[nameOf(spec)] = (await walk(spec, { cookie }, world.ids, BODIES[nameOf(spec)])).text;
    }
    return shown;
  }

  it("[HT50] each sees its own on every list", async () => {
    const shown = await shownTo(there);
    const routes = ["tenant", "keys", "members", "invitations", "audit", "events", "dead-letters", "agents", "hosts"].map(
      (noun) => `get /v1/${noun}`,
    );
    for (const name of [...routes, "post /v1/metrics/query", "get /v1/hosts/{host}", "get /v1/agents/{agentId}"]) {
      const own = [there.mark, there.tenantId, there.slug];
      expect(own.some((text) => shown[name]?.includes(text)), `${name}: ${shown[name]?.slice(0, 200)}`).toBe(true); // prettier-ignore
    }
  });

  it.each(guarded.map((spec) => [nameOf(spec), spec] as const))(
    "[HT50] %s shows and changes nothing of another tenant",
    async (name, spec) => {
      const credentials: Asked[] = [{ cookie: here.operators.owner.cookie }, { key: here.allScopes }];
      for (const how of credentials) {
        const { status, text } = await walk(spec, how, there.ids, BODIES[name]);
        if (spec.path.includes("{")) expect([name, status === 404 || status === 403]).toEqual([name, true]);
        for (const secret of [there.mark, there.tenantId, there.slug]) expect(text).not.toContain(secret);
      }
    },
  );

  it("[HT50] after all of that the other tenant is as it was", async () => {
    const shown = await shownTo(there);
    const keys = JSON.parse(shown["get /v1/keys"] ?? "{}") as { items: { id: string; state: string }[] };
    expect(keys.items.find(({ id }) => id === there.ids.keyId)?.state).toBe("active");
    const members = JSON.parse(shown["get /v1/members"] ?? "{}") as { items: { id: string; role: string }[] };
    expect(members.items.find(({ id }) => id === there.ids.memberId)?.role).toBe("viewer");
    const invitations = JSON.parse(shown["get /v1/invitations"] ?? "{}") as { items: { id: string; state: string }[] };
    expect(invitations.items.find(({ id }) => id === there.ids.invitationId)?.state).toBe("pending");
    const agent = JSON.parse(shown["get /v1/agents/{agentId}"] ?? "{}") as { config: { intervalMs: number } };
    expect(agent.config.intervalMs).not.toBe(60_000);
    const letters = JSON.parse(shown["get /v1/dead-letters"] ?? "{}") as { items: { id: string; replayedAt: string | null }[] };
    expect(letters.items.find(({ id }) => id === there.ids.id)?.replayedAt).toBeNull();
  });

  it.each(open.map((spec) => [nameOf(spec), spec] as const))(
    "[HT50] the open %s shows nothing of a tenant to a stranger",
    async (_name, spec) => {
      const { text } = await walk(spec, {}, there.ids);
      for (const secret of [here.mark, there.mark, here.tenantId, there.tenantId]) expect(text).not.toContain(secret);
    },
  );
});
