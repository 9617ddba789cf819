import { beforeAll, describe, expect, it } from "vitest";
import { ROLES, roleMay, SCOPES, scopesMay } from "../../contract/permissions.ts";
import type { Asked } from "../../workers/control/testing.ts";
import { isAtDoor } from "../../workers/http/door-routes.ts";
import { BODIES, type Guarded, guarded, guardedAtDoor, named, nameOf, open, takesLines, walk } from "./access-specs.ts";
import { seedWorld, type World } from "./access-world.ts";

let here: World;
let there: World;
beforeAll(async () => {
  here = await seedWorld("alpha-mark");
  there = await seedWorld("omega-mark");
});

describe("every guarded route", () => {
  it("[HT49] is walked: each path parameter has a value, each body an example", () => {
    expect(guarded.length).toBeGreaterThan(20);
    for (const spec of [...guarded, ...guardedAtDoor]) {
      for (const [, name = ""] of spec.path.matchAll(/\{(\w+)\}/g)) expect(here.ids[name], `${nameOf(spec)}: ${name}`).toBeTruthy();
      if (spec.body ?? spec.rawBody) expect(BODIES[nameOf(spec)], `a body for ${nameOf(spec)}`).toBeDefined();
    }
  });

  it.each(named(guarded))("[HT49] %s: no good credential, no entry", async (_name, spec) => {
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

  it.each(named(guarded))("[HT49] %s: roles may what the table says", async (_name, spec) => {
    for (const role of ROLES) {
      const { status } = await walk(spec, { cookie: here.operators[role].cookie });
      const allowed = status !== 401 && status !== 403;
      expect([role, allowed]).toEqual([role, roleMay(role, spec.action, false)]);
    }
  });

  it.each(named(guarded))("[HT49] %s: scopes may what the table says", async (_name, spec) => {
    for (const scope of SCOPES) {
      const { status } = await walk(spec, { key: here.keys[scope] });
      const allowed = status !== 401 && status !== 403;
      expect([scope, allowed]).toEqual([scope, scopesMay([scope], spec.action)]);
    }
  });
});

/** The caller names the thing, so that the other tenant's name is a new thing of one's own. */
const isNamedByCaller = (path: string) =>
  ["/v1/issuers/{name}", "/v1/public/{kind}", "/v1/metrics/labels/{name}", "/v1/leaderboard-modes/{mode}", "/v1/topics/{topicKind}"].some(
    (start) => path.startsWith(start),
  );

/** How what is another tenant's is refused; a browser's lines are before anybody looks what they are for. */
const shut = (spec: Guarded, how: Asked) => (takesLines(spec) && how.cookie !== undefined ? [415] : [404, 403]);

describe("two tenants", () => {
  /** What one tenant's list routes show of it, by route. */
  async function shownTo(world: World): Promise<Record<string, string>> {
    const shown: Record<string, string> = {};
    for (const spec of guarded.filter(({ method, path }) => method === "get" || path === "/v1/metrics/query" || path === "/redis")) {
      const cookie = world.operators.owner.cookie;
      shown[nameOf(spec)] = (await walk(spec, { cookie }, world.ids, BODIES[nameOf(spec)])).text;
    }
    return shown;
  }

  it("[HT50] each sees its own on every list", async () => {
    const shown = await shownTo(there);
    const routes = [
      "tenant",
      "keys",
      "members",
      "invitations",
      "audit",
      "events",
      "dead-letters",
      "agents",
      "hosts",
      "subjects",
      "issuers",
      "public",
      "leaderboards",
      "leaderboard-modes",
      "leaderboard-document",
      "rooms",
      "room-document",
    ].map((noun) => `get /v1/${noun}`);
    for (const name of [
      ...routes,
      "post /v1/metrics/query",
      "post /redis",
      "get /v1/hosts/{host}",
      "get /v1/agents/{agentId}",
      "get /v1/subjects/{issuer}/{sub}",
      ...["", "/messages", "/members"].map((path) => `get /v1/rooms/{room}${path}`),
      ...["/messages", "/state"].map((path) => `get /v1/topics/{topicKind}/{topicName}${path}`),
      ...["", "/top", "/entries", "/feed", "/players/{player}", "/players/{player}/around", "/players/{player}/stats"].map(
        (path) => `get /v1/leaderboards/{board}${path}`,
      ),
    ]) {
      const own = [there.mark, there.tenantId, there.slug];
      expect(own.some((text) => shown[name]?.includes(text)), `${name}: ${shown[name]?.slice(0, 200)}`).toBe(true); // prettier-ignore
    }
  });

  it.each(named(guarded))("[HT50] %s shows and changes nothing of another tenant", async (name, spec) => {
    const credentials: Asked[] = [{ cookie: here.operators.owner.cookie }, { key: here.allScopes }];
    for (const how of credentials) {
      const { status, text } = await walk(spec, how, there.ids, BODIES[name]);
      if (spec.path.includes("{") && !isNamedByCaller(spec.path)) expect([name, shut(spec, how).includes(status)]).toEqual([name, true]);
      for (const secret of [there.mark, there.tenantId, there.slug]) expect(text).not.toContain(secret);
    }
  });

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
    const issuers = JSON.parse(shown["get /v1/issuers"] ?? "{}") as { items: { name: string; iss: string }[] };
    expect(issuers.items).toMatchObject([{ name: there.ids.name, iss: `https://${there.mark}.example.com/` }]);
    expect(shown["get /v1/public"]).toContain(`"${there.ids.name}"`);
    expect(JSON.parse(shown["get /v1/leaderboards/{board}"] ?? "{}")).toMatchObject({ state: "live", config: { title: there.mark } });
    expect(JSON.parse(shown["get /v1/leaderboards/{board}/top"] ?? "{}")).toMatchObject({ items: [{ player: there.mark, score: 1 }] });
    expect(JSON.parse(shown["get /v1/leaderboard-modes/{mode}"] ?? "{}")).toMatchObject({ defaults: { title: there.mark } });
    expect(JSON.parse(shown["get /v1/rooms/{room}"] ?? "{}")).toMatchObject({ title: there.mark, members: 1, messages: 1 });
    expect(JSON.parse(shown["get /v1/rooms/{room}/messages"] ?? "{}")).toMatchObject({ items: [{ text: there.mark }] });
    expect(JSON.parse(shown["get /v1/subjects/{issuer}/{sub}"] ?? "{}")).toMatchObject({ sub: there.ids.sub });
    expect((JSON.parse(shown["get /v1/tenant/settings"] ?? "{}") as { settings: unknown }).settings).toMatchObject({
      origins: [`https://${there.mark}.example.com`],
    });
  });

  it.each(named(open))("[HT50] the open %s shows nothing of a tenant to a stranger", async (_name, spec) => {
    const { text } = await walk(spec, {}, there.ids);
    // At a door the stranger names the tenant, and its public keys are named by the tenant's id.
    const ids = isAtDoor(spec) ? [here.tenantId] : [here.tenantId, there.tenantId];
    for (const secret of [here.mark, there.mark, ...ids]) expect(text).not.toContain(secret);
  });
});
