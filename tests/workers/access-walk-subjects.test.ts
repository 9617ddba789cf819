import { beforeAll, describe, expect, it } from "vitest";
import { ask, type Asked } from "../../workers/control/testing.ts";
import type { RouteSpec } from "../../workers/http/route.ts";
import { BODIES, guarded, guardedAtDoor, named, nameOf, walk } from "./access-specs.ts";
import { seedWorld, type World } from "./access-world.ts";

const onApi = named(guarded);
const atDoor = named(guardedAtDoor);

let here: World;
let there: World;
beforeAll(async () => {
  here = await seedWorld("alpha-mark");
  there = await seedWorld("omega-mark");
});

const KINDS = ["minted", "granted", "hosted", "brought"] as const;
async function tokenOf(world: World, kind: (typeof KINDS)[number], { path }: Pick<RouteSpec, "path">): Promise<string> {
  if (kind !== "hosted") return world.people[kind];
  return path.includes("/subjects/") ? await world.people.hosted() : world.people.guest;
}

/** What a handler refuses comes after: the example names another player. */
function isOfHandler(text: string): boolean {
  return text.includes("/problems/not-your-player");
}

/** Whether end users need a grant for what the route is about, or its being public, which nothing here is. */
const isAboutThings = (subjects: unknown) => typeof subjects === "function" || subjects === "readers";

/** Whether the request path let it in: whatever a handler says comes after. */
function isIn({ status, text }: { readonly status: number; readonly text: string }): boolean {
  if (isOfHandler(text)) return true;
  return status !== 403 && !(status === 401 && text.includes("/problems/unauthenticated"));
}

describe("an end user on the API", () => {
  it.each(onApi)("[HT81] %s: is let in where the route says so, and with what they were granted", async (name, spec) => {
    for (const kind of KINDS) {
      const { status, text } = await walk(spec, { key: await tokenOf(here, kind, spec) }, here.ids, BODIES[name]);
      const expected = expectedOnApi(spec.subjects, kind);
      const isOut = status === 403 && !isOfHandler(text);
      expect([kind, status === 401 ? 401 : isOut ? 403 : "in"]).toEqual([kind, expected]);
      if (expected !== "in") for (const secret of [here.mark, here.tenantId, here.slug]) expect(text).not.toContain(secret);
    }
  });

  function expectedOnApi(subjects: unknown, kind: (typeof KINDS)[number]): 401 | 403 | "in" {
    if (kind === "brought") return 401; // away from the door nobody knows whose issuer it is
    if (subjects === undefined) return 403;
    return isAboutThings(subjects) && kind !== "granted" ? 403 : "in";
  }

  it.each(onApi)("[HT82] %s: shows them nothing of another tenant, whatever ids they name", async (name, spec) => {
    for (const kind of KINDS) {
      const { text } = await walk(spec, { key: await tokenOf(here, kind, spec) }, there.ids, BODIES[name]);
      for (const secret of [there.mark, there.tenantId, there.slug]) expect(text).not.toContain(secret);
    }
  });
});

describe("a tenant's door", () => {
  it.each(atDoor)("[HT83] %s: takes no key and looks at no cookie", async (name, spec) => {
    const nothing = await walk(spec, {}, here.ids, BODIES[name]);
    const keys: Record<string, Asked> = { all: { key: here.allScopes }, wrong: { key: here.wrongSecret }, garbage: { key: "garbage" } };
    for (const [what, how] of Object.entries(keys))
      expect([what, (await walk(spec, how, here.ids, BODIES[name])).status]).toEqual([what, 401]);
    const asOwner = await walk(spec, { cookie: here.operators.owner.cookie }, here.ids, BODIES[name]);
    expect(asOwner.status).toBe(nothing.status);
  });

  it.each(atDoor)("[HT81] %s: lets in visitors and end users as the route says", async (name, spec) => {
    expect(isIn(await walk(spec, {}, here.ids, BODIES[name])), "a visitor").toBe(spec.subjects === "visitors" && !isRefresh(name));
    for (const kind of KINDS) {
      const walked = await walk(spec, { key: await tokenOf(here, kind, spec) }, here.ids, BODIES[name]);
      const expected = isAboutThings(spec.subjects) ? kind === "granted" : !isRefresh(name);
      expect([kind, isIn(walked) || isForHosted(walked)]).toEqual([kind, expected]);
    }
  });

  /** The handler's own refusal looks like the request path's: its example holds no handle of anybody. */
  const isRefresh = (name: string) => name.endsWith("/subjects/refresh");
  const isForHosted = ({ status, text }: { readonly status: number; readonly text: string }) =>
    status === 403 && text.includes("This is for hosted accounts");

  it.each(atDoor)("[HT82] %s: is shut to every end user of another tenant", async (name, spec) => {
    for (const kind of KINDS) {
      const { status, text } = await walk(spec, { key: await tokenOf(here, kind, spec) }, there.ids, BODIES[name]);
      expect([kind, status]).toEqual([kind, 401]);
      for (const secret of [there.mark, there.tenantId, here.mark, here.tenantId]) expect(text).not.toContain(secret);
    }
  });

  it("[HT82] after all of that the other tenant's people are as they were", async () => {
    for (const kind of KINDS) {
      const me = await ask(`/p/${there.slug}/v1/subjects/me`, { key: await tokenOf(there, kind, { path: "" }) });
      expect([kind, me.status]).toEqual([kind, 200]);
    }
    const cookie = there.operators.owner.cookie;
    const person = await ask(`/v1/subjects/minted/${encodeURIComponent(`${there.mark}|person`)}`, { cookie });
    expect(await person.json()).toMatchObject({ sub: `${there.mark}|person`, sessions: [{}] });
    expect(await (await ask("/v1/issuers", { cookie })).json()).toMatchObject({
      items: [{ name: "house", iss: `https://${there.mark}.example.com/` }],
    });
  });
});

describe("every route", () => {
  it("[HT81] is walked with end users of two tenants, at the door too", () => {
    expect(guardedAtDoor.length).toBeGreaterThan(10);
    expect(new Set([...guarded, ...guardedAtDoor].map(nameOf)).size).toBe(guarded.length + guardedAtDoor.length);
  });
});
